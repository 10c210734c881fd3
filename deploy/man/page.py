#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""page.py PAGE PROGRAM DOCS: writes a manual page from what the program's --help and docs/ say."""
import re
import subprocess
import sys
from pathlib import Path

import roff


def asked(program, *arguments):
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout


def section(markdown, heading):
    """What stands under that heading, without it, up to the next one of the same depth or above."""
    match = re.search(rf"^(#+) {re.escape(heading)}\n(.*?)(?=^#{{1,2}} |^\1 |\Z)", markdown, re.M | re.S)
    if not match:
        sys.exit(f"page.py: there is no heading '{heading}'")
    return match[2]


def head(name, number, what):
    # Names are not to be broken, and so lines end where they end.
    title = f'.TH {name.upper()} {number} "" outbox-relay ""\n.nh\n.ad l'
    return f"{title}\n.SH NAME\n{roff.escaped(name)} \\- {roff.escaped(what)}"


class Help:
    """What --help says: a description, entries (name, text) by their section, and a last word."""
    COLUMN = 30  # where texts begin, unless the name is too long: then the text has a line of its own

    def __init__(self, text):
        self.sections = {}
        self.description, rest = text.split("\nUsage: ", 1)
        self.usage, rest = rest.split("\n", 1)
        entries = None
        lines = rest.split("\n")
        while lines:
            line = lines[0]
            if re.fullmatch(r"(Options|Positionals|Subcommands|Database):", line, re.I):
                entries = self.sections.setdefault(line[:-1].lower(), [])
            elif entries is not None and re.match(r"  \S", line):
                entries.append(self.entry(line, lines[1] if len(lines) > 1 else ""))
            elif entries and line.startswith(" " * self.COLUMN):
                entries[-1][1] = f"{entries[-1][1]} {line.strip()}".strip()
            elif line.strip():
                break
            lines.pop(0)
        self.footer = "\n".join(lines).strip()

    def entry(self, line, following):
        if line[self.COLUMN - 2:self.COLUMN] != "  " and following.startswith(" " * self.COLUMN):
            return [line.strip(), ""]
        return [line[:self.COLUMN].strip(), line[self.COLUMN:].strip()]


def footer(text):
    """Words are words, and examples stay as they are."""
    text = re.sub(r"^Example: ", "Examples:\n  ", text)
    words, _, examples = text.partition("Examples:\n")
    out = [".PP\n" + roff.guarded(roff.escaped(words.strip()))] if words.strip() else []
    if examples:
        out += [roff.example([line[2:] for line in examples.rstrip().split("\n")])]
    return out


def options(told):
    for name in ("positionals", "options", "database"):
        for option, text in told.sections.get(name, []):
            if not option.startswith("-h,"):
                yield roff.entry("\\fB" + roff.escaped(option) + "\\fR", roff.guarded(roff.escaped(text)))


def commands(program, path, top_footer):
    """Each command with its own options, and those below it."""
    told = Help(asked(program, *path, "--help"))
    if path:
        yield f'.SS "{roff.escaped(told.usage)}"\n' + roff.guarded(roff.escaped(told.description))
        yield from options(told)
        if told.footer != top_footer:
            yield from footer(told.footer)
    for name, _ in told.sections.get("subcommands", []):
        yield from commands(program, [*path, name], top_footer)


def program_page(program, docs):
    told = Help(asked(program, "--help"))
    operations = (docs / "operations.md").read_text()
    return [
        head("outbox-relay", 8, "relays messages from an outbox table in PostgreSQL to Kafka"),
        ".SH SYNOPSIS\n\\fBoutbox\\-relay\\fR [\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]",
        ".SH DESCRIPTION\n" + roff.guarded(roff.escaped(told.description)),
        roff.from_markdown(operations.split("\n## ")[0].split("\n", 1)[1]),
        ".SH OPTIONS\nThey may also follow the command.", *options(told),
        ".SH COMMANDS", *commands(program, [], told.footer),
        '.SH "COMMANDS FOR OPERATORS"',
        roff.from_markdown(section(operations, "Commands for operators"), 1),
        ".SH SIGNALS", roff.from_markdown(section(operations, "Signals")),
        ".SH \"EXIT STATUS\"", roff.from_markdown(section(operations, "Exit codes")),
        ".SH FILES",
        roff.entry("\\fB/etc/outbox\\-relay/\\fINAME\\fB.toml\\fR", "The configuration of an outbox."),
        roff.entry("\\fB/etc/outbox\\-relay/outbox.toml.sample\\fR", "A sample with every key."),
        roff.entry("\\fBoutbox\\-relay@\\fINAME\\fB.service\\fR", "The unit of an outbox."),
        ".SH \"SEE ALSO\"\n\\fBoutbox\\-relay.toml\\fR(5), \\fBoutbox\\-relay\\-metrics\\fR(7)"]


def document_page(name, number, what, document, see_also):
    body = document.read_text().split("\n", 1)[1]
    return [head(name, number, what), ".SH DESCRIPTION", roff.from_markdown(body),
            f'.SH "SEE ALSO"\n{see_also}']


def main():
    page, program, docs = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    if page == "outbox-relay.8":
        parts = program_page(program, docs)
    elif page == "outbox-relay.toml.5":
        parts = document_page("outbox-relay.toml", 5, "configuration of a relay", docs / "configuration.md",
                              "\\fBoutbox\\-relay\\fR(8)")
    elif page == "outbox-relay-metrics.7":
        parts = document_page("outbox-relay-metrics", 7, "what a relay tells Prometheus", docs / "metrics.md",
                              "\\fBoutbox\\-relay\\fR(8)")
    else:
        sys.exit(f"page.py: there is no page {page}")
    print('.\\" SPDX-License-Identifier: Apache-2.0\n' + "\n".join(parts))


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main()
