"""`router channels`: the accounts, and commands to one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from router.cli.accounts import add, remove
from router.cli.failures import FAILED
from router.cli.options import Where, json_option, router_options
from router.cli.words import channel_of

if TYPE_CHECKING:
    from router.control.protocol.base import Call
    from router.control.protocol.channels import ChannelsListResult, ChannelsStatusResult, ChannelStatus

STATUS_EPILOG = """\b
Examples:
  router channels status
  router channels status zalo --probe
  router channels status --json | jq '.accounts[] | select(.answers | not)'
"""
LIST_EPILOG = """\b
Examples:
  router channels list
  router channels list zalouser --json
"""
COMMAND_EPILOG = """\b
Examples:
  router channels {word} zalo
  router channels {word} zalo --account shop
"""
LIST_COLUMNS = ("Channel", "Account", "Name", "Enabled", "Direct messages", "Groups", "Login from")
STATUS_COLUMNS = ("", "Channel", "Account", "Name", "State", "Since", "In", "Out", "Queued", "Dead", "Detail")

account_option = click.option("--account", metavar="ID", help="Which account; needed when the channel has several.")
wait_option = click.option(
    "--wait",
    "wait_seconds",
    type=click.FloatRange(0, 300),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the account to be in a lasting state.",
)


@click.group()
def channels() -> None:
    """See the accounts; start, stop and restart one of them; add and remove some."""


channels.add_command(add)
channels.add_command(remove)


@channels.command("list", epilog=LIST_EPILOG)
@click.argument("channel", required=False)
@router_options
@json_option
def list_accounts(channel: str | None, where: Where, as_json: bool) -> None:
    """List the configured accounts: of every channel, or of CHANNEL."""
    from router.cli.output import print_json
    from router.cli.remote import ask
    from router.control.protocol.channels import ListChannels

    found = ask(where, ListChannels(channel=channel_of(channel) if channel else None))
    if as_json:
        print_json(found)
    else:
        _print_list(found)


@channels.command(epilog=STATUS_EPILOG)
@click.argument("channel", required=False)
@click.option("--account", metavar="ID", help="Only this account.")
@click.option("--probe", is_flag=True, help="Ask the networks too, just now.")
@click.option("--timeout", "timeout_seconds", type=click.FloatRange(0.1, 300), default=10.0, show_default=True)
@router_options
@json_option
@click.pass_context
def status(
    ctx: click.Context,
    channel: str | None,
    account: str | None,
    probe: bool,
    timeout_seconds: float,
    where: Where,
    as_json: bool,
) -> None:
    """Show whether somebody who writes to each account now would be answered.

    What would not be answered is marked and red. The exit code is 0 when every enabled account would answer, 1 when one
    would not, 3 when the router is not running.
    """
    from actors.clock import wall_time
    from router.cli.output import print_json
    from router.cli.remote import ask
    from router.control.protocol.channels import GetChannelsStatus

    params = GetChannelsStatus(
        channel=channel_of(channel) if channel else None,
        account=account,
        probe=probe,
        timeout_seconds=timeout_seconds,
    )
    found = ask(where, params, wait_seconds=timeout_seconds)
    if as_json:
        print_json(found)
    else:
        print_status(found, now=wall_time())
    ctx.exit(0 if found.ok else FAILED)


@channels.command(epilog=COMMAND_EPILOG.format(word="start"))
@click.argument("channel")
@account_option
@wait_option
@router_options
@json_option
@click.pass_context
def start(
    ctx: click.Context, channel: str, account: str | None, wait_seconds: float, where: Where, as_json: bool
) -> None:
    """Have an account run: ends its waiting for a retry, for a login, or after it gave up."""
    from router.control.protocol.channels import StartChannel

    params = StartChannel(channel=channel_of(channel), account=account, wait_seconds=wait_seconds)
    ctx.exit(_command(where, params, wait_seconds, "running", as_json))


@channels.command(epilog=COMMAND_EPILOG.format(word="stop"))
@click.argument("channel")
@account_option
@wait_option
@router_options
@json_option
@click.pass_context
def stop(
    ctx: click.Context, channel: str, account: str | None, wait_seconds: float, where: Where, as_json: bool
) -> None:
    """Stop an account, until it is started or the router is. What is queued for it is kept."""
    from router.control.protocol.channels import StopChannel

    params = StopChannel(channel=channel_of(channel), account=account, wait_seconds=wait_seconds)
    ctx.exit(_command(where, params, wait_seconds, "stopped", as_json))


@channels.command(epilog=COMMAND_EPILOG.format(word="restart"))
@click.argument("channel")
@account_option
@wait_option
@router_options
@json_option
@click.pass_context
def restart(
    ctx: click.Context, channel: str, account: str | None, wait_seconds: float, where: Where, as_json: bool
) -> None:
    """Stop an account and start it again, with a clean history."""
    from router.control.protocol.channels import RestartChannel

    params = RestartChannel(channel=channel_of(channel), account=account, wait_seconds=wait_seconds)
    ctx.exit(_command(where, params, wait_seconds, "running", as_json))


def _command(where: Where, params: Call[ChannelStatus], wait_seconds: float, wanted: str, as_json: bool) -> int:
    """Gives the command and says what came of it; the exit code is 0 when the account is as it was wanted."""
    from router.cli.output import print_json
    from router.cli.remote import ask
    from router.printable import printable

    found = ask(where, params, wait_seconds=wait_seconds)
    account = found.account
    if as_json:
        print_json(found)
    else:
        error = f": {printable(account.last_error)}" if account.last_error and account.state != wanted else ""
        click.echo(f"{account.channel}:{account.account_id} is {account.state}{error}")
    return 0 if account.state == wanted else FAILED


def _print_list(found: ChannelsListResult) -> None:
    from router.cli.output import print_table

    if not found.accounts:
        click.echo("No accounts.")
        return
    rows = [
        (
            each.channel,
            each.account_id,
            each.label,
            "yes" if each.enabled else "no",
            each.dm_policy,
            each.group_policy,
            each.login_from,
        )
        for each in found.accounts
    ]
    print_table(f"Accounts ({len(rows)})", LIST_COLUMNS, rows)


def print_status(found: ChannelsStatusResult, *, now: float) -> None:
    """Prints it for people; `now` in Unix seconds."""
    from router.cli.output import print_table

    if not found.accounts:
        click.echo("No accounts.")
        return
    red = [index for index, each in enumerate(found.accounts) if each.enabled and not each.answers]
    rows = [_status_row(each, now) for each in found.accounts]
    print_table(f"Accounts ({len(rows)})", STATUS_COLUMNS, rows, red=red)


def _status_row(each: ChannelStatus, now: float) -> tuple[str, ...]:
    from router.cli.output import ago

    account = each.account
    mark = "✓" if each.answers else "✗" if each.enabled else "-"
    return (
        mark,
        account.channel,
        account.account_id,
        account.display_name or account.label,
        account.state,
        ago(account.since, now),
        ago(account.last_inbound_at, now),
        ago(account.last_outbound_at, now),
        str(account.outbox_queued),
        str(account.outbox_dead + account.outbox_unknown),
        each.reason or _probe_words(each),
    )


def _probe_words(each: ChannelStatus) -> str:
    return f"works ({each.probe.latency_ms:.0f} ms)" if each.probe is not None else ""
