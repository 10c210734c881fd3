#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does what documents say: run.py --relay BINARY [--before SCRIPT] DOCUMENT...

Runs the blocks `sh` and `sql` of the documents in order, in one shell, on ports and in folders of its own,
and compares what they print with the block `text` that follows. A comment right before a block may ask for
something else:
  <!-- not run: why -->
  <!-- exits with 1 -->
  <!-- in the background -->
  <!-- writes: path -->       puts the block into that file
  <!-- file: path -->         it quotes that file: text_test.py looks after it
"""
import argparse
import pathlib
import re
import signal
import sys

from markdown import blocks
from place import Place

LIMIT = 100  # seconds, for everything

# What differs from run to run: moments, ids, measured times and sizes.
VARIES = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b\d+\.\d+\b")


def matches(expected, said):
    """A line `...` stands for any lines, `...` within one for any text. Blanks are all alike."""
    def lines(text):
        return [" ".join(VARIES.sub("#", line).split()) for line in text.strip().splitlines()]
    pattern = "".join("(.*\n)*" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + "\n"
                      for line in lines(expected))
    return re.fullmatch(pattern, "".join(line + "\n" for line in lines(said))) is not None


def script(todo, said):
    """The blocks as one script of bash. What each prints goes to a file of its own."""
    yield "set -euo pipefail"
    for number, block in enumerate(todo):
        out = f">{said}/{number} 2>&1 </dev/null"
        text = block.text
        if block.language == "sql":
            text = f"psql -XqAt -v ON_ERROR_STOP=1 <<'END'\n{text}END\n"
        yield f"printf '%s %s\\n' {number} $SECONDS >>{said}/progress"
        if block.asked == "writes":
            yield f"cat >{block.detail} <<'END'\n{block.text}END"
        elif block.asked == "in the background":
            yield f"{{\n{text}}} {out} &"
        elif block.asked == "exits with":
            yield f"code=0; (\n{text}) {out} || code=$?; [[ $code == {block.detail} ]]"
        else:
            yield f"{{\n{text}}} {out}"
    yield f"echo done $SECONDS >>{said}/progress"


def complaints(todo, said):
    progress = (said / "progress").read_text().split()
    print("block and second: " + " ".join(progress))
    if progress[-2] != "done":
        number = int(progress[-2])
        out = said / str(number)
        out = out.read_text() if out.exists() else ""
        yield f"{todo[number]}: failed\n{todo[number].text}--- it said\n{out}"
        return
    for number, block in enumerate(todo):
        if block.expected and not matches(block.expected, (said / str(number)).read_text()):
            yield f"{block}: expected\n{block.expected}--- it said\n{(said / str(number)).read_text()}"


def run(documents, before, place):
    every = [block for document in documents for block in blocks(document)]
    skipped = [block for block in every if block.asked == "not run"]
    todo = [block for block in every if block.asked == "writes" or
            block.language in ("sh", "sql") and block.asked not in ("not run", "file")]
    said = place.folder("said")
    prelude = before.read_text() if before else ""
    (said / "script").write_text(place.own_addresses(prelude + "\n".join(script(todo, said)) + "\n"))
    place.run(["bash", said / "script"], LIMIT)
    wrong = [*complaints(todo, said)]
    if wrong:
        wrong += [f"--- {log}\n{log.read_text()[-2000:]}" for log in place.path.glob("home/*/*.log")]
    print("\n".join([*wrong, *(f"{block}: not run: {block.detail}" for block in skipped)]))
    print(f"{len(todo)} blocks run, {len(skipped)} not, {len(wrong)} wrong")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--relay", type=pathlib.Path, required=True)
    parser.add_argument("--before", type=pathlib.Path)
    parser.add_argument("documents", type=pathlib.Path, nargs="+")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to stop"))  # through Place's end
    with Place(arguments.relay.resolve()) as place:
        code = run(arguments.documents, arguments.before, place)
    sys.exit(code)


main()
