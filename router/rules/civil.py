"""Unix seconds as people read them, by arithmetic alone.

The law may not ask what time it is or where it is, and the standard module that tells days from seconds can do both.
Days are counted in the proleptic Gregorian calendar, in years that begin in March, so that the leap day is the last.
"""

from __future__ import annotations

import math

import msgspec

FIRST_SECOND = -62_135_596_800
"""0001-01-01 00:00 UTC."""
END_SECOND = 253_402_300_800
"""10000-01-01 00:00 UTC: the first that four digits cannot name."""

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAYS_0000_03_01_TO_1970 = 719_468
_DAYS_IN_400_YEARS = 146_097
_DAYS_IN_100_YEARS = 36_524
_DAYS_IN_4_YEARS = 1_461


class CivilMinute(msgspec.Struct, frozen=True, order=True):
    """One minute of one day, in whatever zone it was computed for."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    weekday: str
    """`Mon` … `Sun`."""

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}-{self.day:02d} {self.hour:02d}:{self.minute:02d}"


def civil_minute(unix_seconds: float, utc_offset_minutes: int = 0) -> CivilMinute | None:
    """The minute in which that instant lies, `utc_offset_minutes` east of Greenwich.

    None when it is no instant of the years 1 to 9999 there: a broken clock, milliseconds taken for seconds, NaN.
    """
    if not math.isfinite(unix_seconds):
        return None
    seconds = math.floor(unix_seconds) + 60 * utc_offset_minutes
    if not FIRST_SECOND <= seconds < END_SECOND:
        return None
    days, rest = divmod(seconds, 86_400)
    year, month, day = _civil_date(days)
    # 1970-01-01, day 0, was a Thursday.
    return CivilMinute(year, month, day, rest // 3_600, rest // 60 % 60, _WEEKDAYS[(days + 3) % 7])


def _civil_date(days: int) -> tuple[int, int, int]:
    """Year, month and day, `days` after 1970-01-01."""
    cycle, day_of_cycle = divmod(days + _DAYS_0000_03_01_TO_1970, _DAYS_IN_400_YEARS)
    # The last day of a cycle is the leap day that the century rule would take away: it stays in century 3.
    century = min(day_of_cycle // _DAYS_IN_100_YEARS, 3)
    day_of_century = day_of_cycle - century * _DAYS_IN_100_YEARS
    four_years, day_of_four = divmod(day_of_century, _DAYS_IN_4_YEARS)
    year_of_four = min(day_of_four // 365, 3)
    day_of_year = day_of_four - 365 * year_of_four
    # Counted from March, month lengths repeat every five months, 153 days: 31 30 31 30 31.
    month_from_march = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month_from_march + 2) // 5 + 1
    year = 400 * cycle + 100 * century + 4 * four_years + year_of_four
    # January and February belong to the year that began in March before them.
    return (year, month_from_march + 3, day) if month_from_march < 10 else (year + 1, month_from_march - 9, day)
