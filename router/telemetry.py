"""Typed events in; counters, the recent ring, and records for whoever listens out.

`TABLE` says for every event how it is counted and how it reads; an event without a row is an error. Emitting is cheap
enough for several events per message: a counter and a place in the ring always, a record only when somebody listens at
that level, its text only when somebody reads it.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from actors.clock import WallClock, wall_time
from actors.messages import AccountKey, Chat
from router import events, operator_events, webhook_events
from router.events import Event

Level = Literal["debug", "info", "warning", "error"]
RANKS: Mapping[Level, int] = {"debug": 10, "info": 20, "warning": 30, "error": 40}

RECENT = 500
MAX_REASONS = 200
"""Reasons counted by name; what comes after is counted as `other`, so that no peer can grow the table."""


class Row(msgspec.Struct, frozen=True):
    """How one kind of event is counted and told."""

    name: str
    level: Level
    text: str
    """A format string; `e` is the event."""
    by_reason: bool = False
    """Also counted apart for each `reason`: for reasons that are words of the law."""


_DELIVERY = "message {e.outbox_id} to {e.chat.chat_id} on {e.chat.account} "
_TURN = "turn {e.inbox_id} on {e.chat.account} "

TABLE: Mapping[type[Event], Row] = {
    events.AccountStateChanged: Row("account.state", "info", "{e.account} is {e.state}"),
    events.AccountWarning: Row("account.warning", "warning", "{e.account}: {e.warning}"),
    events.MessageAccepted: Row("message.accepted", "debug", "{e.chat.account} accepted {e.message_id}"),
    events.MessageDuplicate: Row("message.duplicate", "debug", "{e.chat.account} knew {e.message_id} already"),
    events.MessageDropped: Row(
        "message.dropped", "info", "{e.chat.account} dropped a message from {e.sender_id}: {e.reason}", by_reason=True
    ),
    events.CommandHandled: Row("message.command", "debug", "{e.chat.account} answered a command of {e.sender_id}"),
    events.DeadLettered: Row("message.dead-lettered", "warning", "{e.account} could not decode a message: {e.reason}"),
    events.PairingRequested: Row("pairing.requested", "info", "{e.sender_id} asks {e.chat.account} to be let in"),
    events.PairingApproved: Row("pairing.approved", "info", "{e.sender_id} may speak to {e.account}"),
    operator_events.PairingRejected: Row("pairing.rejected", "info", "{e.sender_id} was turned down by {e.account}"),
    operator_events.PairingRevoked: Row("pairing.revoked", "info", "{e.sender_id} may no longer speak to {e.account}"),
    events.SessionReset: Row("session.reset", "info", "{e.session_key} begins anew in {e.chat.chat_id}: {e.reason}"),
    events.TurnStarted: Row("turn.started", "debug", _TURN + "is given to {e.agent_id}"),
    events.TurnFinished: Row("turn.finished", "debug", _TURN + "is answered by {e.agent_id} in {e.seconds:.3f} s"),
    events.TurnFailed: Row("turn.failed", "warning", _TURN + "is dead, {e.agent_id} stayed broken: {e.reason}"),
    operator_events.TurnRevived: Row("turn.revived", "info", _TURN + "is given to {e.agent_id} once more"),
    events.MediaFetched: Row("media.fetched", "debug", _TURN + "has its {e.kind}, {e.bytes} bytes"),
    events.MediaUnavailable: Row(
        "media.unavailable", "warning", _TURN + "goes without its {e.kind}: {e.reason}", by_reason=True
    ),
    events.DeliverySent: Row("delivery.sent", "debug", _DELIVERY + "is sent after {e.seconds:.3f} s"),
    events.DeliveryRetry: Row(
        "delivery.retry", "warning", _DELIVERY + "is sent again in {e.delay_seconds:.1f} s: {e.reason}"
    ),
    events.DeliveryHeld: Row("delivery.held", "warning", _DELIVERY + "may have gone out, and is held: {e.reason}"),
    events.DeliveryDead: Row("delivery.dead", "warning", _DELIVERY + "will not go out: {e.reason}"),
    operator_events.DeliveryRetried: Row(
        "delivery.retried", "info", _DELIVERY + "is to be sent again, as {e.new_outbox_id}"
    ),
    operator_events.DeliveryDropped: Row("delivery.dropped", "info", _DELIVERY + "was given up by an operator"),
    events.StoreFailed: Row("store.failed", "error", "the store takes no writes, intake has stopped: {e.reason}"),
    events.StoreRecovered: Row("store.recovered", "info", "the store takes writes again, at attempt {e.attempts}"),
    events.SettingsLoaded: Row(
        "settings.loaded", "info", "settings of {e.path}: {e.accounts} accounts, {e.agents} agents"
    ),
    events.SettingsWarning: Row("settings.warning", "warning", "{e.warning}"),
    events.SettingsReloaded: Row("settings.reloaded", "info", "{e.path} is in force: {e.changes}"),
    events.SettingsRefused: Row(
        "settings.refused", "warning", "{e.path} cannot be used, the settings before stay in force: {e.problem}"
    ),
    events.Serving: Row("router.serving", "info", "router {e.version} serves (pid {e.pid}, control {e.control_url})"),
    webhook_events.WebhooksServing: Row("webhook.serving", "info", "webhooks are taken at {e.url}"),
    webhook_events.WebhookRefused: Row(
        "webhook.refused",
        "warning",
        "{e.times} webhook requests to {e.path} of {e.account} were refused with {e.status}: {e.reason}",
        by_reason=True,
    ),
    webhook_events.WebhookFault: Row("webhook.fault", "error", "a webhook request failed: {e.error}"),
    events.Draining: Row("router.draining", "info", "draining for at most {e.deadline_seconds:g} s: {e.reason}"),
    events.Stopped: Row(
        "router.stopped", "info", "stopped after {e.uptime_seconds:.0f} s, {e.unfinished} left for the next start"
    ),
    events.ControlFault: Row("control.fault", "error", "control request {e.method!r} failed: {e.error}"),
}

_TROUBLED_STATES = frozenset({"backing-off", "needs-login", "failed"})


class Record(msgspec.Struct, frozen=True):
    """One event as an observer gets it."""

    at: float
    """Unix seconds."""
    level: Level
    row: Row
    event: Event
    more: int = 0
    """Records like this one that were held back since the last one."""

    def text(self) -> str:
        """One line for people."""
        text = self.row.text.format(e=self.event)
        if isinstance(self.event, events.AccountStateChanged) and self.event.error:
            text += f": {self.event.error}"
        if isinstance(self.event, events.SettingsReloaded) and self.event.needs_restart:
            text += f"; after a restart also {self.event.needs_restart}"
        return f"{text} (and {self.more} more since)" if self.more else text

    def fields(self) -> dict[str, Any]:
        """The event's fields for machines, flat: an account reads `zalo:shop`, a chat is its account and its id."""
        found: dict[str, Any] = {"more": self.more} if self.more else {}
        for name in self.event.__struct_fields__:
            match getattr(self.event, name):
                case Chat(account=account, chat_id=chat_id):
                    found |= {"account": str(account), "chat_id": chat_id}
                case AccountKey() as account:
                    found[name] = str(account)
                case value:
                    found[name] = value
        return found


