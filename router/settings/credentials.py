"""Tokens and profiles: where each kind of account gets its own from.

Credentials are never inherited: a named account without its own is not configured, and does not quietly borrow its
channel's (openclaw-gateway reference, section 3.3). The channel's own keys make the account `default`.
"""

from __future__ import annotations

from typing import Any

from router.settings.draft import DEFAULT_ACCOUNT, Credentials, Draft, Surroundings
from router.settings.schema import TokenSource

MAX_TOKEN_BYTES = 4096


def bot_token(draft: Draft, around: Surroundings) -> Credentials:
    """A bot's token: `botToken`, else `tokenFile`, else `ZALO_BOT_TOKEN` for the account `default` alone."""
    token, file = draft.values.get("botToken"), draft.values.get("tokenFile")
    if token is not None:
        return _from_settings(token, draft.place("botToken"))
    if file is not None:
        return _from_file(file, draft.place("tokenFile"), around)
    from_env = around.env.get("ZALO_BOT_TOKEN", "").strip()
    if draft.account_id == DEFAULT_ACCOUNT and from_env:
        return _token(from_env, "env", "ZALO_BOT_TOKEN")
    other = ", or ZALO_BOT_TOKEN" if draft.account_id == DEFAULT_ACCOUNT else " of its own"
    return Credentials({}, missing=f"{draft.path}: no bot token; set botToken or tokenFile{other}")


def zca_profile(draft: Draft, around: Surroundings) -> Credentials:
    """A personal account's zca profile: `profile`, else `ZCA_PROFILE`, else the account id (reference, section 3.5)."""
    given = draft.values.get("profile")
    if isinstance(given, str) and given.strip():
        return Credentials({"profile": given.strip()}, "config", identity=given.strip())
    from_env = around.env.get("ZCA_PROFILE", "").strip()
    profile = from_env or draft.account_id
    return Credentials({"profile": profile}, "env" if from_env else "none", identity=profile)


def no_credentials(_draft: Draft, _around: Surroundings) -> Credentials:
    """Those of a plugin's channel: whatever it needs is among its own settings."""
    return Credentials({})


def _from_settings(token: Any, place: str) -> Credentials:
    if not isinstance(token, str) or not token or "${" in token:
        return Credentials({})  # reported where the block was read
    return _token(token.strip(), "config", place)


def _from_file(name: Any, place: str, around: Surroundings) -> Credentials:
    if not isinstance(name, str) or "${" in name:
        return Credentials({})  # reported where the block was read
    if not name.strip():
        return Credentials({}, missing=f"{place}: expected the name of a file; got an empty string")
    path = around.file(name)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_TOKEN_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or "no file can be called so"
        return Credentials({}, missing=f"{place}: cannot read {path}: {reason}")
    token = content.decode("ascii", errors="replace").strip()
    if not token or len(content) > MAX_TOKEN_BYTES:
        return Credentials({}, missing=f"{place}: {path} holds no token; expected the token alone in the file")
    return _token(token, "configFile", f"{place} ({path})")


def _token(token: str, source: TokenSource, place: str) -> Credentials:
    if not token or not token.isascii() or not token.isprintable() or " " in token or "/" in token:
        return Credentials({}, missing=f"{place}: not a bot token; expected something like 12345689:abc-xyz")
    return Credentials({"botToken": token}, source, identity=token)
