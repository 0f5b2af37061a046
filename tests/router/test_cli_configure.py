"""`router configure` and `router channels add|remove`: what they ask, check, write and keep."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import json5
import platformdirs
import pytest
from click.testing import CliRunner, Result
from wizard_stage import bot_api_elsewhere

from router.cli.channels import channels
from router.cli.configure import configure
from router.settings.load import load_settings

TOKEN = "1000000000000000005:canary-55e"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with bot_api_elsewhere(TOKEN) as url:
        yield url


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(platformdirs, "user_config_path", lambda name, appauthor: tmp_path / "config" / name)
    for name in ("ROUTER_CONFIG", "ZALO_BOT_TOKEN", "ZCA_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ZALO_API_URL", url)


FILE = Path("router.json5")


def ask(*answers: str, options: str = "--config router.json5 --channel zalo") -> Result:
    result = CliRunner().invoke(configure, options.split(), input="".join(f"{answer}\n" for answer in answers))
    assert TOKEN.partition(":")[2] not in result.output
    return result


def run(words: str, stdin: str = "") -> Result:
    return CliRunner().invoke(channels, words.split(), input=stdin)


def written(path: Path = FILE) -> Any:
    return json5.loads(path.read_text())


def test_the_short_way_a_token_and_enter() -> None:
    result = ask(TOKEN, "", "")
    assert result.exit_code == 0, result.output
    assert written() == {"channels": {"zalo": {"botToken": TOKEN, "enabled": True}}}
    assert FILE.stat().st_mode & 0o777 == 0o600
    assert "Wrote router.json5; only you can read it." in result.output
    assert "https://bot.zaloplatforms.com" in result.output


def test_a_token_that_zalo_refuses_is_asked_for_again() -> None:
    result = ask("9:wrong", TOKEN, "", "")
    assert "Zalo does not accept this token" in result.output
    assert written()["channels"]["zalo"]["botToken"] == TOKEN


def test_a_token_that_cannot_be_tried_out_is_saved_only_when_that_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZALO_API_URL", "http://127.0.0.1:1")
    assert "Zalo could not be asked" in ask("9:any", "n").output
    assert not FILE.exists()
    ask("9:any", "y", "", "")
    assert written()["channels"]["zalo"]["botToken"] == "9:any"


def test_the_environments_token_is_offered_and_stays_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZALO_BOT_TOKEN", TOKEN)
    result = ask("", "", "")
    assert "ZALO_BOT_TOKEN detected. Use env var?" in result.output
    assert written() == {"channels": {"zalo": {"enabled": True}}}


def test_webhook_questions_are_asked_until_the_answers_fit() -> None:
    result = ask(TOKEN, "y", "http://x", "https://x.example/hook", "short", "", "mine", "")
    assert "HTTPS URL required" in result.output
    found = written()["channels"]["zalo"]
    assert (found["webhookUrl"], found["webhookPath"]) == ("https://x.example/hook", "/mine")
    assert 8 <= len(found["webhookSecret"]) <= 256
    assert found["webhookSecret"] not in result.output


@pytest.mark.parametrize(
    ("answers", "wanted"),
    [
        (("pairing",), {"dmPolicy": "pairing"}),
        (("open",), {"dmPolicy": "open", "allowFrom": ["*"]}),
        (("allowlist", "a1b2, 77"), {"dmPolicy": "allowlist", "allowFrom": ["a1b2", "77"]}),
        (("disabled",), {"dmPolicy": "disabled"}),
    ],
)
def test_policies(answers: tuple[str, ...], wanted: dict[str, Any]) -> None:
    assert ask(TOKEN, "", "y", *answers).exit_code == 0
    assert {key: value for key, value in written()["channels"]["zalo"].items() if key in wanted} == wanted


def test_an_existing_file_keeps_its_comments_and_everything_else() -> None:
    before = '// mine\n{\n  channels: {\n    zalo: { botToken: "9:old" }, // shop\n  },\n  limits: { inbox: 5 },\n}\n'
    FILE.write_text(before)
    result = ask("default", "n", TOKEN, "", "", "y")
    assert result.exit_code == 0, result.output
    assert Path("router.json5.bak").read_text() == before
    assert FILE.read_text() == before.replace('"9:old"', f'"{TOKEN}", enabled: true')


def test_nothing_is_changed_without_a_yes() -> None:
    FILE.write_text("{ limits: { inbox: 5 } }")
    result = ask(TOKEN, "", "", "n")
    assert result.exit_code == 1
    assert FILE.read_text() == "{ limits: { inbox: 5 } }"


def test_a_second_account_goes_beside_the_first() -> None:
    FILE.write_text('{ channels: { zalo: { botToken: "9:old" } } }')
    assert ask("new", "My Shop!", TOKEN, "", "", "y").exit_code == 0
    assert written()["channels"]["zalo"]["accounts"] == {"my-shop": {"botToken": TOKEN, "enabled": True}}
    loaded = load_settings(FILE, env={})
    assert [str(account.key) for account in loaded.settings.accounts] == ["zalo:default", "zalo:my-shop"]


def test_a_result_that_could_not_be_used_is_not_written() -> None:
    FILE.write_text("{ colour: 1 }")
    result = ask(TOKEN, "", "", "y")
    assert "colour: unknown key" in str(result.exception)
    assert FILE.read_text() == "{ colour: 1 }"


def test_a_file_that_is_no_settings_file_is_left_alone() -> None:
    FILE.write_text("{ oops")
    result = ask()
    assert (result.exit_code, "mend it first" in result.output, FILE.read_text()) == (1, True, "{ oops")


def test_without_zca_a_personal_account_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    result = ask(options="--config router.json5 --channel zlu")
    assert "The `zca` binary was not found in PATH." in result.output
    assert (result.exit_code, FILE.exists()) == (0, False)


def test_a_personal_account_with_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zca = tmp_path / "zca"
    zca.write_text("#!/bin/sh\necho 1.0\n")
    zca.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    options = "--config router.json5 --channel zalouser --account work"
    result = ask("y", "allowlist", "Family; 77", "", options=options)
    assert "zca --profile work auth login" in result.output
    assert written()["channels"]["zalouser"]["accounts"]["work"] == {
        "profile": "work",
        "groups": {"Family": {"allow": True}, "77": {"allow": True}},
        "groupPolicy": "allowlist",
        "enabled": True,
    }


def test_add_checks_the_token_and_writes_the_account(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text(TOKEN)
    result = run(f"add zalo --account shop --name Shop --token-file {secret} --config router.json5")
    assert result.output.endswith('Added Zalo account "shop".\n')
    wanted = {"name": "Shop", "tokenFile": str(secret), "enabled": True}
    assert written() == {"channels": {"zalo": {"accounts": {"shop": wanted}}}}


def test_add_takes_a_token_from_standard_input_only_if_zalo_knows_it() -> None:
    refused = run("add zalo --token-stdin --config router.json5", "9:wrong\n")
    assert (refused.exit_code, FILE.exists()) == (1, False)
    assert "does not accept" in refused.output
    assert run("add zalo --token-stdin --config router.json5", f"{TOKEN}\n").exit_code == 0
    assert written()["channels"]["zalo"]["botToken"] == TOKEN


def test_add_makes_a_webhook_secret() -> None:
    words = "add zalo --token-stdin --webhook-url https://x.example/h --config router.json5"
    assert run(words, f"{TOKEN}\n").exit_code == 0
    assert len(written()["channels"]["zalo"]["webhookSecret"]) >= 8


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("add zalo", "Zalo requires one of"),
        ("add zalo --use-env --token-stdin", "Zalo requires one of"),
        ("add zalo --use-env --account shop", "ZALO_BOT_TOKEN can only be used for the default account."),
        ("add telegram --use-env", "Unknown channel: telegram"),
        ("remove zalo --config none.json5", "has no zalo account default"),
    ],
)
def test_what_cannot_be_done_says_why(words: str, told: str) -> None:
    result = run(words)
    assert result.exit_code != 0
    assert told in result.output


def test_remove_switches_off_and_delete_takes_out() -> None:
    FILE.write_text('{ channels: { zalo: { accounts: { a: { botToken: "9:a" }, b: { botToken: "9:b" } } } } }')
    assert run("remove zalo --account a --config router.json5").output.endswith('Disabled Zalo account "a".\n')
    assert written()["channels"]["zalo"]["accounts"]["a"] == {"botToken": "9:a", "enabled": False}
    assert run("remove zalo --account a --delete --config router.json5").exit_code == 0
    assert list(written()["channels"]["zalo"]["accounts"]) == ["b"]


def test_removing_the_default_account_leaves_the_others_alone() -> None:
    FILE.write_text('{ channels: { zalo: { botToken: "9:a", accounts: { b: { botToken: "9:b" } } } } }')
    assert run("remove zalo --config router.json5").exit_code == 0
    enabled = {str(each.key): each.enabled for each in load_settings(FILE, env={}).settings.accounts}
    assert enabled == {"zalo:default": False, "zalo:b": True}
