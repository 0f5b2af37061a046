"""Which accounts there are, what they inherit, and where their credentials come from."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from settings_support import OTHER_TOKEN, TOKEN, Loader, bot

from actors.zalo.settings import ZaloSettings
from router.settings.kinds import CHANNELS
from router.settings.schema import Account, PolicySettings


@pytest.fixture
def load(tmp_path: Path) -> Loader:
    return Loader(tmp_path)


def token(account: Account) -> str | None:
    settings = account.settings
    assert isinstance(settings, ZaloSettings)
    return settings.bot_token.reveal() if settings.bot_token else None


def tokens(accounts: dict[str, Account]) -> dict[str, tuple[str | None, str]]:
    return {name: (token(account), account.token_source) for name, account in accounts.items()}


# Which accounts there are


def test_a_channel_without_accounts_has_the_account_default(load: Loader) -> None:
    accounts = load.accounts(bot())
    assert tokens(accounts) == {"zalo:default": (TOKEN, "config")}
    assert accounts["zalo:default"].path == "channels.zalo"
    assert accounts["zalo:default"].is_default


def test_a_top_level_token_goes_on_working_beside_accounts(load: Loader) -> None:
    accounts = load.accounts(bot(accounts={"shop": {"botToken": OTHER_TOKEN}}))
    assert tokens(accounts) == {"zalo:default": (TOKEN, "config"), "zalo:shop": (OTHER_TOKEN, "config")}
    assert accounts["zalo:shop"].path == "channels.zalo.accounts.shop"


def test_accounts_alone_make_no_default_one(load: Loader) -> None:
    accounts = load.accounts({"zalo": {"accounts": {"b": {"botToken": TOKEN}, "a": {"botToken": OTHER_TOKEN}}}})
    assert list(accounts) == ["zalo:a", "zalo:b"]
    assert [account.is_default for account in accounts.values()] == [True, False]


def test_accounts_default_is_an_account_like_any_other(load: Loader) -> None:
    accounts = load.accounts({"zalo": {"accounts": {"default": {"botToken": TOKEN}, "a": {"botToken": OTHER_TOKEN}}}})
    assert tokens(accounts) == {"zalo:a": (OTHER_TOKEN, "config"), "zalo:default": (TOKEN, "config")}
    assert accounts["zalo:default"].is_default


def test_accounts_default_uses_the_top_level_token_when_it_has_none(load: Loader) -> None:
    accounts = load.accounts(bot(accounts={"default": {"name": "Main"}}))
    assert tokens(accounts) == {"zalo:default": (TOKEN, "config")}
    assert accounts["zalo:default"].label == "Main"


def test_a_token_that_is_not_used_is_warned_of(load: Loader) -> None:
    loaded = load({"channels": bot(accounts={"default": {"botToken": OTHER_TOKEN}})})
    assert token(loaded.settings.accounts[0]) == OTHER_TOKEN
    assert "channels.zalo.botToken: not used; channels.zalo.accounts.default has its own" in loaded.warnings


def test_an_account_of_its_own_file_does_not_take_the_top_level_token(load: Loader) -> None:
    load.write("token", OTHER_TOKEN)
    accounts = load.accounts(bot(accounts={"default": {"tokenFile": "token"}}))
    assert tokens(accounts) == {"zalo:default": (OTHER_TOKEN, "configFile")}


def test_default_account_names_which_is_meant_without_a_name(load: Loader) -> None:
    accounts = load.accounts(bot(defaultAccount="Shop", accounts={"shop": {"botToken": OTHER_TOKEN}}))
    assert {name: account.is_default for name, account in accounts.items()} == {
        "zalo:default": False,
        "zalo:shop": True,
    }


def test_default_account_must_exist(load: Loader) -> None:
    assert load.problems({"channels": bot(defaultAccount="shp", accounts={"shop": {"botToken": OTHER_TOKEN}})}) == (
        'channels.zalo.defaultAccount: no account "shp"; did you mean "shop"?',
    )


@pytest.mark.parametrize(
    ("written", "account_id"),
    [("Shop", "shop"), ("My Shop!", "my-shop"), ("--a--", "a"), ("cửa", "c-a"), ("x" * 70, "x" * 64), ("!", "default")],
)
def test_account_ids_are_normalised(load: Loader, written: str, account_id: str) -> None:
    assert list(load.accounts({"zalo": {"accounts": {written: {"botToken": TOKEN}}}})) == [f"zalo:{account_id}"]


def test_two_accounts_of_one_id_are_a_problem(load: Loader) -> None:
    channels = {"zalo": {"accounts": {"Shop": {"botToken": TOKEN}, "shop": {"botToken": OTHER_TOKEN}}}}
    assert load.problems({"channels": channels}) == (
        'channels.zalo.accounts.shop: same account id as channels.zalo.accounts.Shop: "shop"',
    )


def test_no_channels_no_accounts(load: Loader) -> None:
    loaded = load({})
    assert loaded.settings.accounts == ()
    assert "channels: no account is configured, so nothing will come in" in loaded.warnings


# Inheritance


def test_an_account_inherits_its_channels_keys_and_a_list_replaces_a_list(load: Loader) -> None:
    accounts = load.accounts(
        bot(
            mediaMaxMb=9,
            dmPolicy="allowlist",
            allowFrom=["1", 2],
            accounts={"shop": {"botToken": OTHER_TOKEN, "allowFrom": ["3"], "chunkMode": "newline"}},
        )
    )
    default, shop = accounts["zalo:default"], accounts["zalo:shop"]
    assert isinstance(shop.settings, ZaloSettings)
    assert shop.settings.media_max_mb == 9
    assert (shop.policy.dm_policy, shop.policy.allow_from, shop.policy.chunk_mode) == ("allowlist", ("3",), "newline")
    assert (default.policy.allow_from, default.policy.chunk_mode) == (("1", "2"), "length")


def test_names_are_not_inherited_and_a_missing_one_is_made_up(load: Loader) -> None:
    accounts = load.accounts(bot(name="House", accounts={"shop": {"botToken": OTHER_TOKEN}}))
    assert {name: account.label for name, account in accounts.items()} == {
        "zalo:default": "House",
        "zalo:shop": "Zalo shop",
    }


@pytest.mark.parametrize(
    ("channel", "account", "enabled"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_an_account_is_enabled_when_its_channel_and_it_are(
    load: Loader, channel: bool, account: bool, enabled: bool
) -> None:
    channels = {"zalo": {"enabled": channel, "accounts": {"shop": {"botToken": TOKEN, "enabled": account}}}}
    assert load.accounts(channels)["zalo:shop"].enabled is enabled


@pytest.mark.parametrize(
    ("channel", "defaults", "own", "effective"),
    [
        ("zalo", {}, {}, "allowlist"),
        ("zalouser", {}, {}, "open"),
        ("zalo", {"groupPolicy": "disabled"}, {}, "disabled"),
        ("zalouser", {"groupPolicy": "disabled"}, {}, "disabled"),
        ("zalouser", {"groupPolicy": "disabled"}, {"groupPolicy": "allowlist"}, "allowlist"),
    ],
)
def test_group_policy_is_the_accounts_then_the_defaults_then_the_kinds(
    load: Loader, channel: str, defaults: dict[str, str], own: dict[str, str], effective: str
) -> None:
    extra = {"botToken": TOKEN} if channel == "zalo" else {}
    accounts = load.accounts({"defaults": defaults, channel: {**extra, **own}})
    assert accounts[f"{channel}:default"].policy.group_policy == effective


def test_the_keys_of_policy_and_kinds_do_not_collide() -> None:
    policy = {field.encode_name for field in msgspec.structs.fields(PolicySettings)}
    for row in CHANNELS.values():
        keys = {field.encode_name for field in msgspec.structs.fields(row.settings)}
        assert not keys & (policy | {"accounts", "defaultAccount"})
        assert set(row.credential_keys) <= keys
