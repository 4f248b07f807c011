"""What a bench prints: a table of figures and the bars that they have to clear."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure that must be at most (or, with `least`, at least) its limit."""

    name: str
    value: float
    limit: float
    least: bool = False

    @property
    def holds(self) -> bool:
        return self.value >= self.limit if self.least else self.value <= self.limit

    def __str__(self) -> str:
        sign = "≥" if self.least else "≤"
        return f"{'ok  ' if self.holds else 'FAIL'}  {self.name}: {self.value:.2f} ({sign} {self.limit:g})"


@dataclass(slots=True)
class Report:
    """Everything that one run has found."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[str | float]] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def row(self, *cells: str | float) -> None:
        self.rows.append(cells)

    def at_most(self, name: str, value: float, limit: float) -> None:
        self.bars.append(Bar(name, value, limit))

    def at_least(self, name: str, value: float, limit: float) -> None:
        self.bars.append(Bar(name, value, limit, least=True))

    @property
    def holds(self) -> bool:
        return all(bar.holds for bar in self.bars)

    def to_json(self) -> str:
        values = asdict(self) | {"bars": [asdict(bar) | {"holds": bar.holds} for bar in self.bars], "holds": self.holds}
        return json.dumps(values, indent=1)

    def to_text(self) -> str:
        table = [list(self.columns)] + [[_cell(cell) for cell in row] for row in self.rows]
        widths = [max(len(line[i]) for line in table) for i in range(len(self.columns))]
        lines = [
            "  ".join(
                cell.ljust(width) if i == 0 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in table
        ]
        lines.insert(1, "  ".join("-" * width for width in widths))
        text = [self.title, "", *lines, *([""] if self.notes else []), *self.notes]
        return "\n".join([*text, "", *map(str, self.bars)])


def _cell(cell: str | float) -> str:
    if isinstance(cell, str):
        return cell
    return f"{cell:.0f}" if abs(cell) >= 100 else f"{cell:.1f}" if abs(cell) >= 10 else f"{cell:.2f}"


def quantile(values: Sequence[float], q: float) -> float:
    """The value below which `q` of them lie; NaN of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))] if ordered else float("nan")
