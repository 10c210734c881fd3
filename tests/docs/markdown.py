# SPDX-License-Identifier: Apache-2.0
"""The fenced blocks of a document, and what the HTML comment right before each of them asks for."""
import dataclasses
import pathlib
import re

FENCE = re.compile(r"^( *)```(\w*)$")
COMMENT = re.compile(r"^ *<!-- (not run|file|writes|exits with|in the background)(?:: | )?(.*?) ?-->$")


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
