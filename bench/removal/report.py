"""The benchmark's page and its chart."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

PAGE, CHART = Path("docs/benchmarks.md"), Path("docs/benchmarks.svg")
BEGIN, END = "<!-- measured by make bench-rembg -->", "<!-- end of measured -->"
_ROW, _BARS, _LETTER = 34, 430, 7.5  # pixels: a bar and its gap, the longest bar, a letter's width at most


class Compared(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def ratio(self) -> float: ...

    @property
    def better(self) -> str: ...

    def row(self) -> list[str]: ...


class Served(Protocol):
    @property
    def bare(self) -> Mapping[str, float]: ...

    def row(self, cores: int) -> list[str]: ...


def write(pairs: Sequence[Compared], served: Sequence[Served], load: float) -> None:
    """Replace the measured part of the page; the text around it stays."""
    cores = len(os.sched_getaffinity(0))
    heads = ["network", "pictures per second", "processor time of each", "bare steps", "dominated by"]
    lines = [
        BEGIN,
        f"{cores} cores, load {load:.1f} at the start and {os.getloadavg()[0]:.1f} at the end; U2-NetP, float.",
        "",
        *table(["", "ours", "`rembg s`", "ratio", "better", "target"], [pair.row() for pair in pairs]),
        "",
        "Compared with the bare steps:",
        "",
        *table(heads, [each.row(cores) for each in served]),
        "",
        "The steps of U2-NetP, float, alone:",
        "",
        *table(["step", "ms"], [[step, f"{seconds * 1000:.1f}"] for step, seconds in served[0].bare.items()]),
        END,
    ]
    page = PAGE.read_text() if PAGE.exists() else f"# Benchmarks\n\n{BEGIN}\n{END}\n"
    before, _, rest = page.partition(BEGIN)
    PAGE.write_text(before + "\n".join(lines) + rest.partition(END)[2])
    CHART.write_text(chart(pairs))


def table(head: list[str], rows: Iterable[list[str]]) -> list[str]:
    return ["| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows)]


def chart(pairs: Sequence[Compared]) -> str:
    """A bar for each ratio with an arrow to where it is better; the line is `rembg s`."""
    left = 20 + _LETTER * max(len(pair.name) for pair in pairs)
    scale = _BARS / max(2.0, *(pair.ratio for pair in pairs))
    parts = []
    for index, pair in enumerate(pairs):
        y = 16 + index * _ROW
        width = pair.ratio * scale
        arrow = "better →" if pair.better == "higher" else "← better"
        parts += [
            f'<text x="{left - 10:.1f}" y="{y + 15}" text-anchor="end">{pair.name}</text>',
            f'<rect x="{left:.1f}" y="{y}" width="{width:.1f}" height="20" rx="3" fill="#3a6ea5"/>',
            f'<text x="{left + width + 6:.1f}" y="{y + 15}">{pair.ratio:.2f}</text>',
            f'<text x="{left + _BARS + 50:.1f}" y="{y + 15}" fill="#777">{arrow}</text>',
        ]
    height, one = 40 + len(pairs) * _ROW, left + scale
    parts += [
        f'<line x1="{one:.1f}" y1="6" x2="{one:.1f}" y2="{height - 24}" stroke="#b33" stroke-dasharray="4 3"/>',
        f'<text x="{one:.1f}" y="{height - 8}" text-anchor="middle" fill="#b33">rembg s = 1</text>',
    ]
    style = 'font-family="sans-serif" font-size="13" fill="#222"'
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + _BARS + 130:.0f}" height="{height}" {style}>\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n'
    )
