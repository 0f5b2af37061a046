"""A settings file while it is being changed: nothing is written before it is whole and can be used."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import json5
import platformdirs

from actors.errors import SettingsError
from router.printable import printable
from router.rules.sessions import DEFAULT_ACCOUNT_ID, normalize_account_id
from router.settings.edit import CannotEdit, remove_value, rendered, set_value
from router.settings.edit import Path as Keys
from router.settings.paths import APP_NAME, CONFIG_NAME, find_config
from router.settings.saving import save, try_out

EMPTY = "// Settings of zalo-router; `router config schema` tells every key.\n{\n}\n"


class SettingsDraft:
    """The file as it will be."""

    def __init__(self, path: Path, text: str, *, exists: bool) -> None:
        self.path = path
        self.exists = exists
        self._text = text
        self._tree: dict[str, Any] = json5.loads(text)
        self._comments_lost = False

    def get(self, keys: Keys) -> Any:
        """What is written at this place; None when nothing is."""
        found: Any = self._tree
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        return found

    def set(self, keys: Keys, value: Any) -> None:
        """Puts a value there, in place of what was."""
        try:
            self._text = set_value(self._text, keys, value)
        except CannotEdit:
            self._rewrite(keys, value)
        self._tree = json5.loads(self._text)

    def remove(self, keys: Keys) -> None:
        """Takes a key away, if it is there."""
        if self.get(keys) is None:
            return
        self._text = remove_value(self._text, keys)
        self._tree = json5.loads(self._text)

    def save(self) -> None:
        """Writes the file and says where, or says what is wrong with it and writes nothing.

        Raises: SettingsError when it could not be used; OSError.
        """
        problems = try_out(self.path, self._text, os.environ).problems
        if problems:
            raise SettingsError((*problems, "nothing was written"))
        backup = save(self.path, self._text)
        click.echo(printable(f"Wrote {self.path}; only you can read it."))
        if backup is not None:
            lost = " Its comments could not be kept." if self._comments_lost else ""
            click.echo(printable(f"What it was before is {backup}.{lost}"))

    def _rewrite(self, keys: Keys, value: Any) -> None:
        """The whole tree anew: what stood in the way is replaced."""
        at: dict[str, Any] = self._tree
        for key in keys[:-1]:
            inner = at.get(key)
            at[key] = inner = inner if isinstance(inner, dict) else {}
            at = inner
        at[keys[-1]] = value
        self._text, self._comments_lost = rendered(self._tree) + "\n", True


def open_draft(config: Path | None) -> SettingsDraft:
    """The settings file that would be served, or the one to be made: in the working directory only if one is there.

    Raises: click.ClickException when it is there and cannot be read.
    """
    found = find_config(config, os.environ)
    path = found or platformdirs.user_config_path(APP_NAME, appauthor=False) / CONFIG_NAME
    if not path.exists():
        return SettingsDraft(path, EMPTY, exists=False)
    try:
        text = path.read_text(encoding="utf-8-sig")
        if not isinstance(json5.loads(text), dict):
            raise click.ClickException(f"{path}: expected an object; mend it first")
        return SettingsDraft(path, text, exists=True)
    except ValueError as error:
        raise click.ClickException(f"{path}: not JSON5, mend it first (`router config validate`)") from error


def account_keys(draft: SettingsDraft, channel: str, account: str) -> Keys:
    """Where an account's own keys are written: the default account's beside the channel's, unless it has a block."""
    account_id = normalize_account_id(account)
    block = ("channels", channel, "accounts", account_id)
    if account_id == DEFAULT_ACCOUNT_ID and draft.get(block) is None:
        return ("channels", channel)
    return block
