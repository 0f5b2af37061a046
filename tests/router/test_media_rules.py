from __future__ import annotations

from pathlib import Path

import pytest
from settings_support import OTHER_TOKEN, TOKEN, Loader

from actors.messages import AccountKey
from actors.net.fetch import FetchRules
from router.media.rules import fetch_rules, retention_seconds

SHOP, DEFAULT = AccountKey("zalo", "shop"), AccountKey("zalo", "default")


@pytest.fixture
def load(tmp_path: Path) -> Loader:
    return Loader(tmp_path)


def test_by_default_five_megabytes_in_half_a_minute_from_public_places_kept_for_a_week(load: Loader) -> None:
    settings = load({"channels": {"zalo": {"botToken": TOKEN}, "zalouser": {}}}).settings
    rules = FetchRules(max_bytes=5 * 1024 * 1024, timeout_seconds=30.0)
    assert fetch_rules(settings) == {DEFAULT: rules, AccountKey("zalouser", "default"): rules}
    assert retention_seconds(settings) == 7 * 86_400


def test_every_account_has_its_own_limit_and_proxy(load: Loader) -> None:
    shop = {"botToken": OTHER_TOKEN, "mediaMaxMb": 0.5, "proxy": "http://me:sesame@proxy.test:3128"}
    channels = {"zalo": {"botToken": TOKEN, "mediaMaxMb": 20, "accounts": {"shop": shop}}}
    media = {"allowPrivateNetworks": True, "timeoutSeconds": 3, "retentionDays": 0.5}
    settings = load({"channels": channels, "media": media}).settings
    rules = fetch_rules(settings)
    assert (rules[DEFAULT].max_bytes, rules[DEFAULT].proxy) == (20 * 1024 * 1024, None)
    assert (rules[SHOP].max_bytes, rules[SHOP].proxy) == (512 * 1024, "http://me:sesame@proxy.test:3128")
    assert {(each.timeout_seconds, each.allow_private_networks) for each in rules.values()} == {(3.0, True)}
    assert retention_seconds(settings) == 43_200
    assert "sesame" not in repr(rules)


@pytest.mark.parametrize(
    ("media", "problem"),
    [
        ({"retentionDays": 0}, "media.retentionDays: expected a number above 0; got 0"),
        ({"allowPrivateNetwork": True}, 'media.allowPrivateNetwork: unknown key; did you mean "allowPrivateNetworks"?'),
    ],
)
def test_mistakes_are_told(load: Loader, media: dict[str, object], problem: str) -> None:
    assert load.problems({"media": media}) == (problem,)
