"""The questions of `router configure`, in the order of the zca reference, sections 5.11 and 5.12."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from typing import Final

import click

from router.cli.drafting import SettingsDraft, account_keys
from router.cli.tokens import Refused, check_token
from router.cli.words import CHANNELS
from router.rules.sessions import DEFAULT_ACCOUNT_ID, normalize_account_id
from router.settings.edit import Path as Keys

TOKEN_NOTE: Final = """
Zalo bot token
  1) Open Zalo Bot Platform: https://bot.zaloplatforms.com
  2) Create a bot and get the token
  3) Token looks like 12345689:abc-xyz
  Tip: you can also set ZALO_BOT_TOKEN in your env, or keep the token in a file (tokenFile).
"""
ZCA_MISSING: Final = """
Missing dependency
  The `{program}` binary was not found in PATH.

  Install zca-cli, then run `router configure` again.
"""
POLICIES: Final = {
    "pairing": "strangers get a code that you approve (recommended)",
    "allowlist": "specific users only",
    "open": "anybody may write",
    "disabled": "nobody may write",
}
GROUP_POLICIES: Final = {
    "allowlist": "named groups only (recommended)",
    "open": "every group",
    "disabled": "no group",
}
VERSION_SECONDS: Final = 10.0
NEW_ACCOUNT: Final = "new"


class Wizard:
    """Asks, and changes a draft."""

    def __init__(self, draft: SettingsDraft) -> None:
        self._draft = draft

    def run(self, channel: str | None, account: str | None) -> None:
        """Asks everything, then saves if that is wanted. Raises: click.Abort; what `SettingsDraft.save` raises."""
        channel = channel or click.prompt("Channel", type=click.Choice(CHANNELS), default=CHANNELS[0])
        if channel == "zalouser" and not self._has_zca():
            return
        account = normalize_account_id(account) if account else self._which(channel)
        keys = account_keys(self._draft, channel, account)
        if channel == "zalo":
            self._ask_token(keys, account)
            self._ask_webhook(keys)
        else:
            self._set_profile(keys, account)
            self._ask_groups(keys)
        self._draft.set((*keys, "enabled"), True)
        self._ask_policy(keys)
        if self._draft.exists and not click.confirm(f"Change {self._draft.path}?", default=True):
            raise click.Abort
        self._draft.save()
        self._say_what_is_next(channel, account)

    def _which(self, channel: str) -> str:
        known = [str(key) for key in self._draft.get(("channels", channel, "accounts")) or {}]
        if self._draft.get(("channels", channel)) is not None and DEFAULT_ACCOUNT_ID not in known:
            known.insert(0, DEFAULT_ACCOUNT_ID)
        if not known:
            return DEFAULT_ACCOUNT_ID
        chosen = click.prompt("Account", type=click.Choice([*known, NEW_ACCOUNT]), default=known[0])
        if chosen != NEW_ACCOUNT:
            return str(chosen)
        typed: str = click.prompt("New account id")
        if (account := normalize_account_id(typed)) != typed:
            click.echo(f'Normalized account id to "{account}".')
        return account

    def _ask_token(self, keys: Keys, account: str) -> None:
        has_own = any(self._draft.get((*keys, key)) for key in ("botToken", "tokenFile"))
        from_env = os.environ.get("ZALO_BOT_TOKEN", "").strip()
        if from_env and account == DEFAULT_ACCOUNT_ID and not has_own:
            if click.confirm("ZALO_BOT_TOKEN detected. Use env var?", default=True):
                check_token(self._draft, from_env)
                return
        elif has_own and click.confirm("Zalo token already configured. Keep it?", default=True):
            return
        click.echo(TOKEN_NOTE)
        self._draft.set((*keys, "botToken"), self._good_token())
        self._draft.remove((*keys, "tokenFile"))

    def _good_token(self) -> str:
        """A token that Zalo knows, or one that could not be tried out and is wanted all the same."""
        while True:
            token: str = click.prompt("Enter Zalo bot token", hide_input=True).strip()
            try:
                check_token(self._draft, token)
            except Refused as error:
                click.echo(error.format_message(), err=True)
            except click.ClickException as error:
                click.echo(error.format_message(), err=True)
                if click.confirm("Save it without trying it out?", default=False):
                    return token
            else:
                return token

    def _ask_webhook(self, keys: Keys) -> None:
        if not click.confirm("Use webhook mode for Zalo?", default=False):
            for key in ("webhookUrl", "webhookSecret", "webhookPath"):
                self._draft.remove((*keys, key))
            return
        self._draft.set((*keys, "webhookUrl"), click.prompt("Webhook URL (https://...)", value_proc=_https))
        secret = click.prompt(
            "Webhook secret (8-256 chars; empty: one is made)",
            default="",
            hide_input=True,
            show_default=False,
            value_proc=_secret,
        )
        self._draft.set((*keys, "webhookSecret"), secret)
        path: str = click.prompt("Webhook path (empty: the URL's)", default="", show_default=False)
        if path:
            self._draft.set((*keys, "webhookPath"), path if path.startswith("/") else f"/{path}")
        else:
            self._draft.remove((*keys, "webhookPath"))

    def _ask_policy(self, keys: Keys) -> None:
        if not click.confirm("Configure DM access policies now? (default: pairing)", default=False):
            return
        policy = _choose("DM policy", POLICIES, "pairing")
        if policy == "allowlist":
            self._draft.set((*keys, "allowFrom"), _words(click.prompt("User ids, separated by commas")))
        elif policy == "open":
            listed = self._draft.get((*keys, "allowFrom")) or []
            self._draft.set((*keys, "allowFrom"), [*(each for each in listed if each != "*"), "*"])
        self._draft.set((*keys, "dmPolicy"), policy)

    def _ask_groups(self, keys: Keys) -> None:
        known = self._draft.get((*keys, "groupPolicy"))
        if not click.confirm(f"{'Update' if known else 'Configure'} Zalo groups access?", default=False):
            return
        policy = _choose("Groups access", GROUP_POLICIES, known or "allowlist")
        if policy == "allowlist":
            names = _words(click.prompt("Names or ids of groups, separated by commas"))
            self._draft.set((*keys, "groups"), {name: {"allow": True} for name in names})
        self._draft.set((*keys, "groupPolicy"), policy)

    def _set_profile(self, keys: Keys, account: str) -> None:
        if account != DEFAULT_ACCOUNT_ID and self._draft.get((*keys, "profile")) is None:
            self._draft.set((*keys, "profile"), account)

    def _has_zca(self) -> bool:
        program = (self._draft.get(("channels", "zalouser", "program")) or ["zca"])[0]
        try:
            found = shutil.which(program)
            if found is not None and _ends_well([found, "--version"]):
                return True
        except (OSError, subprocess.TimeoutExpired):
            pass
        click.echo(ZCA_MISSING.format(program=program))
        return False

    def _say_what_is_next(self, channel: str, account: str) -> None:
        if channel == "zalouser":
            profile = "" if account == DEFAULT_ACCOUNT_ID else f" --profile {account}"
            click.echo(f"Log in if that is not done: zca{profile} auth login")
        click.echo("A running router takes this up by itself. Otherwise: router doctor, then router serve")


def _ends_well(command: list[str]) -> bool:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=VERSION_SECONDS, check=False)
    return done.returncode == 0


def _choose(question: str, options: dict[str, str], default: str) -> str:
    for word, meaning in options.items():
        click.echo(f"  {word:<10} {meaning}")
    chosen: str = click.prompt(question, type=click.Choice(list(options)), default=default, show_choices=False)
    return chosen


def _words(text: str) -> list[str]:
    found = [word.strip() for word in text.replace(";", ",").replace("\n", ",").split(",")]
    return [word for word in found if word]


def _https(text: str) -> str:
    if not text.startswith("https://"):
        raise click.UsageError("HTTPS URL required")
    return text


def _secret(text: str) -> str:
    if text and not 8 <= len(text) <= 256:
        raise click.UsageError("8-256 chars")
    return text or secrets.token_urlsafe(24)
