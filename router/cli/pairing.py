"""`router pairing`: who waits to be let in, and letting them in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from router.cli.options import Where, json_option, router_options
from router.cli.words import CHANNELS, ID_LABELS, channel_of

if TYPE_CHECKING:
    from router.control.protocol.pairing import PairingListResult

LIST_EPILOG = """\b
Examples:
  router pairing list
  router pairing list zalo --account shop
  router pairing list --json
  router pairing list --approved
"""
APPROVE_EPILOG = """\b
Examples:
  router pairing approve zalo 7GVCMMUW
  router pairing approve --channel zalouser --account work 7gvcmmuw --notify
"""
REJECT_EPILOG = """\b
Examples:
  router pairing reject zalo 7GVCMMUW
"""
REVOKE_EPILOG = """\b
Examples:
  router pairing revoke zalo 6ede9afa66b88fe6d6a9
"""

USAGE = "Usage: router pairing {verb} <channel> <code> (or: router pairing {verb} --channel <channel> <code>)"
TOO_MANY = "Too many arguments. Use: router pairing {verb} --channel <channel> <code>"
CHANNEL_REQUIRED = (
    "Channel required. Use --channel <channel> or pass it as the first argument "
    f"(expected one of: {', '.join(CHANNELS)})"
)

account_option = click.option("--account", metavar="ID", help="Only this account of the channel.")
channel_option = click.option("--channel", "channel_named", metavar="CHANNEL", help="zalo (zl) or zalouser (zlu).")


@click.group()
def pairing() -> None:
    """See strangers who ask to be let in; approve or reject them, or revoke an approval.

    Where `dmPolicy` is `pairing`, a stranger's first message is answered with a code of eight characters, good for one
    hour. Approving the code lets the sender in at once and for good.
    """


@pairing.command("list", epilog=LIST_EPILOG)
@click.argument("channel", required=False)
@click.option("--approved", is_flag=True, help="List those who were let in instead.")
@channel_option
@account_option
@router_options
@json_option
def list_requests(
    *,
    channel: str | None,
    approved: bool,
    channel_named: str | None,
    account: str | None,
    where: Where,
    as_json: bool,
) -> None:
    """List pending pairing requests, of every channel or of CHANNEL; or those who were let in."""
    if channel and channel_named:
        raise click.UsageError("Name the channel once: as the first argument or with --channel")
    word = channel_named or channel
    chosen = channel_of(word) if word else None
    if approved:
        _list_approved(chosen, account, where, as_json)
    else:
        _list_pending(chosen, account, where, as_json)


def _list_pending(channel: str | None, account: str | None, where: Where, as_json: bool) -> None:
    from router.cli.output import print_json
    from router.cli.remote import ask
    from router.control.protocol.pairing import ListPairings

    found = ask(where, ListPairings(channel=channel, account=account))
    if as_json:
        print_json(found)
    else:
        print_requests(found)


def _list_approved(channel: str | None, account: str | None, where: Where, as_json: bool) -> None:
    from router.cli.output import print_json, print_table
    from router.cli.remote import ask
    from router.control.protocol.pairing import ListApproved

    found = ask(where, ListApproved(channel=channel, account=account))
    if as_json:
        print_json(found)
    elif not found.approved:
        click.echo(f"Nobody was let in by pairing on {channel}." if channel else "Nobody was let in by pairing.")
    else:
        columns = ("Channel", "Account", ID_LABELS.get(channel or "", "userId"), "Name", "Approved")
        rows = [(each.channel, each.account_id, each.id, each.name or "-", each.approved_at) for each in found.approved]
        print_table(f"Let in by pairing ({len(rows)})", columns, rows)


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
@click.option("--notify", is_flag=True, help="Tell the stranger.")
@router_options
@json_option
def approve(
    *,
    words: tuple[str, ...],
    channel_named: str | None,
    account: str | None,
    notify: bool,
    where: Where,
    as_json: bool,
) -> None:
    """Let the stranger with this CODE in. Upper and lower case are the same."""
    from router.cli.output import print_json
    from router.cli.remote import ask
    from router.control.protocol.pairing import ApprovePairing
    from router.printable import printable

    channel, code = channel_and_code(words, channel_named, "approve")
    approved = ask(where, ApprovePairing(channel=channel, code=code, account=account, notify=notify))
    if as_json:
        print_json(approved)
    else:
        click.echo(f"Approved {approved.channel} sender {printable(approved.id)}.")


@pairing.command("reject", epilog=REJECT_EPILOG)
@click.argument("words", nargs=-1, metavar="[CHANNEL] CODE")
@channel_option
@account_option
@router_options
@json_option
def reject(
    *, words: tuple[str, ...], channel_named: str | None, account: str | None, where: Where, as_json: bool
) -> None:
    """Take the request with this CODE away. Its sender is told nothing, and may ask anew."""
    from router.cli.output import print_json
    from router.cli.remote import ask
    from router.control.protocol.pairing import RejectPairing
    from router.printable import printable

    channel, code = channel_and_code(words, channel_named, "reject")
    rejected = ask(where, RejectPairing(channel=channel, code=code, account=account))
    if as_json:
        print_json(rejected)
    else:
        click.echo(f"Rejected {rejected.channel} sender {printable(rejected.id)}.")


@pairing.command("revoke", epilog=REVOKE_EPILOG)
@click.argument("channel")
@click.argument("sender_id", metavar="ID")
@account_option
@router_options
@json_option
def revoke(channel: str, sender_id: str, account: str | None, where: Where, as_json: bool) -> None:
    """Take back that the sender with this ID was let in, on one account or on all of CHANNEL.

    Whom the settings list in `allowFrom` stays let in by them.
    """
    from router.cli.output import print_json
    from router.cli.remote import ask
    from router.control.protocol.pairing import RevokePairing
    from router.printable import printable

    revoked = ask(where, RevokePairing(channel=channel_of(channel), id=sender_id, account=account))
    if as_json:
        print_json(revoked)
    else:
        click.echo(f"Revoked {revoked.channel} sender {printable(revoked.id)} ({', '.join(revoked.account_ids)}).")


def channel_and_code(words: tuple[str, ...], channel_named: str | None, verb: str = "approve") -> tuple[str, str]:
    """What `approve` or `reject` was told, in either order of writing it. Raises click.UsageError."""
    expected = 1 if channel_named else 2
    if len(words) > expected:
        raise click.UsageError(TOO_MANY.format(verb=verb))
    if not words:
        raise click.UsageError(USAGE.format(verb=verb))
    if channel_named:
        return channel_of(channel_named), words[0].strip()
    if len(words) == 1:
        is_channel = words[0].strip().lower() in (*CHANNELS, "zl", "zlu")
        raise click.UsageError(USAGE.format(verb=verb) if is_channel else CHANNEL_REQUIRED)
    return channel_of(words[0]), words[1].strip()
