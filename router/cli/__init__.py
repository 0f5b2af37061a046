"""The command line. `main` is what the program `router` runs.

Every command ends with one of these codes: 0 done, 1 refused or failed, 2 wrong usage or settings, 3 the router is not
running, 130 interrupted. A failure is one plain sentence on standard error; with `--json` standard output carries
exactly one JSON object all the same, `{"error": {"code": …, "message": …, "exitCode": …}}`.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

import click

from actors.errors import RouterError
from router.cli.failures import INTERRUPTED, Failure, failure_of
from router.cli.lazy import LazyGroup
from router.printable import printable
from router.version import VERSION

COMMANDS = {
    "serve": ("router.cli.serve:serve", "Run the router until it is told to stop."),
    "status": ("router.cli.status:status", "Show how the running router is doing."),
    "channels": ("router.cli.channels:channels", "See the accounts; start, stop and restart one of them."),
    "pairing": ("router.cli.pairing:pairing", "See strangers who ask to be let in; approve, reject, revoke."),
    "message": ("router.cli.message:message", "Send a message."),
    "sessions": ("router.cli.sessions:sessions", "See conversations, and begin one anew."),
    "outbox": ("router.cli.outbox:outbox", "See what could not be sent; send it again, or give it up."),
    "inbox": ("router.cli.inbox:inbox", "See messages that were not answered, and retry them."),
    "logs": ("router.cli.logs:logs", "Print the end of the log, and follow it."),
    "control": ("router.cli.control:control", "The control socket's protocol, for programs."),
    "config": ("router.cli.config:config", "Look at the settings file, check it, and put it in force."),
    "plugins": ("router.cli.plugins:plugins", "See the kinds of channels and agents, and who brings them."),
    "doctor": ("router.cli.doctor:doctor", "Look at everything that has to be right, and say what is not."),
    "configure": ("router.cli.configure:configure", "Set up an account, question by question."),
}

EPILOG = """\b
Examples:
  router serve --demo
  router status
  router pairing approve zalo 7GVCMMUW
  router channels status --probe
  router logs --follow

\b
Shell completion (bash; zsh and fish likewise):
  eval "$(_ROUTER_COMPLETE=bash_source router)"
"""


@click.group(cls=LazyGroup, table=COMMANDS, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="router")
def router() -> None:
    """Stands between Zalo and whatever answers: messages in, agents, replies out, nothing lost."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and gives its exit code. Raises only what is a bug."""
    words = list(sys.argv[1:] if argv is None else argv)
    _never_fail_on_a_letter()
    try:
        code = router.main(args=words, prog_name="router", standalone_mode=False)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except (click.ClickException, RouterError, OSError) as error:
        return _tell(failure_of(error), as_json="--json" in words)
    except BaseExceptionGroup as group:
        # Trio's own nurseries may wrap a Ctrl-C.
        if group.subgroup(KeyboardInterrupt) is None:
            raise
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def _never_fail_on_a_letter() -> None:
    """Names of people do not fit every terminal's encoding: what does not fit is written as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _tell(failure: Failure, *, as_json: bool) -> int:
    if as_json:
        from router.cli.output import print_json

        print_json({"error": {"code": failure.code, "message": failure.message, "exitCode": failure.exit_code}})
    for line in failure.message.splitlines():
        click.echo(printable(line), err=True)
    return failure.exit_code
