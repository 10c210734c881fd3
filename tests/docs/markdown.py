# SPDX-License-Identifier: Apache-2.0
"""The fenced blocks of a document, what the HTML comment right before each of them asks for, and whether a
block has printed what the document says."""
import dataclasses
import pathlib
import re

FENCE = re.compile(r"^( *)```(\w*)$")
COMMENT = re.compile(r"^ *<!-- (not run|file|writes|exits with|in the background)(?:: | )?(.*?) ?-->$")

# What differs from run to run: moments, ids, measured times and sizes.
VARIES = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b\d+\.\d+\b")


@dataclasses.dataclass
class Block:
    document: pathlib.Path
    line: int
    language: str
    text: str
    asked: str = ""  # what the comment asks for, and
    detail: str = ""  # its words
    expected: str = ""  # what a block `text` right after this one says

    def __str__(self):
        return f"{self.document}:{self.line}"


def blocks(document):
    found, comment, lines = [], None, document.read_text().splitlines()
    number = 0
    while number < len(lines):
        if opening := FENCE.match(lines[number]):
            indent, first = len(opening[1]), number + 1
            number = first
            while lines[number].strip() != "```":
                number += 1
            text = "".join(line[indent:] + "\n" for line in lines[first:number])
            if opening[2] == "text" and found and comment is None:
                found[-1].expected = text
            else:
                found.append(Block(document, first, opening[2], text, *(comment or ())))
            comment = None
        elif lines[number].strip():
            words = COMMENT.match(lines[number])
            comment = words.groups() if words else None
        number += 1
    return found


def quoted(block):
    """What a block that quotes a file must say: the file without its licence."""
    lines = (block.document.parent / block.detail).read_text().splitlines(keepends=True)
    return "".join(line for line in lines if "SPDX-License-Identifier" not in line)


def matches(expected, said):
    """A line `...` stands for any lines, `...` within one for any text. Blanks are all alike."""
    def lines(text):
        return [" ".join(VARIES.sub("#", line).split()) for line in text.strip().splitlines()]
    pattern = "".join("(.*\n)*" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + "\n"
                      for line in lines(expected))
    return re.fullmatch(pattern, "".join(line + "\n" for line in lines(said))) is not None
