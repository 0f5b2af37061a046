"""`router message`: say something to somebody, and hear the truth about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from router.cli.failures import FAILED
from router.cli.options import Where, config_option, json_option, router_options
from router.cli.words import channel_of

if TYPE_CHECKING:
    from router.control.protocol.messages import MessageSent, PartReport, SendMessage

EPILOG = """\b
Examples:
  router message send --channel zalo --target 6ede9afa66b88fe6d6a9 --message "Your order is ready"
  router message send --channel zalo --target 6ede9afa66b88fe6d6a9 --media https://example.com/a.jpg
  router message send --channel zalo -t 6ede… -m "$(cat news.txt)" --dry-run
  router message send --channel zalo -t 6ede… -m "Only once" --idempotency-key order-4711
"""


@click.group()
def message() -> None:
    """Send a message."""


@message.command(epilog=EPILOG)
@click.option("--channel", required=True, metavar="CHANNEL", help="zalo (zl) or zalouser (zlu).")
@click.option("--account", metavar="ID", help="Which account sends; needed when the channel has several.")
@click.option("-t", "--target", required=True, metavar="ID", help="The chat's id.")
@click.option("-m", "--message", default="", metavar="TEXT", help="What to say; \\n is a new line.")
@click.option("--media", default="", metavar="URL", help="The http(s) address of a picture.")
@click.option("--group", is_flag=True, help="The target is a group.")
@click.option("--idempotency-key", metavar="KEY", help="The same key sends nothing again, for seven days.")
@click.option("--dry-run", is_flag=True, help="Show the parts that would be sent, and send nothing.")
@click.option("--wait", "wait_seconds", type=click.FloatRange(0, 300), default=30.0, show_default=True)
@config_option
@router_options
@json_option
@click.pass_context
def send(ctx: click.Context, /, *, config: Path | None, where: Where, as_json: bool, **asked: Any) -> None:
    """Send a text, a picture, or both to one chat.

    A long text is sent in parts, in order; when one is refused the rest is not sent. The exit code is 0 only when the
    network has confirmed every part, and 1 when it refused one, may not have got one, or has not got all of them yet
    (what is queued is still sent).

    When no router runs on the state directory, this command opens it itself, sends through the account of the settings
    file, and leaves what it could not send for the next start.
    """
    from router.cli.output import print_json
    from router.control.protocol.messages import SendMessage

    asked["channel"] = channel_of(asked["channel"])
    asked["message"] = asked["message"].replace("\\n", "\n")
    params = SendMessage(**asked)
    found = _send(params, where, config)
    if as_json:
        print_json(found)
    else:
        print_outcome(found)
    ctx.exit(0 if found.outcome in ("sent", "dry-run") else FAILED)


def _send(params: SendMessage, where: Where, config: Path | None) -> MessageSent:
    from router.cli.remote import ask
    from router.control.endpoint import NotRunning

    try:
        return ask(where, params, wait_seconds=params.wait_seconds)
    except NotRunning:
        if where.url is not None:
            raise
    from router.offline import send_without_a_router

    return send_without_a_router(params, config=config, state_dir=where.state_dir)


def print_outcome(found: MessageSent) -> None:
    """Prints it for people: a line for every part, and one for the whole."""
    from router.printable import printable

    for number, part in enumerate(found.parts, 1):
        click.echo(_part_line(part, f"{number}/{len(found.parts)}"))
        if found.outcome == "dry-run" and part.text:
            click.echo(part.text)
    whom = f"{found.channel}:{found.account_id} to {printable(found.target)}"
    words = {
        "sent": f"✓ Sent via {whom}.",
        "failed": f"✗ Not sent via {whom}: {printable(found.reason)}",
        "pending": f"… Queued via {whom}, not sent yet: {printable(found.reason)}",
        "dry-run": f"Dry run: nothing was sent via {whom}.",
    }
    click.echo(words[found.outcome])


def _part_line(part: PartReport, place: str) -> str:
    from router.printable import printable

    marks = {"sent": "✓", "dead": "✗", "unknown": "?", "dropped": "✗"}
    size = f"{part.utf16_units} of 2000 characters"
    state = {"sent": f"message id {part.message_id or 'none given'}"}.get(part.state, part.state)
    error = f": {printable(part.error)}" if part.error else ""
    return f"{marks.get(part.state, '…')} part {place} ({part.kind}, {size}): {state}{error}"
