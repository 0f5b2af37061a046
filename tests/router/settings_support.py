"""Loading settings in tests: a tree or a text goes in, the settings or the problems come out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from actors.errors import SettingsError
from router.settings.load import Loaded, load_settings
from router.settings.schema import Account

TOKEN = "12345689:abc-xyz"
OTHER_TOKEN = "98765432:zyx-cba"

Tree = Mapping[str, Any]


class Loader:
    """Writes a settings file into a directory of its own and loads it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / "router.json5"

    def write(self, name: str, content: Tree | str | bytes) -> Path:
        """A file beside the settings file; a tree is written as JSON."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    def __call__(self, content: Tree | str, **env: str) -> Loaded:
        """What the content loads as, with `env` as the whole environment."""
        self.write(self.path.name, content)
        return load_settings(self.path, env=env)

    def problems(self, content: Tree | str | bytes, **env: str) -> tuple[str, ...]:
        """All that is wrong with the content; fails the test when nothing is."""
        self.write(self.path.name, content)
        with pytest.raises(SettingsError) as caught:
            load_settings(self.path, env=env)
        return caught.value.problems

    def accounts(self, channels: Tree, **env: str) -> dict[str, Account]:
        """The accounts of these channels, by their printed key."""
        return {str(account.key): account for account in self({"channels": channels}, **env).settings.accounts}


def bot(**keys: Any) -> dict[str, Any]:
    """`channels` with one official bot account that has a token, and these keys."""
    return {"zalo": {"botToken": TOKEN, **keys}}
