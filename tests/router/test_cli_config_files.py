"""`router config show`, `reload` and `import`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from cli_bench import run as run_program
from click.testing import CliRunner, Result
from control_bench import HANDLERS
from settings_support import TOKEN

from router.cli.config import config
from router.control.jsonrpc import ControlError, ErrorCode
from router.control.protocol.config import ConfigReloaded, ReloadConfig

GOOD = {"channels": {"zalo": {"botToken": TOKEN}}, "webhook": {"port": 1}}


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(platformdirs, "user_config_path", lambda name, appauthor: tmp_path / "config" / name)
    for name in ("ROUTER_CONFIG", "ZALO_BOT_TOKEN", "ZALO_API_URL", "ZCA_PROFILE", "SHOP_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def write(content: Any, name: str = "router.json5") -> Path:
    path = Path(name)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def run(*words: str) -> Result:
    return CliRunner().invoke(config, list(words))


def test_show_fills_defaults_in_and_hides_secrets() -> None:
    agent = {"id": "m", "kind": "openai", "baseUrl": "http://x", "model": "y", "apiKey": "k9"}
    write({**GOOD, "agents": {"list": [agent]}})
    result = run("show")
    shown = json.loads(result.stdout)
    assert shown["file"] == "router.json5"
    assert shown["settings"]["accounts"][0]["botToken"] == "***"
    assert shown["settings"]["agents"][0]["apiKey"] == "***"
    assert (shown["settings"]["webhook"]["port"], shown["settings"]["control"]["port"]) == (1, 18790)
    assert TOKEN not in result.output
    assert "k9" not in result.output


def test_show_hides_what_only_may_hold_a_password() -> None:
    write({"channels": {"zalo": {"botToken": TOKEN, "proxy": "http://me:canary@proxy:1"}}})
    assert "canary" not in run("show").output


def test_import_writes_a_private_file_and_says_what_it_left_out() -> None:
    write({"channels": GOOD["channels"], "gateway": {}, "session": {"dmScope": "per-peer"}}, "openclaw.json")
    result = run("import", "openclaw.json")
    assert result.exit_code == 0
    assert "- gateway: this router has no such section" in result.stdout
    file = Path("router.json5")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text().startswith("// Taken over from an OpenClaw settings file")
    assert run("validate").exit_code == 0


def test_import_overwrites_only_when_forced_and_keeps_what_was() -> None:
    write({"channels": {"zalo": {"botToken": TOKEN}}}, "openclaw.json")
    write("// mine\n{}")
    refused = run("import", "openclaw.json")
    assert (refused.exit_code, Path("router.json5").read_text()) == (1, "// mine\n{}")
    assert "say --force" in refused.output
    assert run("import", "openclaw.json", "--force").exit_code == 0
    assert Path("router.json5.bak").read_text() == "// mine\n{}"


def test_import_says_what_must_be_mended_and_still_writes() -> None:
    write({"channels": {"zalo": {"botToken": "${SHOP_TOKEN}", "dmPolicy": "open"}}}, "openclaw.json")
    result = run("import", "openclaw.json", "--to", "new.json5", "--json")
    done = json.loads(result.stdout)
    assert result.exit_code == 2
    assert {problem.split(":")[0] for problem in done["problems"]} == {
        "channels.zalo.botToken",
        "channels.zalo.allowFrom",
    }
    assert "${SHOP_TOKEN}" in Path("new.json5").read_text()


@pytest.mark.parametrize("content", ["", "{oops", "[1]"])
def test_import_of_what_is_no_settings_file_writes_nothing(content: str) -> None:
    write(content, "openclaw.json")
    assert run("import", "openclaw.json").exit_code != 0
    assert not Path("router.json5").exists()


async def test_reload_tells_what_changed(tmp_path: Path) -> None:
    async def reload(_: ReloadConfig) -> ConfigReloaded:
        return ConfigReloaded(
            file="x", changes=("account zalo:one starts anew",), needs_restart=("control",), warnings=("careful",)
        )

    ran = await run_program(tmp_path, "config reload", {**HANDLERS, "config.reload": reload})
    assert (ran.code, ran.err) == (0, "warning: careful\n")
    assert ran.out.splitlines() == [
        "account zalo:one starts anew",
        "control: changed; in force after a restart of the router",
    ]
    ran = await run_program(tmp_path, "config reload --json", {**HANDLERS, "config.reload": reload})
    assert json.loads(ran.out)["needsRestart"] == ["control"]


async def test_reload_of_a_file_that_cannot_be_used_fails_with_every_problem(tmp_path: Path) -> None:
    async def refuse(_: ReloadConfig) -> ConfigReloaded:
        raise ControlError(ErrorCode.REFUSED, "a: wrong\nb: wrong")

    ran = await run_program(tmp_path, "config reload", {**HANDLERS, "config.reload": refuse})
    assert (ran.code, ran.out, ran.err) == (1, "", "a: wrong\nb: wrong\n")
