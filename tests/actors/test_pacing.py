"""The pacing law by numbers: no clock, no waiting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.pacing import LEAST_USED, LOWEST_SECONDS, RECOVERY, Pacer, Pacing

ONE_A_SECOND = Pacing(per_minute=60, burst=5)


def sends_in(pacer: Pacer, begin: float, seconds: float) -> list[float]:
    """When sends begin, if there is always something to send."""
    now, begun = begin, []
    while (now := now + pacer.wait_seconds(now)) < begin + seconds:
        pacer.begin(now)
        begun.append(now)
    return begun


def test_a_burst_goes_at_once_and_the_rest_at_the_rate() -> None:
    begun = sends_in(Pacer(ONE_A_SECOND, 0.0), 0.0, 10.0)
    assert begun[:5] == [0.0] * 5
    assert begun[5:] == pytest.approx([1, 2, 3, 4, 5, 6, 7, 8, 9])


def test_a_quiet_time_fills_the_bucket_and_no_more() -> None:
    pacer = Pacer(ONE_A_SECOND, 0.0)
    sends_in(pacer, 0.0, 1.0)
    assert len(sends_in(pacer, 1000.0, 0.5)) == 5


def test_the_defaults_are_not_felt_by_two_thousand_messages() -> None:
    begun = sends_in(Pacer(Pacing(), 0.0), 0.0, 6.0)
    assert len(begun) >= 2000


def test_a_refusal_halves_the_rate_that_was_really_used() -> None:
    pacer = Pacer(Pacing(), 0.0)
    for second in range(100):
        for part in range(20):
            pacer.wait_seconds(second + part / 20)
            pacer.begin(second + part / 20)
    pacer.refused(begun_at=99.9, now=100.0, retry_after_seconds=None)
    assert 8.0 < pacer.per_second < 11.0
    begun = sends_in(pacer, 100.0, 10.0)
    assert len(begun) == pytest.approx(10 * pacer.per_second, abs=1)


def test_a_lone_refusal_does_not_silence_an_account() -> None:
    pacer = Pacer(Pacing(), 0.0)
    pacer.begin(0.0)
    pacer.refused(begun_at=0.0, now=0.1, retry_after_seconds=None)
    assert pacer.per_second == LEAST_USED / 2
    assert pacer.wait_seconds(0.1) == pytest.approx(2.0)


def test_refusals_of_sends_that_were_under_way_together_count_as_one() -> None:
    pacer = Pacer(ONE_A_SECOND, 0.0)
    for _ in range(4):
        pacer.begin(0.0)
    for _ in range(4):
        pacer.refused(begun_at=0.0, now=0.5, retry_after_seconds=None)
    assert pacer.per_second == 0.5
    pacer.refused(begun_at=3.0, now=3.5, retry_after_seconds=None)
    assert pacer.per_second == 0.25


def test_it_never_falls_silent() -> None:
    pacer = Pacer(ONE_A_SECOND, 0.0)
    for second in range(1, 100):
        pacer.refused(begun_at=float(second), now=second + 0.5, retry_after_seconds=None)
    assert pacer.per_second == pytest.approx(1 / LOWEST_SECONDS)
    assert pacer.wait_seconds(100.0) <= LOWEST_SECONDS


def test_a_wait_that_is_asked_for_is_waited() -> None:
    pacer = Pacer(ONE_A_SECOND, 0.0)
    pacer.begin(0.0)
    pacer.refused(begun_at=0.0, now=1.0, retry_after_seconds=40.0)
    pacer.refused(begun_at=0.0, now=1.0, retry_after_seconds=5.0)
    assert pacer.wait_seconds(1.0) == 40.0
    assert pacer.wait_seconds(11.0) == 30.0
    assert pacer.wait_seconds(41.0) == 0.0


def test_sends_that_go_well_bring_the_rate_back_step_by_step() -> None:
    pacer = Pacer(ONE_A_SECOND, 0.0)
    pacer.refused(begun_at=0.0, now=1.0, retry_after_seconds=None)
    pacer.went_well()
    assert pacer.per_second == pytest.approx(0.5 * RECOVERY)
    for _ in range(100):
        pacer.went_well()
    assert pacer.per_second == 1.0


def test_a_slowed_account_saves_nothing_up() -> None:
    pacer = Pacer(ONE_A_SECOND, 0.0)
    pacer.refused(begun_at=0.0, now=1.0, retry_after_seconds=None)
    assert len(sends_in(pacer, 1000.0, 1.0)) == 1


STEPS = st.lists(st.tuples(st.sampled_from(["pass", "send", "well", "refused"]), st.floats(0.0, 50.0)), max_size=60)


@given(STEPS, st.integers(2, 6000), st.integers(1, 50))
def test_whatever_happens_it_stays_within_its_bounds(
    steps: list[tuple[str, float]], per_minute: int, burst: int
) -> None:
    pacer, now, asked = Pacer(Pacing(per_minute=per_minute, burst=burst), 0.0), 0.0, 0.0
    for step, number in steps:
        now += number if step == "pass" else 0.0
        if step == "send" and pacer.wait_seconds(now) == 0.0:
            pacer.begin(now)
        if step == "well":
            pacer.went_well()
        if step == "refused":
            pacer.refused(now, now, number)
            asked = max(asked, now + number)
        assert min(1 / LOWEST_SECONDS, per_minute / 60) <= pacer.per_second <= per_minute / 60
        assert asked - now <= pacer.wait_seconds(now) <= max(LOWEST_SECONDS + 1e-6, asked - now)