Sink = Callable[[Record], None]
"""Takes records; must be quick and raise nothing."""


class Telemetry:
    """Counts, remembers the last events, and tells who listens."""

    def __init__(self, *, wall: WallClock = wall_time, recent: int = RECENT) -> None:
        self._wall = wall
        self._counts: dict[type[Event] | tuple[type[Event], str], int] = {}
        self._reasons = 0
        self._recent: deque[tuple[float, Event]] = deque(maxlen=recent)
        self._sinks: tuple[tuple[int, Sink], ...] = ()
        self._lowest = RANKS["error"] + 1

    def emit(self, event: Event) -> None:
        """Notes that `event` happened now. Raises KeyError for an event that has no row."""
        kind = type(event)
        row = TABLE[kind]
        counts = self._counts
        counts[kind] = counts.get(kind, 0) + 1
        if row.by_reason:
            self._count_reason(kind, event.reason)  # type: ignore[attr-defined] # such rows have one, a test checks
        now = self._wall()
        self._recent.append((now, event))
        if RANKS[row.level] >= self._lowest or kind is events.AccountStateChanged:
            self._tell(_record(now, row, event))

    def warn(self, account: AccountKey, warning: str) -> None:
        """Notes what an account found out and went on in spite of."""
        self.emit(events.AccountWarning(account=account, warning=warning))

    def add_sink(self, sink: Sink, level: Level = "debug") -> Callable[[], None]:
        """Gives `sink` every record from now on, of `level` and above; the returned function ends that."""
        entry = (RANKS[level], sink)
        self._set_sinks((*self._sinks, entry))
        return lambda: self._set_sinks(tuple(other for other in self._sinks if other is not entry))

    def counters(self) -> dict[str, int]:
        """How often each thing happened: `message.dropped`, and for each reason `message.dropped: <reason>`."""
        return {_counter_name(key): count for key, count in self._counts.items()}

    def recent(self) -> tuple[Record, ...]:
        """The last events of every level, oldest first."""
        return tuple(_record(at, TABLE[type(event)], event) for at, event in self._recent)

    def _count_reason(self, kind: type[Event], reason: str) -> None:
        key = (kind, reason)
        if key not in self._counts:
            key = key if self._reasons < MAX_REASONS else (kind, "other")
            self._reasons += 1
        self._counts[key] = self._counts.get(key, 0) + 1

    def _set_sinks(self, sinks: tuple[tuple[int, Sink], ...]) -> None:
        self._sinks = sinks
        self._lowest = min((rank for rank, _ in sinks), default=RANKS["error"] + 1)

    def _tell(self, record: Record) -> None:
        rank = RANKS[record.level]
        for least, sink in self._sinks:
            if rank >= least:
                sink(record)


