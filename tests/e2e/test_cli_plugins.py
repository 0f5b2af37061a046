"""Plugins as an operator sees them: listed, warned of, and refused in the settings with the reason."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from plugin_package import install, install_broken, install_shout

ROOT = Path(__file__).parents[2]
WHY = "ModuleNotFoundError: No module named 'no_such_library'"
MATRIX = """
import msgspec
from actors.channel import ChannelKind

class MatrixSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    name: str = ""
    home_server: str

KIND = ChannelKind("matrix", "Matrix", ("matrix:",), MatrixSettings, None)
"""


class Shell:
    """Runs commands of a router that has the packages of a directory beside it."""

    def __init__(self, directory: Path) -> None:
        self.site = directory / "site"
        self.config = directory / "router.json5"
        self._directory = directory
        self.site.mkdir()

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "router", *words],
            env={"PYTHONPATH": f"{ROOT}:{self.site}", "HOME": str(self._directory)},
            cwd=self._directory,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert "Traceback" not in done.stderr
        return done

    def validate(self, **settings: Any) -> Any:
        self.config.write_text(json.dumps(settings))
        return json.loads(self("config", "validate", "--json", "--config", str(self.config)).stdout)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def agents(kind: str, **keys: Any) -> dict[str, Any]:
    return {"list": [{"id": "main", "kind": kind, **keys}]}


def test_kinds_are_listed_with_their_packages_and_the_broken_one_with_its_error(shell: Shell) -> None:
    install_shout(shell.site)
    install_broken(shell.site)
    listed = shell("plugins", "list", "--json")
    assert listed.returncode == 0
    rows = {row["name"]: row for row in json.loads(listed.stdout)["plugins"]}
    assert (rows["echo"]["package"], rows["echo"]["ok"]) == ("zalo-router", True)
    expected = {"kind": "agent", "version": "1.2"}
    assert rows["shout"] == {"name": "shout", "package": "router-shout", "ok": True, "error": None, **expected}
    assert rows["whisper"] == {"name": "whisper", "package": "router-whisper", "ok": False, "error": WHY, **expected}
    table = shell("plugins", "list").stdout.splitlines()
    assert any(line.split() == ["agent", "shout", "router-shout", "1.2", "ok"] for line in table)
    assert any(line.startswith("agent    whisper") and line.endswith(WHY) for line in table)


def test_settings_of_a_plugin_are_checked_like_ours(shell: Shell) -> None:
    install_shout(shell.site)
    assert shell.validate(agents=agents("shout", exclamationMarks=2))["ok"]
    wrong = shell.validate(agents=agents("shout", exclamationMarks="many", exclamationMark=2))
    assert wrong["problems"] == [
        'agents.list[0].exclamationMark: unknown key; did you mean "exclamationMarks"?',
        "agents.list[0].exclamationMarks: expected a whole number; got a string",
    ]


def test_a_broken_plugin_is_a_warning_until_its_kind_is_used(shell: Shell) -> None:
    install_broken(shell.site)
    unused = shell.validate(agents=agents("echo"))
    assert unused["ok"]
    assert unused["warnings"][0] == f"the plugin agent 'whisper' of router-whisper 1.2 does not load: {WHY}"
    used = shell.validate(agents=agents("whisper"))
    assert used["problems"] == [
        f"agents.list[0].kind: the plugin router-whisper 1.2 does not load: {WHY}; mend it or install it again"
    ]


def test_a_channel_of_a_plugin_has_accounts_policies_and_bindings_like_ours(shell: Shell) -> None:
    install(
        shell.site, "router-matrix", "[zalo_router.channels]\nmatrix = matrix_channel:KIND\n", matrix_channel=MATRIX
    )
    channels = {"matrix": {"homeServer": "x", "accounts": {"a": {}, "b": {"dmPolicy": "disabled"}}}}
    bound = [{"agentId": "main", "match": {"channel": "matrix", "accountId": "b"}}]
    reset = {"resetByChannel": {"matrix": {"mode": "daily"}}}
    assert shell.validate(channels=channels, agents=agents("echo"), bindings=bound, session=reset)["problems"] == []
    shown = json.loads(shell("config", "show", "--config", str(shell.config)).stdout)["settings"]
    accounts = [(each["label"], each["homeServer"]) for each in shown["accounts"]]
    assert accounts == [("Matrix a", "x"), ("Matrix b", "x")]
    assert {each["groupPolicy"] for each in shown["accounts"]} == {"allowlist"}
    missing = shell.validate(channels={"matrix": {"accounts": {"a": {}}}, "zalo": {"botToken": "12345689:abc-xyz"}})
    assert missing["problems"] == ["channels.matrix.accounts.a.homeServer: missing; this key is required"]


def test_a_broken_channel_is_named_where_it_is_used(shell: Shell) -> None:
    install(shell.site, "router-matrix", "[zalo_router.channels]\nmatrix = matrix_channel:KIND\n")
    used = shell.validate(channels={"matrix": {}})
    assert used["problems"] == [
        "channels.matrix: the plugin router-matrix 1.2 does not load: ModuleNotFoundError: "
        "No module named 'matrix_channel'; mend it or install it again"
    ]


def test_editors_learn_the_keys_of_plugins_even_of_settings_without_a_docstring(shell: Shell) -> None:
    install_shout(shell.site)
    install(
        shell.site, "router-matrix", "[zalo_router.channels]\nmatrix = matrix_channel:KIND\n", matrix_channel=MATRIX
    )
    schema = json.loads(shell("config", "schema").stdout)
    kinds = schema["properties"]["agents"]["properties"]["list"]["items"]["anyOf"]
    [shout] = [each for each in kinds if each["properties"]["kind"] == {"const": "shout"}]
    assert "exclamationMarks" in shout["properties"]
    assert "homeServer" in schema["properties"]["channels"]["properties"]["matrix"]["properties"]
