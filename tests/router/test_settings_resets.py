"""`session.reset` in the file, and the rules it becomes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from settings_support import Loader

from router.rules.resets import ResetRule
from router.settings.resets import reset_rules

SUMMER, WINTER = 1_689_000_000.0, 1_700_006_400.0


def rules(tmp_path: Path, **session: Any) -> Any:
    return reset_rules(Loader(tmp_path)({"session": session}).settings.session)


def told(rule: ResetRule | None) -> tuple[int | None, float | None]:
    assert rule is not None
    return rule.daily_at_hour, rule.idle_seconds


def test_without_settings_nothing_ever_resets(tmp_path: Path) -> None:
    found = rules(tmp_path)
    assert (found.everywhere, found.direct, found.group, found.by_channel) == (None, None, None, {})


@pytest.mark.parametrize(
    ("reset", "wanted"),
    [
        ({}, (4, None)),
        ({"mode": "daily", "atHour": 0}, (0, None)),
        ({"mode": "daily", "idleMinutes": 5}, (4, 300.0)),
        ({"mode": "idle"}, (None, 3600.0)),
        ({"mode": "idle", "idleMinutes": 5}, (None, 300.0)),
        ({"mode": "never", "idleMinutes": 5}, (None, None)),
    ],
)
def test_modes(tmp_path: Path, reset: dict[str, Any], wanted: tuple[int | None, float | None]) -> None:
    assert told(rules(tmp_path, reset=reset).everywhere) == wanted


def test_the_older_spellings_still_mean_something(tmp_path: Path) -> None:
    assert told(rules(tmp_path, idleMinutes=7).everywhere) == (None, 420.0)
    assert told(rules(tmp_path, idleMinutes=7, reset={"mode": "daily"}).everywhere) == (4, None)
    assert told(rules(tmp_path, resetByType={"dm": {"mode": "idle"}}).direct) == (None, 3600.0)


def test_by_type_and_by_channel(tmp_path: Path) -> None:
    found = rules(tmp_path, resetByType={"group": {"mode": "never"}}, resetByChannel={"zalouser": {"atHour": 6}})
    assert told(found.group) == (None, None)
    assert told(found.by_channel["zalouser"]) == (6, None)


def test_a_zone_knows_its_summer_time(tmp_path: Path) -> None:
    offset = rules(tmp_path, reset={"timezone": "Europe/Paris"}).everywhere.offset_minutes
    assert (offset(SUMMER), offset(WINTER)) == (120, 60)
    assert rules(tmp_path, reset={"timezone": "Asia/Ho_Chi_Minh"}).everywhere.offset_minutes(WINTER) == 420
    assert rules(tmp_path, reset={"timezone": "UTC"}).everywhere.offset_minutes(WINTER) == 0


def test_local_is_this_machines_zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "UTC-7")
    time.tzset()
    try:
        assert rules(tmp_path, reset={}).everywhere.offset_minutes(WINTER) == 420
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "Asia"])
def test_a_zone_that_does_not_exist_is_a_problem(tmp_path: Path, zone: str) -> None:
    (problem,) = Loader(tmp_path).problems({"session": {"resetByType": {"group": {"timezone": zone}}}})
    assert problem.startswith('session.resetByType.group.timezone: expected "local", "utc" or a name like')


def test_a_channel_that_does_not_exist_is_a_problem(tmp_path: Path) -> None:
    (problem,) = Loader(tmp_path).problems({"session": {"resetByChannel": {"zalop": {}}}})
    assert problem == 'session.resetByChannel.zalop: unknown channel; did you mean "zalo"?'
