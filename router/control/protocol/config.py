"""The settings of a running router: looked at, checked, and put in force."""

from __future__ import annotations

from typing import Any

from router.control.protocol.base import Call, Params, Result


class ConfigVerdict(Result, frozen=True, kw_only=True):
    """Whether the settings file could be used as it is now."""

    ok: bool
    file: str | None
    """None when there is no settings file."""
    problems: tuple[str, ...] = ()
    """One line each: where, and what was expected."""
    warnings: tuple[str, ...] = ()


class ValidateConfig(Params, Call[ConfigVerdict], frozen=True, kw_only=True):
    """Reads the settings file as it is now, with the router's own environment. Puts nothing in force."""


class ConfigReloaded(Result, frozen=True, kw_only=True):
    """The settings file is in force."""

    file: str | None
    changes: tuple[str, ...] = ()
    """One line each; empty when nothing changed."""
    needs_restart: tuple[str, ...] = ()
    """Sections whose change waits for a restart of the router."""
    warnings: tuple[str, ...] = ()


class ReloadConfig(Params, Call[ConfigReloaded], frozen=True, kw_only=True):
    """Puts the settings file in force at once. Fails with REFUSED, and changes nothing, when it cannot be used.

    Answered when new messages are judged by the new settings; accounts that start anew may still be at it.
    """


class ConfigShown(Result, frozen=True, kw_only=True):
    """The settings in force."""

    file: str | None
    settings: dict[str, Any]
    """All of them, defaults filled in; secrets read `***`."""
    warnings: tuple[str, ...] = ()


class GetConfig(Params, Call[ConfigShown], frozen=True, kw_only=True):
    """The settings in force."""
