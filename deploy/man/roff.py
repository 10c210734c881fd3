# SPDX-License-Identifier: Apache-2.0
"""Markdown, as far as docs/ uses it, as roff for man(1). A table becomes a list of its rows."""
import re


def escaped(text):
    """Text of any kind as roff shows it."""
    return text.replace("\\", "\\e").replace("-", "\\-").replace("^", "\\(ha").replace("~", "\\(ti")


def guarded(text):
    """No line may begin like a request."""
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def inline(text):
    """Code and emphasis become bold and italic; a link keeps its words, and a real address."""
    text = text.replace("\\|", "|")
    out = []
    pattern = r"`([^`]+)`|\*\*(.+?)\*\*|\*(?=\S)([^*]+)\*|\[((?:[^\]`]|`[^`]*`)+)\]\(([^)]+)\)"
    end = 0
    for match in re.finditer(pattern, text):
        out.append(plain(text[end:match.start()]))
        code, bold, italic, words, address = match.groups()
        if code:
            out.append("\\fB" + escaped(code) + "\\fR")
        elif bold:
            out.append("\\fB" + escaped(bold.replace("`", "")) + "\\fR")
        elif italic:
            out.append("\\fI" + escaped(italic) + "\\fR")
        else:
            real = address.startswith("http")
            out.append(inline(words) + (f" (\\fI{escaped(address)}\\fR)" if real else ""))
        end = match.end()
    return guarded("".join(out) + plain(text[end:]))


def plain(text):
    for mark, name in (("→", "->"), ("×", "x"), ("…", "..."), ("≤", "<=")):
        text = text.replace(mark, name)
    return escaped(text)


def example(lines):
    """Shown as it stands."""
    return "\n".join([".PP", ".RS 4", ".nf", *(guarded(escaped(line)) for line in lines), ".fi", ".RE"])


def entry(tag, text, detail=""):
    """One item of a list of options, keys or the like; `tag` and `text` are roff."""
    return "\n".join([".TP", tag, *([f"({detail})", ".br"] if detail else []), text or "\\&"])


def cells(line):
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def table(lines):
    """The first column names a row, the last one explains it; what stands between is said in brackets."""
    heads = cells(lines[0])
    out = []
    for line in lines[2:]:
        row = cells(line)
        between = [f"{head} {inline(cell)}".strip() for head, cell in zip(heads[1:-1], row[1:-1]) if cell]
        if any(heads):
            out.append(entry(inline(row[0]), inline(row[-1]), "; ".join(between)))
        else:
            out.append(entry(inline(row[0]), ": ".join(between + [inline(row[-1])] * bool(row[-1]))))
    return "\n".join(out)


KINDS = (  # what a line begins with, and what the block is then
    ("heading", r"#+ "), ("table", r"\|"), ("example", r"    \S"), ("item", r"(- |\d+\. )"),
    ("picture", r"!\["))


def kind_of(line):
    return next((kind for kind, start in KINDS if re.match(start, line)), "text" if line.strip() else "")


def blocks(markdown):
    """(kind, lines) of each block; a text or an item goes on until the next block or an empty line."""
    kind, lines = "", []
    for line in re.sub(r"```(\w*)\n(.*?)```", fence, markdown, flags=re.S).split("\n"):
        now = kind_of(line)
        if kind == "example" and (not line.strip() or line.startswith("    ")):
            lines.append(line)
            continue
        if kind == "item" and now in ("text", "example"):
            now = kind
        elif now in ("item", "heading") or now != kind:
            if lines:
                yield kind, lines
            lines = []
        kind = now
        lines.append(line)
    if lines:
        yield kind, lines


def fence(match):
    """A fenced block is an example, and a drawing is nothing."""
    if match[1] == "mermaid":
        return ""
    return "".join("    " + line + "\n" for line in match[2].rstrip("\n").split("\n"))


def from_markdown(markdown, top=2):
    """`top`: the depth of the headings that become sections."""
    out = []
    for kind, lines in blocks(markdown):
        if kind == "heading":
            marks, words = lines[0].split(" ", 1)
            macro = ".SH" if len(marks) <= top else ".SS"
            out.append(f'{macro} "{inline(words.upper() if macro == ".SH" and words[0] != "[" else words)}"')
        elif kind == "table":
            out.append(table(lines))
        elif kind == "example":
            while lines and not lines[-1].strip():
                lines.pop()
            out.append(example([line[4:] for line in lines]))
        elif kind == "item":
            mark = "\\(bu" if lines[0].startswith("-") else lines[0].split(" ")[0]
            text = " ".join(line.strip() for line in lines)
            out.append(f".IP {mark} 3\n" + inline(text.split(" ", 1)[1]))
        elif kind == "text":
            out.append(".PP\n" + inline(" ".join(line.strip() for line in lines)))
    return "\n".join(out)
