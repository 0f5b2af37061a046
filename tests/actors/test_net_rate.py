"""How often something may happen, by a clock that is an argument."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import AccountKey
from actors.net.rate import RateLimit
from actors.net.refusals import Refusal, Refusals


def test_a_minutes_worth_may_come_at_once_and_then_a_steady_trickle() -> None:
    rate = RateLimit(60)
    assert [rate.wait_seconds(100.0) for _ in range(60)] == [0.0] * 60
    assert rate.wait_seconds(100.0) == pytest.approx(1.0)
    assert rate.wait_seconds(100.75) == pytest.approx(0.25)
    assert rate.wait_seconds(101.0) == 0.0
    assert rate.wait_seconds(101.0) > 0
    assert [rate.wait_seconds(10_000.0) for _ in range(61)][-2:] == [0.0, pytest.approx(1.0)]


@given(st.lists(st.floats(min_value=0, max_value=5), max_size=400), st.integers(1, 30))
def test_no_minute_admits_more_than_twice_the_rate(steps: list[float], per_minute: int) -> None:
    rate, now, admitted = RateLimit(per_minute), 0.0, []
    for step in steps:
        now += step
        if rate.wait_seconds(now) == 0:
            admitted.append(now)
    for first in admitted:
        assert sum(first <= each < first + 60 for each in admitted) <= 2 * per_minute


def test_refusals_are_told_at_once_and_then_at_most_once_a_minute_with_their_number() -> None:
    told: list[Refusal] = []
    refusals = Refusals(told.append)
    guess, shop = Refusal("/a", 401, "no"), Refusal("/a", 401, "no", AccountKey("zalo", "shop"))
    for now in (0.0, 1.0, 2.0):
        refusals.note(guess, now)
    refusals.note(shop, 3.0)
    refusals.note(Refusal("/b", 401, "no"), 3.0)
    assert [(each.path, each.account, each.times) for each in told] == [
        ("/a", None, 1),
        ("/a", shop.account, 1),
        ("/b", None, 1),
    ]
    refusals.note(guess, 59.9)
    refusals.note(guess, 60.0)
    assert told[3:] == [Refusal("/a", 401, "no", times=4)]
    refusals.note(guess, 121.0)
    assert told[-1].times == 1
