"""`router inbox`: messages that were not answered as they should have been."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from router.cli.options import Where, json_option, router_options

if TYPE_CHECKING:
    from router.control.protocol.messages import DeadLetterReport, InboxReport

STATES = ("waiting", "running", "done", "dead", "dropped", "handled")
COLUMNS = ("Id", "Account", "Chat", "Sender", "Kind", "State", "Agent", "Received", "Reason")
SHELF_COLUMNS = ("Id", "Account", "At", "Bytes", "Reason")
LIST_EPILOG = """\b
Examples:
  router inbox list
  router inbox list --state dropped --limit 20
"""
RETRY_EPILOG = """\b
Examples:
  router inbox retry 4711
"""
SHELF_EPILOG = """\b
Examples:
  router inbox shelf
  router inbox shelf --raw --limit 1
"""
limit_option = click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)


@click.group()
def inbox() -> None:
    """See messages whose agent stayed broken, retry them, and what could not be decoded."""


@inbox.command("list", epilog=LIST_EPILOG)
@click.option("--state", type=click.Choice(STATES), default="dead", show_default=True)
@limit_option
@router_options
@json_option
def list_rows(state: str, limit: int, where: Where, as_json: bool) -> None:
    """List messages that came in, the newest first. Texts are not shown."""
    from router.cli.output import print_json, print_table
    from router.cli.remote import ask
    from router.control.protocol.messages import ListInbox

    found = ask(where, ListInbox(state=state, limit=limit))  # type: ignore[arg-type] # one of STATES
    if as_json:
        print_json(found)
    elif not found.rows:
        click.echo(f"No message is {state}.")
    else:
        print_table(f"Inbox ({len(found.rows)})", COLUMNS, map(_row, found.rows))


@inbox.command(epilog=RETRY_EPILOG)
@click.argument("row_id", metavar="ID", type=int)
@router_options
@json_option
def retry(row_id: int, where: Where, as_json: bool) -> None:
    """Give a dead message to its agent once more."""
    from router.cli.output import print_json
    from router.cli.remote import ask
    from router.control.protocol.messages import RetryInbox

    row = ask(where, RetryInbox(id=row_id))
    if as_json:
        print_json(row)
    else:
        click.echo(f"Message {row.id} is given to {row.agent_id} once more.")


@inbox.command(epilog=SHELF_EPILOG)
@click.option("--raw", is_flag=True, help="Show what arrived, too.")
@limit_option
@router_options
@json_option
def shelf(raw: bool, limit: int, where: Where, as_json: bool) -> None:
    """List what arrived and could not be decoded, the newest first."""
    from router.cli.output import print_json, print_table
    from router.cli.remote import ask
    from router.control.protocol.messages import ListDeadLetters
    from router.printable import printable

    found = ask(where, ListDeadLetters(limit=limit, raw=raw))
    if as_json:
        print_json(found)
        return
    if not found.letters:
        click.echo("Everything that arrived could be decoded.")
        return
    print_table(f"Shelf ({len(found.letters)})", SHELF_COLUMNS, map(_letter, found.letters))
    for letter in found.letters if raw else ():
        click.echo(f"\n{letter.id}: {printable(letter.raw)}")


def _row(row: InboxReport) -> tuple[str, ...]:
    account = f"{row.channel}:{row.account_id}"
    return (
        str(row.id),
        account,
        row.chat_id,
        row.sender_id,
        row.kind,
        row.state,
        row.agent_id,
        row.received_at,
        row.reason,
    )


def _letter(letter: DeadLetterReport) -> tuple[str, ...]:
    return str(letter.id), f"{letter.channel}:{letter.account_id}", letter.at, str(letter.bytes), letter.reason
