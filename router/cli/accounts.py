"""`router channels add` and `remove`: what `router configure` does, without questions."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from router.cli.options import config_option
from router.cli.words import channel_of

if TYPE_CHECKING:
    from router.cli.drafting import SettingsDraft

ADD_EPILOG = """\b
Examples:
  router channels add zalo --token-file ~/.secrets/shop-bot --account shop
  pass show zalo/bot | router channels add zalo --token-stdin
  router channels add zalouser --account work
"""
LABELS = {"zalo": "Zalo", "zalouser": "Zalo Personal"}


class Given(NamedTuple):
    """What was said of the account on the command line."""

    name: str | None
    token_file: str | None
    token_stdin: bool
    use_env: bool
    webhook_url: str | None
    webhook_path: str | None


account_option = click.option("--account", default="default", show_default=True, metavar="ID", help="Which account.")


@click.command(epilog=ADD_EPILOG)
@click.argument("channel")
@account_option
@click.option("--name", metavar="TEXT", help="What people call the account.")
@click.option("--token-file", metavar="FILE", help="Where the bot's token is; it is read at every start.")
@click.option("--token-stdin", is_flag=True, help="Take the token from standard input, into the settings file.")
@click.option("--use-env", is_flag=True, help="The token is in ZALO_BOT_TOKEN; for the default account.")
@click.option("--webhook-url", metavar="URL", help="Receive by webhook at this https address; its secret is made.")
@click.option("--webhook-path", metavar="PATH", help="The path on the listener, if it is not the URL's.")
@click.option("--no-check", is_flag=True, help="Do not ask Zalo who the token is.")
@config_option
def add(config: Path | None, channel: str, account: str, no_check: bool, **given: Any) -> None:
    """Add an account of CHANNEL to the settings file, or change one.

    A token is never an argument: other users of this machine can read those.
    """
    from router.cli.drafting import account_keys, open_draft

    channel, wanted = _known(channel), Given(**given)
    draft = open_draft(config)
    keys = account_keys(draft, channel, account)
    values = {"name": wanted.name, "webhookUrl": wanted.webhook_url, "webhookPath": wanted.webhook_path}
    if wanted.webhook_url and not draft.get((*keys, "webhookSecret")):
        values["webhookSecret"] = secrets.token_urlsafe(24)
    if channel == "zalo":
        values |= _token(account, wanted)
        if not no_check:
            _check(draft, values)
    elif account != "default":
        values["profile"] = draft.get((*keys, "profile")) or account
    for key, value in values.items():
        if value is not None:
            draft.set((*keys, key), value)
    draft.set((*keys, "enabled"), True)
    draft.save()
    click.echo(f'Added {LABELS[channel]} account "{account}".')


@click.command()
@click.argument("channel")
@account_option
@click.option("--delete", is_flag=True, help="Take it out of the file, and do not only switch it off.")
@config_option
def remove(channel: str, account: str, delete: bool, config: Path | None) -> None:
    """Switch an account of CHANNEL off in the settings file, or take it out."""
    from router.cli.drafting import account_keys, open_draft

    channel = _known(channel)
    draft = open_draft(config)
    keys = account_keys(draft, channel, account)
    if draft.get(keys) is None:
        raise click.ClickException(f"{draft.path} has no {channel} account {account}")
    if delete and len(keys) == 2 and draft.get((*keys, "accounts")):
        raise click.ClickException(f"{'.'.join(keys)} holds what its accounts share; take it out by hand")
    if delete:
        draft.remove(keys)
    elif len(keys) == 2 and draft.get((*keys, "accounts")):
        draft.set((*keys, "accounts", "default"), {"enabled": False})
    else:
        draft.set((*keys, "enabled"), False)
    draft.save()
    click.echo(f'{"Deleted" if delete else "Disabled"} {LABELS[channel]} account "{account}".')


def _known(word: str) -> str:
    channel = channel_of(word)
    if channel not in LABELS:
        raise click.UsageError(f"Unknown channel: {word}; known: {', '.join(LABELS)}")
    return channel


def _token(account: str, given: Given) -> dict[str, str | None]:
    if given.use_env and account != "default":
        raise click.UsageError("ZALO_BOT_TOKEN can only be used for the default account.")
    if sum((given.token_file is not None, given.token_stdin, given.use_env)) != 1:
        raise click.UsageError("Zalo requires one of --token-file, --token-stdin and --use-env.")
    if given.token_file is not None:
        return {"tokenFile": str(Path(given.token_file).expanduser().absolute())}
    if given.use_env:
        return {}
    token = sys.stdin.readline().strip()
    if not token:
        raise click.UsageError("--token-stdin: standard input holds no token")
    return {"botToken": token}


def _check(draft: SettingsDraft, values: dict[str, str | None]) -> None:
    from router.cli.tokens import check_token

    token, file = values.get("botToken"), values.get("tokenFile")
    if file is not None:
        token = Path(file).read_text().strip()
    check_token(draft, token or os.environ.get("ZALO_BOT_TOKEN", "").strip())
