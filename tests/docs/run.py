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
import signal
import sys

from markdown import blocks, matches
from place import Place

LIMIT = 100  # seconds, for everything

def script(before, todo, said):
    """The blocks as one script of bash. What each prints goes to a file of its own."""
    yield f"set -euo pipefail\necho begun 0 >{said}/progress\n{before}"
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
    if progress[-2] == "begun":
        yield "the preparations failed, see above"
        return
    for number, block in enumerate(todo):
        out = said / str(number)
        text = out.read_text() if out.exists() else ""
        if progress[-2] == str(number):
            yield f"{block}: failed, or took too long\n{block.text}--- it said\n{text}"
            return
        if block.expected and not matches(block.expected, text):
            yield f"{block}: expected\n{block.expected}--- it said\n{text}"


def run(documents, before, place):
    every = [block for document in documents for block in blocks(document)]
    skipped = [block for block in every if block.asked == "not run"]
    todo = [block for block in every if block.asked == "writes" or
            block.language in ("sh", "sql") and block.asked not in ("not run", "file")]
    said = place.folder("said")
    lines = script(before.read_text() if before else "", todo, said)
    (said / "script").write_text(place.own_addresses("\n".join(lines) + "\n"))
    place.run(["bash", said / "script"], LIMIT)
    wrong = [*complaints(todo, said)]
    print("\n".join([*wrong, *(f"{block}: not run: {block.detail}" for block in skipped)]))
    for log in place.path.glob("home/*/*.log") if wrong else ():
        print(f"--- {log}\n{log.read_text()[-2000:]}")
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
