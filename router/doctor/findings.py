"""What an examination finds, and what it is told to look at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from router.control.protocol.channels import ChannelsStatusResult
from router.settings.load import Reading
from router.settings.schema import Account, Settings

Level = Literal["ok", "warn", "fail"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    level: Level
    where: str
    """What was looked at: `token of zalo:shop`."""
    what: str
    """How it is, in one sentence."""
    fix: str = ""
    """What to do about it; empty when there is nothing to do."""


def ok(where: str, what: str) -> Finding:
    """All is well there."""
    return Finding(level="ok", where=where, what=what)


def warn(where: str, what: str, fix: str = "") -> Finding:
    """It works, and is not as it should be; or it could not be found out."""
    return Finding(level="warn", where=where, what=what, fix=fix)


def fail(where: str, what: str, fix: str = "") -> Finding:
    """It does not work."""
    return Finding(level="fail", where=where, what=what, fix=fix)


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """The router of this state directory, if it answers."""

    pid: int
    channels: ChannelsStatusResult


class Patient(msgspec.Struct, frozen=True, kw_only=True):
    """What is examined."""

    config: Path | None
    reading: Reading
    state_dir: Path
    locks: Path
    """Directory of the locks that hold for the whole machine."""
    env: Mapping[str, str]
    running: Running | None = None
    not_running: str = ""
    """Why it does not answer."""

    @property
    def settings(self) -> Settings:
        """The settings, or the defaults when the file cannot be used."""
        return self.reading.settings or Settings()

    def accounts(self, channel: str) -> list[Account]:
        """The enabled accounts of one channel."""
        return [each for each in self.settings.accounts if each.enabled and each.key.channel == channel]
