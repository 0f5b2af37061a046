"""`router status`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

import click

from router.cli.options import Where, json_option, router_options

if TYPE_CHECKING:
    from router.control.protocol.overview import AccountReport, StatusResult

EPILOG = """\b
Examples:
  router status
  router status --watch
  router status --json | jq '.accounts[] | select(.state != "running")'
"""

WATCH_EVERY_SECONDS = 2.0
ACCOUNT_COLUMNS = ("Channel", "Account", "Name", "State", "Since", "In", "Out", "Waiting", "Restarts", "Error")
AGENT_COLUMNS = ("Agent", "Kind", "Running", "Waiting")


@click.command(epilog=EPILOG)
@click.option("--watch", is_flag=True, help="Show it anew every two seconds, until interrupted.")
@router_options
@json_option
def status(watch: bool, where: Where, as_json: bool) -> None:
    """Show how the running router is doing: its store, its accounts, its agents.

    Everything is read from the router itself when asked. The exit code is 0 when it answered, 3 when it is not running.
    """
    if watch and as_json:
        raise click.UsageError("--watch shows a screen; for programs, subscribe to events or ask again")
    if watch:
        _watch(where)
    from actors.clock import wall_time
    from router.cli.output import print_json
    from router.cli.remote import ask
    from router.control.protocol.overview import GetStatus

    found = ask(where, GetStatus())
    if as_json:
        print_json(found)
    else:
        print_status(found, now=wall_time())


def _watch(where: Where) -> NoReturn:
    """Shows it over and over; a router that is away, or stuck for a moment, is waited for."""
    from actors.clock import wall_time
    from actors.errors import RouterError
    from router.cli.remote import ask
    from router.control.protocol.overview import GetStatus

    while True:
        try:
            found = ask(where, GetStatus())
        except RouterError as error:
            click.clear()
            click.echo(f"{error}; waiting for it")
        else:
            click.clear()
            print_status(found, now=wall_time())
        time.sleep(WATCH_EVERY_SECONDS)


def print_status(found: StatusResult, *, now: float) -> None:
    """Prints it for people; `now` in Unix seconds."""
    from router.cli.output import age, print_table

    click.echo(f"router {found.version} is {found.state} (pid {found.pid}, up {age(found.uptime_seconds)})")
    click.echo(_store_line(found))
    if found.accounts:
        rows = [_account_row(account, now) for account in found.accounts]
        click.echo()
        print_table(f"Accounts ({len(rows)})", ACCOUNT_COLUMNS, rows)
    else:
        click.echo("No accounts.")
    if found.agents:
        click.echo()
        agents = [(agent.id, agent.kind, str(agent.running), str(agent.waiting)) for agent in found.agents]
        print_table(f"Agents ({len(agents)})", AGENT_COLUMNS, agents)
    _print_warnings([*_open_questions(found), *found.warnings])


def _print_warnings(warnings: list[str]) -> None:
    from router.printable import printable

    if warnings:
        click.echo("\nWarnings")
        for warning in warnings:
            click.echo(f"- {printable(warning)}")


def _store_line(found: StatusResult) -> str:
    from router.printable import printable

    return (
        "store: ok" if found.store.ok else f"store: takes no writes, intake has stopped: {printable(found.store.error)}"
    )


def _account_row(account: AccountReport, now: float) -> tuple[str, ...]:
    from router.cli.output import ago

    return (
        account.channel,
        account.account_id,
        account.display_name or account.label,
        account.state,
        ago(account.since, now),
        ago(account.last_inbound_at, now),
        ago(account.last_outbound_at, now),
        f"{account.inbox_waiting + account.turns_running} in, {account.outbox_queued} out",
        str(account.restarts),
        account.last_error,
    )


def _open_questions(found: StatusResult) -> Iterator[str]:
    for account in found.accounts:
        name = f"replies of {account.channel}:{account.account_id}"
        if account.outbox_unknown:
            yield f"{name}: {account.outbox_unknown} may or may not have gone out; decide with `router outbox list`"
        if account.outbox_dead:
            yield f"{name}: {account.outbox_dead} could not be sent and will not be tried again (`router outbox list`)"
