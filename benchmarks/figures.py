"""Figures, and the table that shows them beside what they shall reach."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

HEAD = ("", "median", "min", "max", "", "ratio", "target")


@dataclass(frozen=True)
class Figure:
    """What was measured of one thing.

    Attributes:
        name: of the thing.
        unit: of the values.
        values: what was measured, once or several times.
        base: what it is compared with, measured in the same run.
        at_most: the target, in the unit.
        times_base: the target, as a ratio to the base.
    """

    name: str
    unit: str
    values: Sequence[float]
    base: "Figure | None" = None
    at_most: float | None = None
    times_base: float | None = None

    @property
    def median(self) -> float:
        """The median of the values."""
        return statistics.median(self.values)

    @property
    def ratio(self) -> float | None:
        """The ratio of the medians, of this figure and its base."""
        return self.median / self.base.median if self.base else None

    def cells(self) -> tuple[str, ...]:
        """Return the figure as a row of the table."""
        low, high = (f"{each(self.values):.2f}" if len(self.values) > 1 else "" for each in (min, max))
        ratio = f"{self.ratio:.2f} of {self.base.name.strip()}" if self.base else ""
        targets = [f"≤ {self.at_most:g} {self.unit}"] if self.at_most is not None else []
        targets += [f"≤ {self.times_base:g} of it"] if self.times_base is not None else []
        return self.name, f"{self.median:.2f}", low, high, self.unit, ratio, ", ".join(targets)

    def as_json(self) -> dict[str, Any]:
        """Return the figure for programs, all its values included."""
        return {
            "name": self.name.strip(),
            "unit": self.unit,
            "median": self.median,
            "base": self.base.name.strip() if self.base else None,
            "ratio": self.ratio,
            "atMost": self.at_most,
            "timesBase": self.times_base,
            "values": list(self.values),
        }


def table(figures: Iterable[Figure]) -> str:
    """Return the figures as one table of text."""
    rows = [HEAD, *(figure.cells() for figure in figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    numbers = (1, 2, 3)
    lines = (
        "  ".join(cell.rjust(width) if place in numbers else cell.ljust(width) for place, (cell, width) in cells)
        for cells in (enumerate(zip(row, widths, strict=True)) for row in rows)
    )
    return "\n".join(line.rstrip() for line in lines)
