"""Where tokens and profiles come from, and that nobody borrows or shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from settings_support import OTHER_TOKEN, TOKEN, Loader, bot

from actors.secret import Secret
from actors.zalo.settings import ZaloSettings
from actors.zalouser.settings import ZalouserSettings
from router.settings.schema import Account


@pytest.fixture
def load(tmp_path: Path) -> Loader:
    return Loader(tmp_path)


def token(account: Account) -> str | None:
    settings = account.settings
    assert isinstance(settings, ZaloSettings)
    return settings.bot_token.reveal() if settings.bot_token else None


def profile(account: Account) -> str | None:
    assert isinstance(account.settings, ZalouserSettings)
    return account.settings.profile


def tokens(accounts: dict[str, Account]) -> dict[str, tuple[str | None, str]]:
    return {name: (token(account), account.token_source) for name, account in accounts.items()}


def test_a_token_file_is_read_and_trimmed(load: Loader) -> None:
    path = load.write("secrets/token", f"  {TOKEN}\n")
    loaded = load({"channels": {"zalo": {"tokenFile": "secrets/token"}}})
    assert tokens({"a": loaded.settings.accounts[0]}) == {"a": (TOKEN, "configFile")}
    assert loaded.sources == (load.path, path)


def test_a_token_in_the_file_wins_over_a_token_file_and_that_over_the_environment(load: Loader) -> None:
    load.write("token", OTHER_TOKEN)
    env = {"ZALO_BOT_TOKEN": "1:env"}
    assert tokens(load.accounts(bot(tokenFile="token"), **env)) == {"zalo:default": (TOKEN, "config")}
    assert tokens(load.accounts({"zalo": {"tokenFile": "token"}}, **env)) == {
        "zalo:default": (OTHER_TOKEN, "configFile")
    }
    assert tokens(load.accounts({"zalo": {}}, **env)) == {"zalo:default": ("1:env", "env")}


def test_a_token_in_the_environment_is_enough(load: Loader) -> None:
    assert tokens(load.accounts({}, ZALO_BOT_TOKEN=f" {TOKEN} ")) == {"zalo:default": (TOKEN, "env")}
    assert load.accounts({}, ZALO_BOT_TOKEN=" ") == {}


def test_the_environments_token_is_for_the_account_default_only(load: Loader) -> None:
    assert load.problems({"channels": {"zalo": {"accounts": {"shop": {}}}}}, ZALO_BOT_TOKEN=TOKEN) == (
        "channels.zalo.accounts.shop: no bot token; set botToken or tokenFile of its own",
    )


def test_a_named_account_may_be_given_the_environments_token_without_making_it_twice(load: Loader) -> None:
    channels = {"zalo": {"accounts": {"shop": {"botToken": "${ZALO_BOT_TOKEN}"}}}}
    assert tokens(load.accounts(channels, ZALO_BOT_TOKEN=TOKEN)) == {"zalo:shop": (TOKEN, "config")}


def test_a_named_account_does_not_borrow_its_channels_token(load: Loader) -> None:
    assert load.problems({"channels": bot(accounts={"shop": {"name": "Shop"}})}) == (
        "channels.zalo.accounts.shop: no bot token; set botToken or tokenFile of its own",
    )


@pytest.mark.parametrize(
    ("channel", "problem"),
    [
        ({}, "channels.zalo: no bot token; set botToken or tokenFile, or ZALO_BOT_TOKEN"),
        ({"botToken": ""}, "channels.zalo.botToken: expected a string that is not empty; got an empty string"),
        ({"botToken": 12345}, "channels.zalo.botToken: expected a string that is not empty; got a number"),
        ({"botToken": "1:a b"}, "channels.zalo.botToken: not a bot token; expected something like 12345689:abc-xyz"),
        ({"botToken": "1:a/b"}, "channels.zalo.botToken: not a bot token; expected something like 12345689:abc-xyz"),
        ({"botToken": "  "}, "channels.zalo.botToken: not a bot token; expected something like 12345689:abc-xyz"),
        ({"tokenFile": ""}, "channels.zalo.tokenFile: expected the name of a file; got an empty string"),
        ({"tokenFile": 3}, "channels.zalo.tokenFile: expected a string; got 3"),
        ({"tokenFile": "no"}, "channels.zalo.tokenFile: cannot read DIR/no: No such file or directory"),
        ({"tokenFile": "a\0b"}, "channels.zalo.tokenFile: cannot read DIR/a\\x00b: no file can be called so"),
        ({"tokenFile": "."}, "channels.zalo.tokenFile: cannot read DIR: Is a directory"),
        (
            {"tokenFile": "blank"},
            "channels.zalo.tokenFile: DIR/blank holds no token; expected the token alone in the file",
        ),
        (
            {"tokenFile": "long"},
            "channels.zalo.tokenFile: DIR/long holds no token; expected the token alone in the file",
        ),
        (
            {"tokenFile": "two"},
            "channels.zalo.tokenFile (DIR/two): not a bot token; expected something like 12345689:abc-xyz",
        ),
    ],
)
def test_an_account_without_a_usable_token_is_one_problem(load: Loader, channel: dict[str, Any], problem: str) -> None:
    load.write("blank", " \n")
    load.write("two", "1:a\n2:b\n")
    load.write("long", "1:" + "a" * 5000)
    problems = load.problems({"channels": {"zalo": channel}})
    assert [each.replace(str(load.directory), "DIR") for each in problems] == [problem]


@pytest.mark.parametrize(("place", "keys"), [("channel", {"enabled": False}), ("account", {})])
def test_a_disabled_account_without_a_token_is_no_problem_but_says_why_it_could_not_run(
    load: Loader, place: str, keys: dict[str, Any]
) -> None:
    account = {"enabled": place != "account", "tokenFile": "none"}
    accounts = load.accounts({"zalo": {**keys, "accounts": {"shop": account}}})
    reason = f"channels.zalo.accounts.shop.tokenFile: cannot read {load.directory / 'none'}: No such file or directory"
    assert (accounts["zalo:shop"].enabled, accounts["zalo:shop"].unusable) == (False, reason)


def test_two_enabled_accounts_with_one_token_are_a_problem_that_does_not_show_it(load: Loader) -> None:
    (problem,) = load.problems({"channels": bot(accounts={"shop": {"botToken": f" {TOKEN}"}})})
    assert problem == "channels.zalo.accounts.shop: same bot token as channels.zalo; one account cannot run twice"


def test_a_disabled_twin_does_no_harm(load: Loader) -> None:
    accounts = load.accounts(bot(accounts={"shop": {"botToken": TOKEN, "enabled": False}}))
    assert [account.enabled for account in accounts.values()] == [True, False]


def test_an_unset_variable_is_told_once_for_each_token_and_nothing_more(load: Loader) -> None:
    channels = {"zalo": {"botToken": "${NOPE}", "accounts": {"shop": {"botToken": "${NOPE}"}}}}
    hint = "environment variable NOPE is not set; set it, or write $${NOPE} for the text itself"
    assert load.problems({"channels": channels}) == (
        f"channels.zalo.botToken: {hint}",
        f"channels.zalo.accounts.shop.botToken: {hint}",
    )


def test_the_api_address_comes_from_the_file_then_the_environment(load: Loader) -> None:
    env = {"ZALO_API_URL": "http://127.0.0.1:9"}
    for keys, address in (({}, "http://127.0.0.1:9"), ({"apiUrl": "https://proxy.example"}, "https://proxy.example")):
        settings = load.accounts(bot(**keys), **env)["zalo:default"].settings
        assert isinstance(settings, ZaloSettings)
        assert settings.api_url == address


def test_a_wrong_address_in_the_environment_is_a_problem(load: Loader) -> None:
    assert load.problems({"channels": bot()}, ZALO_API_URL="nowhere") == (
        "channels.zalo.apiUrl: expected an address with https:// or http://",
    )


# zca profiles


def test_a_profile_is_the_files_then_the_environments_then_the_account_id(load: Loader) -> None:
    channels: dict[str, Any] = {"zalouser": {"accounts": {"work": {"profile": " w "}, "home": {}}}}
    accounts = load.accounts(channels)
    assert {name: profile(account) for name, account in accounts.items()} == {
        "zalouser:home": "home",
        "zalouser:work": "w",
    }
    accounts = load.accounts(channels, ZCA_PROFILE="env")
    assert {name: (profile(account), account.token_source) for name, account in accounts.items()} == {
        "zalouser:home": ("env", "env"),
        "zalouser:work": ("w", "config"),
    }


def test_a_channels_profile_is_the_default_accounts_and_not_inherited(load: Loader) -> None:
    accounts = load.accounts({"zalouser": {"profile": "me", "accounts": {"work": {}}}})
    assert {name: profile(account) for name, account in accounts.items()} == {
        "zalouser:default": "me",
        "zalouser:work": "work",
    }


def test_two_enabled_accounts_with_one_profile_are_a_problem(load: Loader) -> None:
    channels = {"zalouser": {"accounts": {"work": {}, "home": {"profile": "work"}}}}
    assert load.problems({"channels": channels}) == (
        "channels.zalouser.accounts.work: same zca profile as channels.zalouser.accounts.home;"
        " one account cannot run twice",
    )


def test_a_profile_in_the_environment_alone_makes_no_account(load: Loader) -> None:
    assert load.accounts({}, ZCA_PROFILE="env") == {}


def test_secrets_do_not_show(load: Loader) -> None:
    loaded = load(
        {
            "channels": bot(
                webhookUrl="https://x.example/hook",
                webhookSecret=["canary-secret-1", "canary-secret-2"],
                proxy="http://user:canary-password@proxy.example",
            ),
            "agents": {
                "list": [
                    {"id": "a", "kind": "openai", "baseUrl": "http://x/v1", "model": "m", "apiKey": "canary-key"},
                    {"id": "b", "kind": "command", "command": ["x"], "env": {"KEY": "canary-env"}},
                    {"id": "c", "kind": "http", "url": "http://x", "headers": {"Authorization": "canary-header"}},
                ]
            },
        }
    )
    assert "canary" not in repr(loaded)
    assert TOKEN not in repr(loaded)
    settings = loaded.settings.accounts[0].settings
    assert isinstance(settings, ZaloSettings)
    assert settings.webhook_secret == (Secret("canary-secret-1"), Secret("canary-secret-2"))
