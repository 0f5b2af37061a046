"""How a command that failed ends: a word for machines, a sentence for people, an exit code for shells."""

from __future__ import annotations

from typing import NamedTuple

import click

from actors.errors import RouterError, SettingsError

DONE, FAILED, USAGE, NOT_RUNNING, INTERRUPTED = 0, 1, 2, 3, 130


class Failure(NamedTuple):
    """What is told, and the exit code."""

    code: str
    message: str
    exit_code: int


def failure_of(error: click.ClickException | RouterError | OSError) -> Failure:
    """The end of a command that raised `error`."""
    match error:
        case click.ClickException():
            return _of_click(error)
        case SettingsError():
            return Failure("settings", str(error), USAGE)
        case RouterError():
            return _of_ours(error)
        case OSError(strerror=str(reason), filename=None):
            return Failure("failed", f"{reason}.", FAILED)
        case OSError(strerror=str(reason), filename=path):
            return Failure("failed", f"{path}: {reason}.", FAILED)
    return Failure("failed", str(error), FAILED)


def _of_click(error: click.ClickException) -> Failure:
    message = error.format_message()
    if isinstance(error, click.UsageError) and error.ctx is not None and "\n" not in message:
        message = f"{message.rstrip('.')}. Try `{error.ctx.command_path} --help`."
    usage = isinstance(error, click.UsageError)
    return Failure("usage" if usage else "failed", message, USAGE if usage else FAILED)


def _of_ours(error: RouterError) -> Failure:
    # Commands that never speak to a router should not pay for importing its client's words.
    from router.control.endpoint import NotRunning
    from router.control.jsonrpc import ControlError

    if isinstance(error, NotRunning):
        return Failure("not-running", _sentence(str(error)), NOT_RUNNING)
    if isinstance(error, ControlError):
        return Failure(error.code.word, str(error), FAILED)
    return Failure("failed", str(error), FAILED)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
