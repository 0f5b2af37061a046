"""`router status`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from router.cli.options import json_option, state_dir_option

if TYPE_CHECKING:
    from router.control.protocol.overview import AccountReport, StatusResult

EPILOG = """\b
Examples:
  router status
  router status --json | jq '.accounts[] | select(.state != "running")'
"""

ACCOUNT_COLUMNS = ("Channel", "Account", "Name", "State", "Since", "In", "Out", "Waiting", "Restarts", "Error")
AGENT_COLUMNS = ("Agent", "Kind", "Running", "Waiting")


@click.command(epilog=EPILOG)
@state_dir_option
@json_option
def status(state_dir: Path | None, as_json: bool) -> None:
    """Show how the running router is doing: its store, its accounts, its agents.

    Everything is read from the router itself when asked. The exit code is 0 when it answered, 3 when it is not running.
    """
    from actors.clock import wall_time
    from router.cli.output import print_json
    from router.cli.remote import ask
    from router.control.protocol.overview import GetStatus

    found = ask(state_dir, GetStatus())
    if as_json:
        print_json(found)
    else:
        print_status(found, now=wall_time())


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
    return (
        account.channel,
        account.account_id,
        account.display_name or account.label,
        account.state,
        _ago(account.since, now),
        _ago(account.last_inbound_at, now),
        _ago(account.last_outbound_at, now),
        f"{account.inbox_waiting + account.turns_running} in, {account.outbox_queued} out",
        str(account.restarts),
        account.last_error,
    )


def _ago(at: str | None, now: float) -> str:
    from router.cli.output import age
    from router.control.times import unix_time

    return "-" if at is None else age(now - unix_time(at))


def _open_questions(found: StatusResult) -> Iterator[str]:
    for account in found.accounts:
        name = f"replies of {account.channel}:{account.account_id}"
        if account.outbox_unknown:
            yield f"{name}: {account.outbox_unknown} may or may not have gone out and wait for you to decide"
        if account.outbox_dead:
            yield f"{name}: {account.outbox_dead} could not be sent and will not be tried again"
