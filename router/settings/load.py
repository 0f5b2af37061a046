"""From a settings file to checked settings, or to everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from actors.errors import SettingsError
from actors.restart import RestartPolicy
from router.settings.accounts import resolve_accounts
from router.settings.agents import agent_ids, resolve_agents
from router.settings.bindings import resolve_bindings
from router.settings.build import as_object, build, build_struct, refuse_unknown
from router.settings.checks import check_listeners
from router.settings.draft import Surroundings
from router.settings.includes import Includer
from router.settings.kinds import warn_of_broken_plugins
from router.settings.problems import Report
from router.settings.resets import check_resets
from router.settings.schema import Settings
from router.settings.sections import (
    CommandsSettings,
    ControlSettings,
    LimitsSettings,
    LoggingSettings,
    MediaSettings,
    MessagesSettings,
    SessionSettings,
    StoreSettings,
    WebhookSettings,
)
from router.settings.substitution import substitute
from router.settings.unsafe import warn_unsafe

SECTIONS: dict[str, type[msgspec.Struct]] = {
    "session": SessionSettings,
    "messages": MessagesSettings,
    "media": MediaSettings,
    "commands": CommandsSettings,
    "webhook": WebhookSettings,
    "control": ControlSettings,
    "store": StoreSettings,
    "limits": LimitsSettings,
    "restart": RestartPolicy,
    "logging": LoggingSettings,
}
"""Sections that are one struct each; `channels`, `agents` and `bindings` are more."""

ROOT_KEYS = ("$schema", "channels", "agents", "bindings", *SECTIONS)


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """Settings that can be used, and what came up on the way."""

    settings: Settings
    warnings: tuple[str, ...] = ()
    """What works and is not wise, one line each."""
    sources: tuple[Path, ...] = ()
    """Every file that had a say: the settings file first, then includes and token files."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What the settings file says, good or bad."""

    settings: Settings | None
    """None when there are problems."""
    problems: tuple[str, ...] = ()
    """One line each, none with a secret in it."""
    warnings: tuple[str, ...] = ()
    sources: tuple[Path, ...] = ()
    """Every file that had a say, or would have had if it could be read."""

    def loaded(self) -> Loaded:
        """The settings. Raises SettingsError when there are problems."""
        if self.settings is None:
            raise SettingsError(self.problems)
        return Loaded(settings=self.settings, warnings=self.warnings, sources=self.sources)


def load_settings(path: Path | None, *, env: Mapping[str, str]) -> Loaded:
    """Reads and checks the settings in the file at `path`; without a file, the defaults and what `env` adds.

    Reads files and blocks while it does; connects to nothing. Relative file names count from the settings file.

    Raises: SettingsError with every problem found, one line each, none with a secret in it.
    """
    return read_settings(path, env=env).loaded()


def read_settings(path: Path | None, *, env: Mapping[str, str]) -> Reading:
    """Like `load_settings`, and tells the problems instead of raising them."""
    report = Report()
    warn_of_broken_plugins(report)
    tree: Any = {}
    sources: list[Path] = []
    if path is not None:
        includer = Includer(path, report)
        tree = includer.read()
        sources = includer.sources
    settings = None
    if tree is not None or not report.problems:
        directory = path.parent if path is not None else Path()
        settings = settings_of(tree, Surroundings(env, directory, report, sources))
    return Reading(
        settings=None if report.problems else settings,
        problems=tuple(report.problems),
        warnings=tuple(report.warnings),
        sources=tuple(sources),
    )


def settings_of(tree: Any, around: Surroundings) -> Settings | None:
    """The settings in a tree whose includes are resolved; None when there are problems, which are in the report."""
    report = around.report
    root = as_object(substitute(tree, around.env, report), "the settings file", report)
    refuse_unknown(root, ROOT_KEYS, "", report)
    if "$schema" in root:
        build(root["$schema"], str, "$schema", report)
    accounts = resolve_accounts(root.get("channels", {}), around)
    agents = resolve_agents(root.get("agents", {}), report)
    bindings = resolve_bindings(root.get("bindings", []), agent_ids(root.get("agents")), accounts.known, report)
    sections: dict[str, Any] = {
        name: build_struct(root.get(name, {}), wanted, name, report) for name, wanted in SECTIONS.items()
    }
    if sections["webhook"] is not None and sections["control"] is not None:
        check_listeners(sections["webhook"], sections["control"], report)
    if sections["session"] is not None:
        check_resets(sections["session"], report)
    if report.problems:
        return None
    sections["webhook"] = _with_files(sections["webhook"], around)
    settings = Settings(accounts=accounts.resolved, agents=agents, bindings=bindings, **sections)
    warn_unsafe(settings, report)
    return settings


def _with_files(webhook: WebhookSettings, around: Surroundings) -> WebhookSettings:
    """The same with its file names made whole; they are opened when the listener is."""
    if webhook.tls_cert is None or webhook.tls_key is None:
        return webhook
    cert, key = (str(around.file(name)) for name in (webhook.tls_cert, webhook.tls_key))
    return msgspec.structs.replace(webhook, tls_cert=cert, tls_key=key)
