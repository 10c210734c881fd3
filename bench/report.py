#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns results of outbox-relay-bench into medians, ratios, plots and docs/benchmarks.md."""
import argparse
import json
import pathlib
import statistics
import sys

sys.dont_write_bytecode = True  # nothing of ours belongs beside the sources
import plot  # noqa: E402

HERE = pathlib.Path(__file__).parent
# What each workload is drawn for. The tables have everything.
PLOTTED = {
    "drain": ["messages/s", "CPU s/million"],
    "steady": ["p50 ms", "p99 ms"],
    "start": ["first message ms"],
    "history": ["messages/s", "p99 ms at 1000/s"],
    "snapshot": ["messages/s"],
    "producers": ["insert p99 ms"],
    "keys": ["messages/s"],
}
UNLESS_ZERO = {"repeats", "of it walsender"}  # not worth a line where there are none


class Case:
    """The measurements of one case: figures by variant and round."""

    def __init__(self, workload, name):
        self.workload = workload
        self.name = name
        self.rounds = {}  # variant -> round -> {figure: value}
        self.faults = []  # (variant, round, what)

    def figures(self):
        return list(dict.fromkeys(f for rounds in self.rounds.values() for r in rounds.values() for f in r))

    def values(self, variant, figure):
        return [r[figure] for r in self.rounds[variant].values() if figure in r]

    def base(self, variant):
        """What a variant is compared with: build A of the same, else the first variant."""
        if variant.endswith(" B") and variant[:-1] + "A" in self.rounds:
            return variant[:-1] + "A"
        return next(iter(self.rounds))

    def ratios(self, variant, figure):
        """Against the base in the same round: what drifts from round to round cancels out."""
        base = self.rounds[self.base(variant)]
        return [
            r[figure] / base[number][figure]
            for number, r in self.rounds[variant].items()
            if base.get(number, {}).get(figure, 0) > 0 and figure in r
        ]


def load(files):
    about, questions, cases = {}, {}, {}
    runs = 0
    for file in files:
        seen = 0
        for line in pathlib.Path(file).read_text().splitlines():
            entry = json.loads(line)
            if "about" in entry:
                about.update(entry["about"])
            elif "question" in entry:
                questions[entry["workload"]] = entry["question"]
            else:
                case = cases.setdefault((entry["workload"], entry["case"]), Case(entry["workload"], entry["case"]))
                number = runs + entry["round"]  # rounds of several files stay apart
                seen = max(seen, entry["round"])
                if "fault" in entry:
                    case.faults.append((entry["variant"], number, entry["fault"]))
                else:
                    case.rounds.setdefault(entry["variant"], {})[number] = entry["figures"]
        runs += seen
    return about, questions, list(cases.values())


def number(value):
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.01 or value == 0 else f"{value:.1g}"


def spread(values):
    if len(values) < 2:
        return number(values[0])
    return f"{number(statistics.median(values))} [{number(min(values))} {number(max(values))}]"


def ratio(ratios):
    """A median with its spread, and a question mark where the rounds do not agree on its direction."""
    text = f"x {statistics.median(ratios):.2f}"
    if len(ratios) < 2:
        return text
    agree = all(r >= 1 for r in ratios) or all(r <= 1 for r in ratios)
    return f"{text} [{min(ratios):.2f} {max(ratios):.2f}]" + ("" if agree else " ?")


def rows(case):
    """The table of a case: a line for each figure, a column for each variant."""
    yield [case.name, *case.rounds]
    for figure in case.figures():
        if figure in UNLESS_ZERO and not any(v for name in case.rounds for v in case.values(name, figure)):
            continue
        line = [figure]
        for variant in case.rounds:
            values = case.values(variant, figure)
            cell = spread(values) if values else ""
            ratios = case.ratios(variant, figure)
            if ratios and variant != case.base(variant):
                cell += "  " + ratio(ratios)
            line.append(cell)
        yield line


def as_text(case):
    table = list(rows(case))
    widths = [max(len(line[i]) for line in table) for i in range(len(table[0]))]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(line, widths)).rstrip() for line in table)


def as_markdown(case):
    table = list(rows(case))
    table.insert(1, ["---"] * len(table[0]))
    return "\n".join("| " + " | ".join(line) + " |" for line in table)


def draw(workload, cases, folder):
    """Writes the plots of a workload and returns their file names with their titles."""
    drawn = []
    for figure in PLOTTED.get(workload, []):
        bars = [
            (f"{case.name}: {variant}", case.values(variant, figure))
            for case in cases
            for variant in case.rounds
            if case.values(variant, figure)
        ]
        if bars:
            name = f"{workload}-{''.join(c if c.isalnum() else '-' for c in figure)}.svg"
            title = f"{workload}: {figure}"
            (folder / name).write_text(plot.bars(title, bars))
            drawn.append((name, title))
    return drawn


def document(about, questions, cases, folder, images="images"):
    (folder / images).mkdir(parents=True, exist_ok=True)
    parts = [(HERE / "method.md").read_text().rstrip(), "## Figures"]
    parts.append("\n".join(["| | |", "|---|---|", *(f"| {k} | {v} |" for k, v in about.items())]))
    for workload in dict.fromkeys(case.workload for case in cases):
        chosen = [case for case in cases if case.workload == workload]
        parts.append(f"### {workload}\n\n{questions.get(workload, '')}")
        for name, title in draw(workload, chosen, folder / images):
            parts.append(f"![{title}]({images}/{name})")
        parts += [as_markdown(case) for case in chosen if case.rounds]
        parts += [f"**Fault**, {v}, round {r}: {what}" for case in chosen for v, r, what in case.faults]
    (folder / "benchmarks.md").write_text("\n\n".join(parts) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs="+", help="results.jsonl of one run, or of several to be put together")
    parser.add_argument("--out", metavar="DIR", type=pathlib.Path, help="write the report and its plots there")
    parser.add_argument("--docs", metavar="DIR", type=pathlib.Path, help="the same, for figures to be published")
    arguments = parser.parse_args()
    about, questions, cases = load(arguments.results)

    for case in cases:
        if case.rounds:
            print(f"\n{case.workload}: {questions.get(case.workload, '')}\n{as_text(case)}")
    print("\nMedians [lowest highest]; x: against the first column, or build A, of the same round; ?: the rounds disagree.")
    faults = [(case, *fault) for case in cases for fault in case.faults]
    for case, variant, round_number, what in faults:
        print(f"FAULT: {case.workload}, {case.name}, {variant}, round {round_number}: {what}", file=sys.stderr)
    if arguments.out:
        document(about, questions, cases, arguments.out)
        print(f"{arguments.out}/benchmarks.md")
    if arguments.docs:
        if faults or "relay B" in about or "run" in about:
            sys.exit("report.py: faults, comparisons of two builds and quick runs are not for publication")
        document(about, questions, cases, arguments.docs)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
