#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""picture.py ANSWERS: prints the dashboard as SVG, each panel in its place with what Prometheus answered to
its queries (scripts/dashboard-picture). No Grafana: it shows what is to be seen there, not how it looks."""
import html
import json
import math
import re
import sys
from pathlib import Path

UNIT_X, UNIT_Y, PAD = 44, 21, 6  # of the dashboard's grid of 24 columns
# Told apart by everybody, also in grey.
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]


def number(value, unit):
    if unit == "bytes":
        step = min(3, int(math.log(value, 1024))) if value >= 1 else 0
        return f"{value / 1024**step:.3g} {['B', 'KiB', 'MiB', 'GiB'][step]}"
    if unit == "percentunit":
        return f"{100 * value:.3g} %"
    if unit == "s" and 0 < value < 1:
        return f"{1000 * value:.3g} ms"
    return (f"{value:,.0f}" if value >= 100 else f"{value:.3g}") + {"s": " s", "cps": " /s"}.get(unit, "")


def text(x, y, words, size=11, anchor="start", colour="#222"):
    place = f'x="{x:.0f}" y="{y:.0f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}"'
    return f"<text {place}>{html.escape(words)}</text>"


def series(panel, answers):
    """Name and points of each line, by the panel's legend."""
    for target in panel.get("targets", []):
        for found in answers["answers"][target["expr"]]:
            labels = found["metric"]
            name = re.sub(r"\{\{(\w+)\}\}", lambda label: labels.get(label[1], ""), target["legendFormat"])
            yield name, [(at, float(value)) for at, value in found["values"] if value not in ("NaN", "+Inf")]


def stat(x, y, width, height, unit, lines):
    values = [points[-1][1] for _, points in lines if points]
    yield text(x + width / 2, y + height - 22, number(max(values), unit) if values else "none", 24, "middle")


def plot(x, y, width, height, unit, lines, answers):
    """Lines over time, from zero; the outage is shaded."""
    legend = 13 * ((len(lines) + 1) // 2)
    left, right, top, bottom = x + 54, x + width - 8, y + 26, y + height - 22 - legend
    began, ended = answers["from"], answers["to"]
    most = max([value for _, points in lines for _, value in points], default=0) or 1

    def across(at):
        return left + (at - began) / (ended - began) * (right - left)

    away, back = (across(at) for at in answers["outage"])
    yield f'<rect x="{away:.1f}" y="{top}" width="{back - away:.1f}" height="{bottom - top}" fill="#f3dfd3"/>'
    for share in (0, 0.5, 1):
        level = bottom - share * (bottom - top)
        yield f'<path d="M{left} {level:.1f}H{right}" stroke="#ddd"/>'
        yield text(left - 4, level + 4, number(share * most, unit), 10, "end", "#666")
    for seconds in range(20, int(ended - began) + 1, 20):
        yield text(across(began + seconds), bottom + 12, f"{seconds} s", 10, "middle", "#666")
    for i, (name, points) in enumerate(lines):
        colour = COLOURS[i % len(COLOURS)]
        drawn = " ".join(f"{across(at):.1f},{bottom - value / most * (bottom - top):.1f}" for at, value in points)
        yield f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        at_x, at_y = x + 10 + i % 2 * width / 2, bottom + 27 + 13 * (i // 2)
        yield f'<rect x="{at_x:.0f}" y="{at_y - 7:.0f}" width="9" height="3" fill="{colour}"/>'
        yield text(at_x + 14, at_y - 2, name, 10)


def drawn(panel, answers):
    grid = panel["gridPos"]
    x, y = grid["x"] * UNIT_X + PAD, grid["y"] * UNIT_Y + PAD
    width, height = grid["w"] * UNIT_X - PAD, grid["h"] * UNIT_Y - PAD
    if panel["type"] == "row":
        yield text(x, y + 13, panel["title"], 13)
        return
    yield f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="#fff" stroke="#ccc"/>'
    yield text(x + 8, y + 16, panel["title"], 12)
    unit, lines = panel["fieldConfig"]["defaults"].get("unit"), list(series(panel, answers))
    if panel["type"] == "stat":
        yield from stat(x, y, width, height, unit, lines)
    else:
        yield from plot(x, y, width, height, unit, lines, answers)


def main():
    answers = json.loads(Path(sys.argv[1]).read_text())
    panels = json.loads(Path(__file__).with_name("outbox-relay.json").read_text())["panels"]
    width = 24 * UNIT_X + PAD
    height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels) * UNIT_Y + PAD
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
          f'height="{height}" font-family="sans-serif">\n<rect width="100%" height="100%" fill="#f4f5f5"/>')
    for panel in panels:
        print("\n".join(drawn(panel, answers)))
    print("</svg>")


if __name__ == "__main__":
    main()
