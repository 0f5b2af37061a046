"""Which messages share one conversation: the session key.

Rule 1: the key is made from the agent, the chat and the settings, and from nothing else; the same message has the same
key for ever, whatever happened in between.
Rule 2: the forms are those of the openclaw-gateway reference, section 4.1, all lower case:

    direct, main                        agent:<agent>:main
    direct, per-peer                    agent:<agent>:direct:<peer>
    direct, per-channel-peer            agent:<agent>:<channel>:direct:<peer>
    direct, per-account-channel-peer    agent:<agent>:<channel>:<account>:direct:<peer>
    group, whatever the scope           agent:<agent>:<channel>:group:<peer>
    `session.scope: global`             agent:<agent>:global, for every chat of every account

The peer is the chat id, in a direct chat too. A group's key never names the account: two accounts that see one group
id are in one conversation. Whether Zalo scopes ids per bot is not known (zalo-bot-api reference, question 7).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from actors.messages import Chat

DmScope = Literal["main", "per-peer", "per-channel-peer", "per-account-channel-peer"]
"""How finely direct chats are kept apart; `main` puts everybody who writes to an agent into one conversation."""

SessionScope = Literal["per-sender", "global"]
"""`global` makes one conversation with each agent, whoever speaks and wherever."""

DEFAULT_AGENT_ID = "main"
DEFAULT_ACCOUNT_ID = "default"
_UNKNOWN = "unknown"

_VALID_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_INVALID_CHARACTERS = re.compile(r"[^a-z0-9_-]+")
_LONGEST_ID = 64


def session_key(
    *,
    agent_id: str,
    chat: Chat,
    scope: SessionScope = "per-sender",
    dm_scope: DmScope = "main",
    identity_links: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """The key of the conversation that a message in `chat` belongs to.

    `identity_links` maps a name to the ids of one person, bare (`123`) or with the channel (`zalo:123`); that name then
    stands for the peer in direct chats, except with scope `main`. The first name that lists the peer counts. A direct
    chat without an id belongs to the main conversation, a group without one to `unknown`.
    """
    agent = f"agent:{normalize_agent_id(agent_id)}"
    if scope == "global":
        return f"{agent}:global"
    channel = _folded(chat.account.channel) or _UNKNOWN
    peer = _folded(chat.chat_id)
    if chat.chat_type == "group":
        return f"{agent}:{channel}:group:{peer or _UNKNOWN}"
    if dm_scope == "main" or not peer:
        return f"{agent}:{DEFAULT_AGENT_ID}"
    person = _linked(channel, peer, identity_links or {}) or peer
    prefixes = {
        "per-peer": "",
        "per-channel-peer": f":{channel}",
        "per-account-channel-peer": f":{channel}:{normalize_account_id(chat.account.account_id)}",
    }
    return f"{agent}{prefixes[dm_scope]}:direct:{person}"


def normalize_agent_id(agent_id: str) -> str:
    """`agent_id` as keys spell it; `main` when nothing is left.

    Trimmed, lower case, runs of anything but `a-z 0-9 _ -` made one `-`, none of those at the ends, 64 characters.
    """
    return _normalized(agent_id) or DEFAULT_AGENT_ID


def normalize_account_id(account_id: str) -> str:
    """`account_id` spelled by the rules of `normalize_agent_id`; `default` when nothing is left."""
    return _normalized(account_id) or DEFAULT_ACCOUNT_ID


def _normalized(text: str) -> str:
    folded = _folded(text)
    if _VALID_ID.fullmatch(folded):
        return folded
    return _INVALID_CHARACTERS.sub("-", folded).strip("-")[:_LONGEST_ID]


def _linked(channel: str, peer: str, identity_links: Mapping[str, Sequence[str]]) -> str:
    return next((name for name, ids in _folded_links(identity_links) if peer in ids or f"{channel}:{peer}" in ids), "")


def _folded_links(identity_links: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, frozenset[str]]]:
    for name, ids in identity_links.items():
        if folded := _folded(name):
            yield folded, frozenset(map(_folded, ids))


def _folded(text: str) -> str:
    return text.strip().lower()
