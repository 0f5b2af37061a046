"""`router config`: what it prints, where, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from click.testing import CliRunner, Result
from settings_support import TOKEN

from router.cli import main
from router.cli.config import config

ROOT = Path(__file__).parents[2]
GOOD = {
    "channels": {"zalo": {"botToken": TOKEN}},
    "agents": {"list": [{"id": "main", "kind": "echo"}]},
    "session": {"dmScope": "per-account-channel-peer"},
}


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working directory, and none of the variables that settings read."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(platformdirs, "user_config_path", lambda name, appauthor: tmp_path / "config" / name)
    for name in ("ROUTER_CONFIG", "ZALO_BOT_TOKEN", "ZALO_API_URL", "ZCA_PROFILE"):
        monkeypatch.delenv(name, raising=False)


def write(content: Any, name: str = "router.json5") -> None:
    Path(name).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


def run(*words: str) -> Result:
    return CliRunner().invoke(config, list(words))


def test_good_settings_are_ok_and_say_which_file() -> None:
    write(GOOD)
    result = run("validate")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "OK: router.json5\n", "")


def test_warnings_go_to_stderr_and_are_no_failure() -> None:
    write({**GOOD, "session": {}})
    result = run("validate")
    assert (result.exit_code, result.stdout) == (0, "OK: router.json5\n")
    assert result.stderr.startswith("warning: session.dmScope: ")
    assert result.stderr.count("\n") == 1


def test_problems_go_to_stderr_one_a_line_and_end_with_2() -> None:
    write({"colour": 1, "webhook": {"port": -1}})
    result = run("validate")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        "colour: unknown key; remove it",
        "webhook.port: expected a whole number from 0 to 65535; got -1",
    ]


def test_a_named_file_is_read_and_a_missing_one_is_a_problem() -> None:
    write(GOOD, "shop.json5")
    assert run("validate", "--config", "shop.json5").stdout == "OK: shop.json5\n"
    result = run("validate", "--config", "none.json5")
    assert (result.exit_code, result.stderr) == (2, "none.json5: cannot be read: No such file or directory\n")


def test_the_environment_names_the_file_and_fills_it_in(monkeypatch: pytest.MonkeyPatch) -> None:
    write({**GOOD, "channels": {"zalo": {"botToken": "${SHOP_TOKEN}"}}}, "env.json5")
    monkeypatch.setenv("ROUTER_CONFIG", "env.json5")
    assert "SHOP_TOKEN is not set" in run("validate").stderr
    monkeypatch.setenv("SHOP_TOKEN", TOKEN)
    assert run("validate").stdout == "OK: env.json5\n"


def test_without_a_file_the_defaults_hold() -> None:
    result = run("validate")
    assert (result.exit_code, result.stdout) == (0, "OK: no settings file; the defaults hold\n")


@pytest.mark.parametrize(
    ("content", "ok", "exit_code"), [(GOOD, True, 0), ({"colour": 1}, False, 2), ("{oops", False, 2), ("", False, 2)]
)
def test_json_is_one_object_whatever_happens(content: Any, ok: bool, exit_code: int) -> None:
    write(content)
    result = run("validate", "--json")
    answer = json.loads(result.stdout)
    assert list(answer) == ["ok", "file", "problems", "warnings"]
    assert (result.exit_code, result.stderr) == (exit_code, "")
    assert (answer["ok"], answer["file"]) == (ok, "router.json5")
    assert bool(answer["problems"]) is not ok


def test_json_without_a_file_says_null() -> None:
    assert json.loads(run("validate", "--json").stdout)["file"] is None


def test_no_secret_is_printed() -> None:
    write({**GOOD, "channels": {"zalo": {"botToken": "canary canary", "webhookSecret": "canary"}}})
    for words in (["validate"], ["validate", "--json"]):
        result = run(*words)
        assert result.exit_code == 2
        assert "canary" not in result.output


def test_a_control_character_of_the_file_never_reaches_the_terminal() -> None:
    write({"\x1b[31mred": 1})
    assert "\x1b" not in run("validate").output


def test_the_schema_is_one_json_object() -> None:
    result = run("schema")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["title"] == "zalo-router settings"


def test_the_program_gives_the_exit_code_on(capsys: pytest.CaptureFixture[str]) -> None:
    write({"colour": 1})
    assert main(["config", "validate"]) == 2
    assert capsys.readouterr().err == "colour: unknown key; remove it\n"
    write(GOOD)
    assert main(["config", "validate"]) == 0


def test_help_shows_examples() -> None:
    assert "router config validate --config shop.json5 --json" in run("--help").output


def test_help_does_not_wait_for_json5() -> None:
    code = "import sys, router.cli.config; print(sorted({'json5', 'httpx', 'trio'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
