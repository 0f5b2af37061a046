"""`router outbox`: what could not be sent, and deciding about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from router.cli.options import Where, json_option, router_options

if TYPE_CHECKING:
    from router.control.protocol.messages import OutboxReport

STATES = ("queued", "sending", "sent", "retry", "dead", "unknown", "dropped")
COLUMNS = ("Id", "Account", "Chat", "Kind", "State", "Attempts", "Written", "Error")
LIST_EPILOG = """\b
Examples:
  router outbox list
  router outbox list --state queued --limit 20
"""
DECIDE_EPILOG = """\b
Examples:
  router outbox {word} 4711
"""


@click.group()
def outbox() -> None:
    """See what could not be sent; send it again, or give it up.

    `dead` was refused by the network, or given up after many attempts. `unknown` may have gone out: the network never
    answered, and `whenUnknown` is `hold`; its chat waits until you decide.
    """


@outbox.command("list", epilog=LIST_EPILOG)
@click.option("--state", type=click.Choice(STATES), help="Only this state.  [default: dead and unknown]")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@router_options
@json_option
def list_rows(state: str | None, limit: int, where: Where, as_json: bool) -> None:
    """List things to send, the newest first. Texts are not shown."""
    from router.cli.output import print_json, print_table
    from router.cli.remote import ask
    from router.control.protocol.messages import ListOutbox

    found = ask(where, ListOutbox(state=state, limit=limit))  # type: ignore[arg-type] # one of STATES
    if as_json:
        print_json(found)
    elif not found.rows:
        click.echo(f"Nothing is {state}." if state else "Nothing waits for a decision.")
    else:
        print_table(f"Outbox ({len(found.rows)})", COLUMNS, map(_row, found.rows))


@outbox.command(epilog=DECIDE_EPILOG.format(word="retry"))
@click.argument("row_id", metavar="ID", type=int)
@router_options
@json_option
def retry(row_id: int, where: Where, as_json: bool) -> None:
    """Send it again: a dead one at the end of its chat, an unknown one at once (it may arrive twice)."""
    from router.cli.output import print_json
    from router.cli.remote import ask
    from router.control.protocol.messages import RetryOutbox

    row = ask(where, RetryOutbox(id=row_id))
    if as_json:
        print_json(row)
    else:
        click.echo(f"{row_id} is sent again" + (f" as {row.id}." if row.id != row_id else "."))


@outbox.command(epilog=DECIDE_EPILOG.format(word="drop"))
@click.argument("row_id", metavar="ID", type=int)
@router_options
@json_option
def drop(row_id: int, where: Where, as_json: bool) -> None:
    """Give it up; a chat that was held by it goes on."""
    from router.cli.output import print_json
    from router.cli.remote import ask
    from router.control.protocol.messages import DropOutbox

    row = ask(where, DropOutbox(id=row_id))
    if as_json:
        print_json(row)
    else:
        click.echo(f"{row.id} is dropped.")


def _row(row: OutboxReport) -> tuple[str, ...]:
    account = f"{row.channel}:{row.account_id}"
    return str(row.id), account, row.chat_id, row.kind, row.state, str(row.attempts), row.created_at, row.error