def _record(at: float, row: Row, event: Event) -> Record:
    troubled = isinstance(event, events.AccountStateChanged) and event.state in _TROUBLED_STATES
    return Record(at, "warning" if troubled else row.level, row, event)


def _counter_name(key: type[Event] | tuple[type[Event], str]) -> str:
    if isinstance(key, tuple):
        return f"{TABLE[key[0]].name}: {key[1]}"
    return TABLE[key].name


class DropLimiter:
    """A sink before a sink: of each sender's dropped messages one record a minute passes, with the count of the rest.

    A stranger who floods an account must not flood its log. The counters still count every one.
    """

    def __init__(
        self,
        sink: Sink,
        *,
        interval_seconds: float = 60.0,
        max_senders: int = 1024,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sink = sink
        self._interval_seconds = interval_seconds
        self._max_senders = max_senders
        self._monotonic = monotonic
        self._senders: OrderedDict[tuple[AccountKey, str], tuple[float, int]] = OrderedDict()

    def __call__(self, record: Record) -> None:
        """Passes the record on, or holds it back and counts it."""
        event = record.event
        if not isinstance(event, events.MessageDropped):
            self._sink(record)
            return
        key = (event.chat.account, event.sender_id)
        now = self._monotonic()
        last, held = self._senders.get(key, (-self._interval_seconds - 1 + now, 0))
        if now - last < self._interval_seconds:
            self._senders[key] = (last, held + 1)
            return
        self._senders[key] = (now, 0)
        self._senders.move_to_end(key)
        if len(self._senders) > self._max_senders:
            self._senders.popitem(last=False)
        self._sink(msgspec.structs.replace(record, more=held))
