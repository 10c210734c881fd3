# SPDX-License-Identifier: Apache-2.0
"""Plots as SVG, with nothing but the standard library."""
import html
import statistics

WIDTH, LABEL, BAR, GAP, TOP = 840, 330, 20, 10, 44
# Told apart by everybody, also in grey.
COLOURS = ["#0072b2", "#56b4e9", "#d55e00", "#009e73", "#cc79a7", "#e69f00"]


def bars(title, series):
    """Horizontal bars of medians, with whiskers from the lowest to the highest value. `series`: label, values."""
    most = max(max(values) for _, values in series) or 1
    scale = (WIDTH - LABEL - 90) / most
    colours = {}
    shapes = []
    for i, (label, values) in enumerate(series):
        y = TOP + i * (BAR + GAP)
        middle = y + BAR / 2
        median, low, high = statistics.median(values), min(values), max(values)
        variant = label.rsplit(": ", 1)[-1]
        colour = colours.setdefault(variant, COLOURS[len(colours) % len(COLOURS)])
        shapes += [
            f'<text x="{LABEL - 8}" y="{middle + 4}" text-anchor="end">{html.escape(label)}</text>',
            f'<rect x="{LABEL}" y="{y}" width="{median * scale:.1f}" height="{BAR}" fill="{colour}"/>',
            f'<path d="M{LABEL + low * scale:.1f} {middle}H{LABEL + high * scale:.1f}" stroke="#222"/>',
            f'<text x="{LABEL + high * scale + 6:.1f}" y="{middle + 4}">{_number(median)}</text>',
        ]
    height = TOP + len(series) * (BAR + GAP)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" font-family="sans-serif" font-size="12" fill="#222">\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n'
        f'<text x="12" y="24" font-size="15">{html.escape(title)}</text>\n' + "\n".join(shapes) + "\n</svg>\n"
    )


def _number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
