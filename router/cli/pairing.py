"""`router pairing`: who waits to be let in, and letting them in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from router.cli.channels import CHANNELS, ID_LABELS, channel_of
from router.cli.options import json_option, state_dir_option

if TYPE_CHECKING:
    from router.control.protocol.pairing import PairingListResult

LIST_EPILOG = """\b
Examples:
  router pairing list
  router pairing list zalo --account shop
  router pairing list --json
"""
APPROVE_EPILOG = """\b
Examples:
  router pairing approve zalo 7GVCMMUW
  router pairing approve --channel zalouser --account work 7gvcmmuw
"""

APPROVE_USAGE = "Usage: router pairing approve <channel> <code> (or: router pairing approve --channel <channel> <code>)"
TOO_MANY = "Too many arguments. Use: router pairing approve --channel <channel> <code>"
CHANNEL_REQUIRED = (
    "Channel required. Use --channel <channel> or pass it as the first argument "
    f"(expected one of: {', '.join(CHANNELS)})"
)

account_option = click.option("--account", metavar="ID", help="Only this account of the channel.")
channel_option = click.option("--channel", "channel_named", metavar="CHANNEL", help="zalo (zl) or zalouser (zlu).")


@click.group()
def pairing() -> None:
    """See and approve strangers who ask to be let in.

    Where `dmPolicy` is `pairing`, a stranger's first message is answered with a code of eight characters, good for one
    hour. Approving the code lets the sender in at once and for good.
    """


@pairing.command("list", epilog=LIST_EPILOG)
@click.argument("channel", required=False)
@channel_option
@account_option
@state_dir_option
@json_option
def list_requests(
    channel: str | None, channel_named: str | None, account: str | None, state_dir: Path | None, as_json: bool
) -> None:
    """List pending pairing requests: of every channel, or of CHANNEL."""
    from router.cli.output import print_json
    from router.cli.remote import ask
    from router.control.protocol.pairing import ListPairings

    if channel and channel_named:
        raise click.UsageError("Name the channel once: as the first argument or with --channel")
    word = channel_named or channel
    found = ask(state_dir, ListPairings(channel=channel_of(word) if word else None, account=account))
    if as_json:
        print_json(found)
    else:
        print_requests(found)


def print_requests(found: PairingListResult) -> None:
    """Prints them for people, in the order given."""
    from router.cli.output import print_table

    if not found.requests:
        click.echo(f"No pending {found.channel} pairing requests." if found.channel else "No pending pairing requests.")
        return
    id_label = ID_LABELS.get(found.channel or "", "userId")
    columns = ("Code", "Channel", "Account", id_label, "Name", "Requested", "Expires")
    rows = [
        (each.code, each.channel, each.account_id, each.id, each.meta.name or "-", each.created_at, each.expires_at)
        for each in found.requests
    ]
    print_table(f"Pairing requests ({len(rows)})", columns, rows)


@pairing.command("approve", epilog=APPROVE_EPILOG)
@click.argument("words", nargs=-1, metavar="[CHANNEL] CODE")
@channel_option
@account_option
@state_dir_option
@json_option
def approve(
    words: tuple[str, ...], channel_named: str | None, account: str | None, state_dir: Path | None, as_json: bool
) -> None:
    """Let the stranger with this CODE in. Upper and lower case are the same."""
    from router.cli.output import print_json
    from router.cli.remote import ask
    from router.control.protocol.pairing import ApprovePairing
    from router.printable import printable

    channel, code = channel_and_code(words, channel_named)
    approved = ask(state_dir, ApprovePairing(channel=channel, code=code, account=account))
    if as_json:
        print_json(approved)
    else:
        click.echo(f"Approved {approved.channel} sender {printable(approved.id)}.")


def channel_and_code(words: tuple[str, ...], channel_named: str | None) -> tuple[str, str]:
    """What `approve` was told, in either order of writing it. Raises click.UsageError."""
    expected = 1 if channel_named else 2
    if len(words) > expected:
        raise click.UsageError(TOO_MANY)
    if not words:
        raise click.UsageError(APPROVE_USAGE)
    if channel_named:
        return channel_of(channel_named), words[0].strip()
    if len(words) == 1:
        is_channel = words[0].strip().lower() in (*CHANNELS, "zl", "zlu")
        raise click.UsageError(APPROVE_USAGE if is_channel else CHANNEL_REQUIRED)
    return channel_of(words[0]), words[1].strip()
