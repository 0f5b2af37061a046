"""An account before it is typed: what the file says of it, merged, and where each key was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from router.settings.paths import at_home
from router.settings.problems import Report, join
from router.settings.schema import TokenSource

DEFAULT_ACCOUNT = "default"


class Surroundings(msgspec.Struct, frozen=True):
    """What the file itself does not say: the environment, and the directory that relative paths start from."""

    env: Mapping[str, str]
    directory: Path
    report: Report
    sources: list[Path]
    """Files that were read or should have been; whoever watches for changes watches them all."""

    def file(self, name: str) -> Path:
        """The file that a setting names, relative to the settings file, and noted as a source."""
        path = self.directory / at_home(Path(name))
        if path not in self.sources:
            self.sources.append(path)
        return path


class Draft:
    """The merged keys of one account, its own over its channel's; an array replaces an array."""

    def __init__(
        self, account_id: str, path: str, channel_path: str, own: dict[str, Any], shared: dict[str, Any]
    ) -> None:
        self.account_id = account_id
        self.path = path
        self.values = {**shared, **own}
        self._channel_path = channel_path
        self._own = own

    def place(self, key: str) -> str:
        """Where `key` stands in the file, or where it would be written first."""
        inherited = key in self.values and key not in self._own
        return join(self._channel_path if inherited else self.path, key)


class Credentials(msgspec.Struct, frozen=True):
    """How an account proves who it is."""

    keys: dict[str, Any]
    """Keys of the kind's settings, as they would stand in the file."""
    source: TokenSource = "none"
    missing: str = ""
    """Why there are none; empty when there are."""
    identity: str = ""
    """Two enabled accounts with one identity are one account twice. Never shown; may hold a secret."""


def repeated(pairs: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """From (identity, place): the places of every two that share an identity, first one first. Empty ones never do."""
    first: dict[str, str] = {}
    for identity, place in pairs:
        if identity and identity in first:
            yield first[identity], place
        first.setdefault(identity, place)
