"""Programs that agents run, as the settings of an agent have them started."""

from __future__ import annotations

import errno
import os
import subprocess

import trio

from actors.agents.settings import CommandSettings
from actors.errors import Rejected, RetryLater

_BUSY_ERRNOS = frozenset({errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ETXTBSY})


async def start_program(settings: CommandSettings) -> trio.Process:
    """Starts the program with pipes on all three streams; its environment is ours with `env` on top.

    Raises: Rejected when it cannot be started as the settings have it, RetryLater when the machine is short of
    something.
    On cancellation nothing was started.
    """
    if not settings.command:
        raise Rejected("the agent's command is empty: give the program and its arguments")
    try:
        return await trio.lowlevel.open_process(
            list(settings.command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=settings.cwd,
            env={**os.environ, **settings.env},
            start_new_session=True,
        )
    except OSError as error:
        raise _start_failure(settings, error) from error
    except ValueError as error:
        raise Rejected(f"the agent's command cannot be run: {error}") from error


def _start_failure(settings: CommandSettings, error: OSError) -> Rejected | RetryLater:
    program, why = settings.command[0], (error.strerror or "unknown reason").lower()
    if error.errno in _BUSY_ERRNOS:
        return RetryLater(f"the agent's program {program} could not be started now: {why}")
    if settings.cwd is not None and error.filename == settings.cwd:
        return Rejected(f"the agent's program {program} cannot be started in {settings.cwd}: {why}")
    return Rejected(
        f"the agent's program {program} cannot be started: {why}; check `command` and its execute permission"
    )
