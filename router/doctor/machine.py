"""What is examined on this machine: the settings file, permissions, space, the database, locks, programs."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

from actors.agents.settings import CommandSettings
from actors.errors import AlreadyRunning, RouterError
from actors.zalo.settings import ZaloSettings
from router.doctor.findings import Finding, Patient, fail, ok, warn
from router.store.lock import lock_file, token_lock_path
from router.store.schema import check_owner

LITTLE_BYTES, TOO_LITTLE_BYTES = 1_000_000_000, 100_000_000
DATABASE = "router.db"


def settings(patient: Patient) -> Iterator[Finding]:
    """The settings file: every problem, and everything that works and is not wise."""
    where = str(patient.config or "settings")
    for problem in patient.reading.problems:
        yield fail(where, problem, "mend it, then `router config validate`")
    for warning in patient.reading.warnings:
        yield warn(where, warning)
    if patient.config is None:
        yield warn(where, "there is no settings file; the defaults hold", "`router configure` makes one")
    elif not patient.reading.problems:
        yield ok(where, "can be used")


def permissions(patient: Patient) -> Iterator[Finding]:
    """Who else may read what only the owner should."""
    if patient.state_dir.exists():
        yield from _private(patient.state_dir, 0o700)
        for name in (DATABASE, "control.json"):
            if (patient.state_dir / name).exists():
                yield from _private(patient.state_dir / name, 0o600)
    holds_tokens = any(account.token_source == "config" for account in patient.settings.accounts)
    for index, source in enumerate(patient.reading.sources):
        if source.exists() and (index > 0 or holds_tokens):
            yield from _private(source, 0o600)


def space(patient: Patient) -> Iterator[Finding]:
    """Room on the disk of the state directory."""
    where = f"disk of {patient.state_dir}"
    free = shutil.disk_usage(_existing(patient.state_dir)).free
    words = f"{free / 1_000_000_000:.1f} GB free"
    if free < TOO_LITTLE_BYTES:
        yield fail(where, words, "make room: without it no message is taken in")
    elif free < LITTLE_BYTES:
        yield warn(where, words, "make room soon: without it no message is taken in")
    else:
        yield ok(where, words)


def store(patient: Patient) -> Iterator[Finding]:
    """The database: ours, and whole. Only read."""
    path = patient.state_dir / DATABASE
    if not path.exists():
        yield ok(str(path), "not there yet; the first start makes it")
        return
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
        try:
            check_owner(db, path)
            found = [str(row[0]) for row in db.execute("PRAGMA quick_check(3)")]
        finally:
            db.close()
    except (sqlite3.Error, RouterError) as error:
        yield fail(str(path), f"cannot be read: {error}", "restore it from a backup, or move it away to begin anew")
        return
    if found == ["ok"]:
        yield ok(str(path), "whole")
    else:
        yield fail(str(path), f"damaged: {found[0]}", "stop the router and restore it from a backup")


def logins(patient: Patient) -> Iterator[Finding]:
    """Whether another program on this machine uses a bot's token."""
    for account in patient.accounts("zalo"):
        token = account.settings.bot_token if isinstance(account.settings, ZaloSettings) else None
        path = None if token is None else token_lock_path(patient.locks, token)
        if path is None or not path.exists():
            continue
        where = f"login of {account.key}"
        try:
            with lock_file(path, where):
                yield ok(where, "used by nobody else on this machine")
        except AlreadyRunning as error:
            if patient.running is not None and f"process {patient.running.pid} " in str(error):
                yield ok(where, "used by the running router")
            else:
                yield fail(where, str(error), "one token, one router: stop the other, or give this one its own bot")
        except RouterError as error:
            yield warn(where, str(error))


def commands(patient: Patient) -> Iterator[Finding]:
    """Whether the programs of `command` agents are there."""
    for agent in patient.settings.agents:
        if not isinstance(agent.settings, CommandSettings):
            continue
        program, where = agent.settings.command[0], f"agent {agent.id}"
        search = {**patient.env, **agent.settings.env}.get("PATH")
        base = Path(agent.settings.cwd or ".")
        named = str(base / program) if os.sep in program else program
        found = shutil.which(named, path=search)
        if found is None:
            yield fail(where, f"program {program} is not found", "install it, or write its whole path")
        else:
            yield ok(where, f"runs {found}")


def _private(path: Path, wanted: int) -> Iterator[Finding]:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        yield warn(str(path), f"mode {mode:04o}: others may look into it", f"chmod {wanted:o} {path}")


def _existing(path: Path) -> Path:
    return next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())
