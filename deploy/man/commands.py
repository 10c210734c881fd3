#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""commands.py PROGRAM: prints docs/commands.md from what --help of each command says. What Debian 12's and Debian
13's libraries say in different ways (usage, types, ranges) is left out."""
import re
import sys

from page import Help, asked

TITLE = """# Commands

Every command and its options, as `outbox-relay COMMAND --help` tells them; `scripts/reference` writes this page.
[operations.md](operations.md#commands-for-operators) says when to use which, and what exit codes mean.
"""


def names(option):
    """-o,--output TEXT:{table,json}=table: the names alone."""
    return ", ".join(f"`{name}`" for name in re.split(r", *", re.split(r" (?=[A-Z])", option)[0].strip()))


def meaning(option, text):
    said = [re.sub(" +", " ", text).replace("|", "\\|")]
    if choices := re.search(r"\{(\S+)\}", option):
        said.append("one of " + ", ".join(f"`{one}`" for one in choices[1].split(",")))
    if default := re.search(r"(?:=| \[)([^\s\]]+)\]?$", option):
        said.append(f"by default `{default[1]}`")
    if "REQUIRED" in option:
        said.append("required")
    return "; ".join(said)


def table(told):
    entries = [entry for part in ("positionals", "options", "database") for entry in told.sections.get(part, [])]
    rows = [f"| {names(option)} | {meaning(option, text)} |" for option, text in entries
            if not option.startswith("-h,")]
    return ["", "| | |", "|---|---|", *rows] if rows else []


def footer(text):
    """Words, and examples as blocks."""
    words, _, examples = re.sub(r"^Example: ", "Examples:\n  ", text).partition("Examples:\n")
    out = ["", words.strip()] if words.strip() else []
    return out + ["", *("    " + line.strip() for line in examples.rstrip().split("\n"))] if examples else out


def commands(program, path, top_footer):
    told = Help(asked(program, *path, "--help"))
    if path:
        yield from ["", f"## {' '.join(path)}", "", told.description]
        yield from table(told)
        if told.footer != top_footer:
            yield from footer(told.footer)
    for name, _ in told.sections.get("subcommands", []):
        yield from commands(program, [*path, name], top_footer)


def main():
    top = Help(asked(sys.argv[1], "--help"))
    print("\n".join([TITLE, "Before or after any command:", *table(top), *commands(sys.argv[1], [], top.footer)]))


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main()
