"""Small arithmetic over measurements."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from bench.contract import Figure


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that `percent` of them do not exceed (nearest rank); 0 when there are none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def medians(repeats: Sequence[Sequence[Figure]]) -> list[Figure]:
    """The median of each figure over several runs of one bench, in the order of the first."""
    values: dict[tuple[str, str], list[float]] = {}
    for figure in (figure for figures in repeats for figure in figures):
        values.setdefault((figure.case, figure.name), []).append(figure.value)
    return [
        Figure(figure.case, figure.name, median(values[figure.case, figure.name]), figure.unit) for figure in repeats[0]
    ]
