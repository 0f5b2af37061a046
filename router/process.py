"""`router serve` as a process: settings, directory, locks, logs and signals around the router, and its exit code.

0    stopped as asked, everything that ran came to its end
1    could not run, or did not finish in time what ran (it is in the store, for the next start)
2    the settings cannot be used
130, 143    stopped at once by a second Ctrl-C or SIGTERM
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import trio

from actors.errors import RouterError, SettingsError
from actors.messages import AccountKey
from router.events import SettingsLoaded, SettingsWarning
from router.logs import LogOptions, open_logs
from router.serve import serve
from router.settings.load import Loaded, load_settings
from router.settings.paths import find_config, find_state_dir
from router.settings.schema import Settings
from router.settings.secrets import secrets_in
from router.settings_file import SettingsFile
from router.signals import heeding_signals
from router.store.lock import lock_file, machine_lock_directory
from router.surroundings import Surroundings
from router.systemd import service_manager
from router.telemetry import Telemetry

OK, FAILED, BAD_SETTINGS = 0, 1, 2
SIGNALLED = 128
"""Plus the number of the signal, as shells say it."""

_crashes = logging.getLogger("router.crash")


def main_serve(*, config: Path | None, state_dir: Path | None, demo: bool) -> int:
    """Runs the router until it is told to stop; returns the exit code. Says on standard error what went wrong."""
    if demo:
        from router.demo import main_demo

        return main_demo()
    try:
        path = find_config(config, os.environ)
        loaded = load_settings(path, env=os.environ)
        directory = find_state_dir(state_dir, os.environ)
        with prepared(loaded, directory, partial(find_config, config, os.environ)) as around:
            around.telemetry.emit(_loaded_event(loaded.settings, path))
            for warning in loaded.warnings:
                around.telemetry.emit(SettingsWarning(warning=warning))
            return trio.run(run_until_signalled, loaded, around)
    except BaseException as error:  # noqa: BLE001 the outermost frame: nothing is swallowed, all of it is said
        return explain(error)


@contextmanager
def prepared(loaded: Loaded, state_dir: Path, find: Callable[[], Path | None]) -> Iterator[Surroundings]:
    """The state directory (0700), its lock, and the logs in it; `find` says where the settings file is.

    Raises: AlreadyRunning, StoreUnavailable, OSError.
    """
    settings = loaded.settings.logging
    options = LogOptions(
        level=settings.level,
        console_style=settings.console_style,
        max_mb=settings.file.max_mb,
        keep=settings.file.keep,
    )
    with lock_file(state_dir / "router.lock", f"the state directory {state_dir}"):
        state_dir.chmod(0o700)
        with open_logs(state_dir, options) as logs:
            for secret in secrets_in(loaded.settings):
                logs.register_secret(secret)
            telemetry = Telemetry()
            telemetry.add_sink(logs.sink, settings.level)
            yield Surroundings(
                state_dir=state_dir,
                locks=machine_lock_directory(),
                telemetry=telemetry,
                on_crash=log_crash,
                redact=logs.redact,
                settings_file=SettingsFile(find, os.environ, loaded.sources, logs.register_secret),
                service_manager=service_manager(os.environ, os.getpid()),
            )


async def run_until_signalled(loaded: Loaded, around: Surroundings) -> int:
    """Serves until SIGTERM or Ctrl-C, then drains; a second one ends it at once."""
    stop, clean = trio.Event(), False
    on_hangup = None if around.settings_file is None else around.settings_file.ring
    async with heeding_signals(stop, on_hangup) as interruption:
        clean = await serve(loaded, around, stop)
    if interruption.signal_number:
        return SIGNALLED + interruption.signal_number
    return OK if clean else FAILED


def log_crash(account: AccountKey, error: Exception) -> None:
    """Writes an account's crash to the log, traceback and all; its redactor takes secrets out."""
    _crashes.error("%s crashed", account, exc_info=error)


def explain(error: BaseException) -> int:
    """Says in sentences why the process ends, and returns its exit code. A defect is logged, traceback and all."""
    known = list(_leaves(error))
    if any(isinstance(leaf, KeyboardInterrupt) for leaf in known):
        return SIGNALLED + signal.SIGINT
    expected = [leaf for leaf in known if isinstance(leaf, RouterError | OSError)]
    if len(expected) < len(known):
        _crashes.error("the router ends because of a defect in it", exc_info=error)
        _say("the router ends because of a defect in it; nothing accepted is lost, start it again (the log says more)")
        return FAILED
    for leaf in expected:
        _say(str(leaf))
    return BAD_SETTINGS if any(isinstance(leaf, SettingsError) for leaf in expected) else FAILED


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _say(text: str) -> None:
    sys.stderr.write(f"router: {text}\n")


def _loaded_event(settings: Settings, path: Path | None) -> SettingsLoaded:
    return SettingsLoaded(
        path=str(path) if path else "the defaults (no settings file)",
        accounts=sum(account.enabled for account in settings.accounts),
        agents=len(settings.agents),
    )
