"""`pacing`, of a channel or an account."""

from __future__ import annotations

from pathlib import Path

import pytest
from settings_support import OTHER_TOKEN, Loader, bot

from actors.pacing import Pacing


@pytest.fixture
def load(tmp_path: Path) -> Loader:
    return Loader(tmp_path)


def test_it_is_bounded_generously_when_nothing_is_said(load: Loader) -> None:
    assert load.accounts(bot())["zalo:default"].policy.pacing == Pacing(per_minute=12_000, burst=1000)


def test_an_account_has_its_own_or_its_channels(load: Loader) -> None:
    shop = {"botToken": OTHER_TOKEN, "pacing": {"perMinute": 20, "burst": 3}}
    accounts = load.accounts(bot(pacing={"perMinute": "600"}, accounts={"shop": shop}))
    assert accounts["zalo:default"].policy.pacing == Pacing(per_minute=600)
    assert accounts["zalo:shop"].policy.pacing == Pacing(per_minute=20, burst=3)


@pytest.mark.parametrize(
    ("pacing", "problem"),
    [
        ({"perMinute": 1}, "channels.zalo.pacing.perMinute: expected"),
        ({"burst": 0}, "channels.zalo.pacing.burst: expected"),
        ({"perSecond": 1}, "channels.zalo.pacing.perSecond: unknown key"),
        (20, "channels.zalo.pacing: expected"),
    ],
)
def test_what_it_cannot_be_is_told_by_its_place(load: Loader, pacing: object, problem: str) -> None:
    (found,) = load.problems({"channels": bot(pacing=pacing)})
    assert found.startswith(problem)
