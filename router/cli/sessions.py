"""`router sessions`: conversations, what was said in one, and beginning one anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from router.cli.options import Where, json_option, router_options

if TYPE_CHECKING:
    from router.control.protocol.sessions import SessionReport

COLUMNS = ("Key", "Label", "Agent", "Account", "Chat", "Last message")
LIST_EPILOG = """\b
Examples:
  router sessions list
  router sessions list --agent main --limit 10
"""
ONE_EPILOG = """\b
Examples:
  router sessions {word} agent:main:main
"""


@click.group()
def sessions() -> None:
    """See conversations, and begin one anew."""


@sessions.command("list", epilog=LIST_EPILOG)
@click.option("--agent", metavar="ID", help="Only conversations of this agent.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@router_options
@json_option
def list_sessions(agent: str | None, limit: int, where: Where, as_json: bool) -> None:
    """List conversations, the last spoken in first."""
    from router.cli.output import print_json, print_table
    from router.cli.remote import ask
    from router.control.protocol.sessions import ListSessions

    found = ask(where, ListSessions(agent=agent, limit=limit))
    if as_json:
        print_json(found)
    elif not found.sessions:
        click.echo("No conversations.")
    else:
        shown = f"{len(found.sessions)} of {found.total}" if found.total > len(found.sessions) else str(found.total)
        print_table(f"Sessions ({shown})", COLUMNS, map(_row, found.sessions))


@sessions.command(epilog=ONE_EPILOG.format(word="show"))
@click.argument("key")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@router_options
@json_option
def show(key: str, limit: int, where: Where, as_json: bool) -> None:
    """Show the last lines of a conversation since it last began anew."""
    from router.cli.output import print_json
    from router.cli.remote import ask
    from router.control.protocol.sessions import ShowSession
    from router.printable import printable

    found = ask(where, ShowSession(key=key, limit=limit))
    if as_json:
        print_json(found)
        return
    session = found.session
    click.echo(f"{printable(session.key)} ({session.agent_id}), since {session.created_at}")
    for line in found.lines:
        first, *rest = line.text.split("\n")
        click.echo(f"{line.role:>9}> {printable(first)}")
        for more in rest:
            click.echo(" " * 11 + printable(more))


@sessions.command(epilog=ONE_EPILOG.format(word="reset"))
@click.argument("key")
@router_options
@json_option
def reset(key: str, where: Where, as_json: bool) -> None:
    """Begin a conversation anew, as /new does."""
    from router.cli.output import print_json
    from router.cli.remote import ask
    from router.control.protocol.sessions import ResetSession
    from router.printable import printable

    found = ask(where, ResetSession(key=key))
    if as_json:
        print_json(found)
    else:
        click.echo(f"{printable(found.key)} begins anew.")


def _row(session: SessionReport) -> tuple[str, ...]:
    account = f"{session.channel}:{session.account_id}"
    return session.key, session.label, session.agent_id, account, session.chat_id, session.updated_at
