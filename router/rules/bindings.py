"""Which agent answers in which chat.

Rule 1: the most specific kind of binding wins, and within a kind the one that is listed first:

    binding.peer        names this very chat (and account, if it names one)
    binding.account     names the account
    binding.channel     names the channel only
    default             no binding matches

Rule 2: all that one binding says must hold. A binding without an account, or with `*`, means any account of its
channel: in the reference (openclaw-gateway, section 4.2) it means the default account only, which surprised people
(#32137).
Rule 3: channels and account ids compare as the settings spell them, without regard to case; peer ids are opaque and
compare whole. A peer without kind or id matches nothing: half a constraint must not widen to everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal

import msgspec

from actors.messages import Chat
from router.rules.sessions import normalize_account_id, normalize_agent_id

PeerKind = Literal["direct", "dm", "group"]
MatchedBy = Literal["binding.peer", "binding.account", "binding.channel", "default"]

_TIERS: tuple[MatchedBy, ...] = ("binding.peer", "binding.account", "binding.channel")
_ANY_ACCOUNT = frozenset({None, "", "*"})


class Peer(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One chat, by its id. `dm` is an older word for `direct`."""

    kind: PeerKind | None = None
    id: str | None = None


class Match(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Where a binding holds."""

    channel: str
    account_id: str | None = None
    """None and `*` mean any account."""
    peer: Peer | None = None
    """None means any chat."""


class Binding(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One row of the settings' `bindings`."""

    agent_id: str
    match: Match


class Route(msgspec.Struct, frozen=True):
    """Who answers, and what decided it."""

    agent_id: str
    matched_by: MatchedBy


def route(
    bindings: Iterable[Binding], chat: Chat, *, default_agent_id: str, agent_ids: Collection[str] = frozenset()
) -> Route:
    """The agent that answers in `chat`, by the bindings in the order of the settings.

    With `agent_ids` given, a binding to an agent that is not among them leads to the default agent, and `matched_by`
    still names the binding; the agent id comes back as `agent_ids` spells it. Without, any agent id is taken.
    """
    matching = [binding for binding in bindings if _holds(binding.match, chat)]
    for tier in _TIERS:
        for binding in matching:
            if _tier(binding.match) == tier:
                return Route(_known(binding.agent_id, agent_ids) or default_agent_id, tier)
    return Route(default_agent_id, "default")


def _holds(match: Match, chat: Chat) -> bool:
    return (
        _folded(match.channel) == _folded(chat.account.channel)
        and (_any_account(match) or _same_account(match.account_id or "", chat.account.account_id))
        and (match.peer is None or _is_peer(match.peer, chat))
    )


def _tier(match: Match) -> MatchedBy:
    if match.peer is not None:
        return "binding.peer"
    return "binding.channel" if _any_account(match) else "binding.account"


def _any_account(match: Match) -> bool:
    return match.account_id is None or match.account_id.strip() in _ANY_ACCOUNT


def _same_account(one: str, other: str) -> bool:
    return normalize_account_id(one) == normalize_account_id(other)


def _is_peer(peer: Peer, chat: Chat) -> bool:
    kind = "direct" if peer.kind == "dm" else peer.kind
    wanted = (peer.id or "").strip()
    return bool(wanted) and kind == chat.chat_type and wanted == chat.chat_id


def _known(agent_id: str, agent_ids: Collection[str]) -> str | None:
    if not agent_ids or agent_id in agent_ids:
        return agent_id
    wanted = normalize_agent_id(agent_id)
    return next((known for known in agent_ids if normalize_agent_id(known) == wanted), None)


def _folded(text: str) -> str:
    return text.strip().lower()
