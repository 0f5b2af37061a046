"""Settings that work and are unwise are told, for every account."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from settings_support import OTHER_TOKEN, Loader, bot


@pytest.fixture
def load(tmp_path: Path) -> Loader:
    return Loader(tmp_path)


def warnings(load: Loader, tree: dict[str, Any]) -> list[str]:
    quiet = {"agents": {"list": [{"id": "main", "kind": "echo"}]}}
    return list(load({**quiet, **tree}).warnings)


APART = {"session": {"dmScope": "per-account-channel-peer"}}


def test_careful_settings_raise_no_warning(load: Loader) -> None:
    assert warnings(load, {"channels": bot(), **APART}) == []


def test_every_open_account_is_warned_of_and_not_only_the_first(load: Loader) -> None:
    accounts = {"shop": {"botToken": OTHER_TOKEN, "name": "Shop"}, "off": {"enabled": False}}
    channels = bot(dmPolicy="open", allowFrom=["*"], accounts=accounts)
    assert warnings(load, {"channels": channels, **APART}) == [
        'channels.zalo.dmPolicy: "open" lets anybody write to Zalo default',
        'channels.zalo.accounts.shop.dmPolicy: "open" lets anybody write to Shop',
    ]


def test_open_groups_are_warned_of_also_when_they_are_the_default(load: Loader) -> None:
    assert warnings(load, {"channels": {"zalouser": {}}, **APART}) == [
        'channels.zalouser.groupPolicy: "open" lets every member of every group use Zalo Personal default;'
        ' "allowlist" admits named groups only'
    ]


def test_one_conversation_for_everybody_is_warned_of(load: Loader) -> None:
    assert warnings(load, {"channels": bot()}) == [
        'session.dmScope: with "main" everybody who writes directly shares one conversation with the agent;'
        ' set "per-account-channel-peer" to keep them apart'
    ]


@pytest.mark.parametrize(("host", "count"), [("127.0.0.1", 0), ("localhost", 0), ("::1", 0), ("0.0.0.0", 1)])
def test_a_control_socket_open_to_others_is_warned_of(load: Loader, host: str, count: int) -> None:
    found = warnings(load, {"channels": bot(), **APART, "control": {"host": host}})
    assert [warning.split(":")[0] for warning in found] == ["control.host"] * count


def test_the_translated_word_for_pairing_is_taken_with_a_warning(load: Loader) -> None:
    channels = bot(dmPolicy="appairage", accounts={"shop": {"botToken": OTHER_TOKEN, "dmPolicy": "appairage"}})
    loaded = load({"channels": channels, **APART})
    assert [account.policy.dm_policy for account in loaded.settings.accounts] == ["pairing", "pairing"]
    assert [warning for warning in loaded.warnings if "appairage" in warning] == [
        'channels.zalo.dmPolicy: "appairage" is taken for "pairing"; write that',
        'channels.zalo.accounts.shop.dmPolicy: "appairage" is taken for "pairing"; write that',
    ]


def test_fetching_from_private_networks_is_warned_of(load: Loader) -> None:
    tree = {"channels": bot(), "media": {"allowPrivateNetworks": True}, **APART}
    (warning,) = warnings(load, tree)
    assert warning.startswith("media.allowPrivateNetworks: whoever may write can have files fetched")
