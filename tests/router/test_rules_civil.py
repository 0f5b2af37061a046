from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.rules.civil import END_SECOND, FIRST_SECOND, civil_minute

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(st.integers(FIRST_SECOND + 86_400, END_SECOND - 86_400), st.integers(-14 * 60, 14 * 60))
def test_every_minute_is_the_one_that_the_standard_library_names(seconds: int, offset: int) -> None:
    expected = (EPOCH + timedelta(seconds=seconds)).astimezone(timezone(timedelta(minutes=offset)))

    minute = civil_minute(seconds, offset)

    assert minute is not None
    assert f"{minute.weekday} {minute}" == f"{expected:%a} {expected.year:04d}-{expected:%m-%d %H:%M}"


@pytest.mark.parametrize("year", [1600, 1900, 1999, 2000, 2023, 2024, 2100, 2400])
def test_every_day_around_a_leap_day_is_right(year: int) -> None:
    first = datetime(year, 2, 27, 12, 30, tzinfo=UTC)
    for days in range(370):
        day = first + timedelta(days=days)
        assert str(civil_minute((day - EPOCH).total_seconds())) == f"{day:%Y-%m-%d %H:%M}"


def test_parts_of_a_second_belong_to_the_second_before() -> None:
    assert str(civil_minute(-0.5)) == "1969-12-31 23:59"
    assert str(civil_minute(59.999)) == "1970-01-01 00:00"


def test_an_offset_moves_the_day() -> None:
    assert str(civil_minute(1_795_168_016, 7 * 60)) == "2026-11-20 16:46"
    assert str(civil_minute(0, -1)) == "1969-12-31 23:59"


@pytest.mark.parametrize(
    ("seconds", "offset"),
    [
        (float("nan"), 0),
        (float("inf"), 0),
        (END_SECOND, 0),
        (END_SECOND - 60, 1),
        (FIRST_SECOND - 1, 0),
        (FIRST_SECOND, -1),
        (1_795_168_016_128_000, 0),
    ],
)
def test_what_is_no_instant_of_four_digit_years_is_none(seconds: float, offset: int) -> None:
    assert civil_minute(seconds, offset) is None


def test_the_first_and_the_last_minute_are_some() -> None:
    assert str(civil_minute(FIRST_SECOND)) == "0001-01-01 00:00"
    assert str(civil_minute(END_SECOND - 1)) == "9999-12-31 23:59"
