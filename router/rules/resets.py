"""When a conversation begins anew by itself.

The law:

1. Judged when somebody writes, never by a clock: nothing is said or done at four in the morning.
2. A daily rule parts what was said before its hour from what is said after it, in its own time zone. An idle rule parts
   what is further apart than its span. Where both are given, either one does.
3. `resetByChannel` beats `resetByType`, which beats `reset` (openclaw-gateway reference, section 4.4); without any of
   them a conversation goes on for ever.
4. When a message was received is what counts, not when its turn came: who waits for a slow agent loses nothing by it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import msgspec

from actors.messages import Chat

DAY_SECONDS = 86_400


def utc(_unix_seconds: float) -> int:
    """The offset of UTC."""
    return 0


class ResetRule(msgspec.Struct, frozen=True, kw_only=True):
    """When one kind of conversation begins anew; with nothing given, never."""

    daily_at_hour: int | None = None
    idle_seconds: float | None = None
    offset_minutes: Callable[[float], int] = utc
    """How far east of Greenwich the rule's clock is at a Unix time. Pure: it only computes."""


class ResetRules(msgspec.Struct, frozen=True, kw_only=True):
    """Every rule there is; None: not given."""

    by_channel: Mapping[str, ResetRule] = {}
    direct: ResetRule | None = None
    group: ResetRule | None = None
    everywhere: ResetRule | None = None


def rule_for(rules: ResetRules, chat: Chat) -> ResetRule | None:
    """The one rule that holds in this chat."""
    by_type = rules.group if chat.chat_type == "group" else rules.direct
    return rules.by_channel.get(chat.account.channel) or by_type or rules.everywhere


def why_expired(rule: ResetRule | None, *, last_at: float, received_at: float) -> str:
    """Why a conversation that was last spoken in at `last_at` is over for a message received then; empty if it is not.

    Both in Unix seconds. A clock that was set back never ends a conversation.
    """
    if rule is None:
        return ""
    if rule.idle_seconds is not None and received_at - last_at >= rule.idle_seconds:
        return f"nothing was said for {rule.idle_seconds / 60:g} minutes"
    if rule.daily_at_hour is not None and last_at < _latest(rule.daily_at_hour, rule.offset_minutes, received_at):
        return f"a new day began at {rule.daily_at_hour}:00"
    return ""


def _latest(hour: int, offset_minutes: Callable[[float], int], now: float) -> float:
    """When it was last that hour, as Unix seconds."""
    local = now + 60 * offset_minutes(now)
    that_hour = math.floor((local - 3600 * hour) / DAY_SECONDS) * DAY_SECONDS + 3600 * hour
    for days_before in (0, 1):
        wall = that_hour - days_before * DAY_SECONDS
        # The offset may have been another one then: clocks change at night.
        found = wall - 60 * offset_minutes(wall - 60 * offset_minutes(now))
        if found <= now:
            return found
    return that_hour - 60 * offset_minutes(now)
