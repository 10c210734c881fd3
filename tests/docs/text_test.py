#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds that links of the documentation lead somewhere, that blocks which quote a file say what it says, and
that README.md names every document. With --quote the quotes are written anew."""
import pathlib
import re
import sys

from markdown import blocks, quoted

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def documents():
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/**/*.md")])


def prose(document):
    return re.sub(r"```.*?```|`[^`\n]*`", "", document.read_text(), flags=re.DOTALL)


def anchors(document):
    """As the usual viewers make them of headings."""
    text = re.sub(r"^ *```.*?^ *```", "", document.read_text(), flags=re.DOTALL | re.MULTILINE)
    for heading in re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def broken_links(document):
    for link in LINK.findall(prose(document)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists():
            yield f"{document}: {link}: there is no such file"
        elif anchor and target.suffix == ".md" and anchor not in anchors(target):
            yield f"{document}: {link}: there is no such heading"


def stale_quotes(document):
    return [block for block in blocks(document) if block.asked == "file" and block.text != quoted(block)]


def quote_anew(document):
    lines = document.read_text().splitlines(keepends=True)
    for block in reversed(stale_quotes(document)):
        lines[block.line:block.line + block.text.count("\n")] = [quoted(block)]
    document.write_text("".join(lines))


def unlisted():
    index = ROOT / "README.md"
    listed = {(index.parent / link.partition("#")[0]).resolve() for link in LINK.findall(prose(index))}
    for document in ROOT.glob("docs/*.md"):
        if document not in listed:
            yield f"{index}: does not name {document.name}"


def main():
    wrong = [*unlisted()]
    for document in documents():
        if "--quote" in sys.argv:
            quote_anew(document)
        wrong += broken_links(document)
        wrong += [f"{block}: is not what {block.detail} says: tests/docs/text_test.py --quote"
                  for block in stale_quotes(document)]
    print("\n".join(wrong) or f"{len(documents())} documents are as they should be")
    sys.exit(1 if wrong else 0)


main()
