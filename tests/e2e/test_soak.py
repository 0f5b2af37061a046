from __future__ import annotations

from pathlib import Path

import pytest
import trio
from soak import TOKENS, Sample, faults_of, slope_per_minute, soak, trend
from traffic import Line

from actors.testing.bot_api.api import BotApi


async def test_a_short_soak_loses_nothing_and_sees_the_process(tmp_path: Path) -> None:
    samples: list[Sample] = []
    with trio.fail_after(90):
        found = await soak(tmp_path, seconds=2, per_second=50, show=samples.append, sample_seconds=0.5)
    assert found.faults == ()
    assert found.answered == 100
    assert len(samples) == found.samples >= 3
    assert all(each.rss_kib > 10_000 and each.open_files > 5 and each.wal_kib > 0 for each in samples)


@pytest.mark.parametrize(
    ("points", "slope"),
    [
        ([], 0.0),
        ([(5.0, 7.0)], 0.0),
        ([(5.0, 7.0), (5.0, 9.0)], 0.0),
        ([(0.0, 10.0), (30.0, 11.0), (60.0, 12.0)], 2.0),
        ([(0.0, 3.0), (60.0, 0.0)], -3.0),
    ],
)
def test_the_slope_is_that_of_the_line_that_fits_best(points: list[tuple[float, float]], slope: float) -> None:
    assert slope_per_minute(points) == pytest.approx(slope)


def test_the_first_third_is_not_part_of_the_trend_but_its_wal_counts() -> None:
    figures = [(0.0, 100, 900), (60.0, 5000, 50), (120.0, 5000, 60), (180.0, 5060, 50)]
    samples = [Sample(at, rss, 20, wal, 3) for at, rss, wal in figures]
    found = trend(samples, ("one",))
    assert found.rss_kib_per_minute == 30.0
    assert (found.open_files_per_minute, found.largest_wal_kib, found.faults) == (0.0, 900, ("one",))


def test_a_line_without_its_answer_is_a_fault() -> None:
    api = BotApi()
    for token in TOKENS:
        api.add_bot(token)
    assert faults_of(api, []) == ()
    (fault,) = faults_of(api, [Line(TOKENS[1], "u1", 3)])
    assert fault == "1 not answered, the first: u1 says 3"
