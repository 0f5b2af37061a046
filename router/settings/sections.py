"""The sections of the settings file that are not channels or agents: one struct each, camel-cased in the file.

Every key is known here from the first release on, also where the feature behind it comes later; such a key says so.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from router.settings.values import (
    Count,
    CountOrZero,
    DmScope,
    Megabytes,
    PeerId,
    Port,
    QueueMode,
    Seconds,
    SecondsOrZero,
    Text,
)


class Section(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The base of every struct that is read from the file."""


class PeerSettings(Section, frozen=True):
    """`bindings[].match.peer`."""

    kind: Literal["direct", "dm", "group"]
    """`dm` is an older word for `direct`."""
    id: PeerId


class MatchSettings(Section, frozen=True):
    """`bindings[].match`: all that is given must hold."""

    channel: Text
    account_id: str | None = None
    """None and `*` mean any account."""
    peer: PeerSettings | None = None


class BindingSettings(Section, frozen=True):
    """One entry of `bindings`: who answers where."""

    agent_id: Text
    match: MatchSettings


class ResetSettings(Section, frozen=True):
    """When a session begins anew by itself; judged when the next message comes in (reference, section 4.4)."""

    mode: Literal["never", "daily", "idle"] = "daily"
    at_hour: Annotated[int, msgspec.Meta(ge=0, le=23)] = 4
    """For `daily`: the hour, in `timezone`."""
    idle_minutes: Count | None = None
    """Expires a session after so long without a message; 60 when `mode` is `idle` and none is given."""
    timezone: Text = "local"
    """`local`, `utc` or an IANA name."""


class ResetByType(Section, frozen=True):
    """`session.resetByType`."""

    direct: ResetSettings | None = None
    dm: ResetSettings | None = None
    """An older word for `direct`."""
    group: ResetSettings | None = None
    thread: ResetSettings | None = None
    """Zalo has no threads; known, and never used."""


class SessionSettings(Section, frozen=True):
    """`session`: which messages share one conversation with an agent."""

    dm_scope: DmScope = "main"
    main_key: Text = "main"
    """Accepted; keys always say `main`, as in the reference (section 4.1)."""
    scope: Literal["per-sender", "global"] = "per-sender"
    """`global` makes one session of everything that an agent is told."""
    identity_links: dict[str, tuple[PeerId, ...]] = {}
    """One person's ids, under a name of your choice: `{"ted": ["zalo:123", "zalouser:456"]}`."""
    reset: ResetSettings | None = None
    """Not given: a session begins anew only when somebody asks."""
    reset_by_type: ResetByType = ResetByType()
    """Beats `reset`."""
    reset_by_channel: dict[str, ResetSettings] = {}
    """Beats both."""
    reset_triggers: tuple[Text, ...] = ("/new", "/reset")
    idle_minutes: Count | None = None
    """An older spelling of `reset: {mode: "idle", idleMinutes: n}`."""


class InboundSettings(Section, frozen=True):
    """`messages.inbound`: waiting for a person to finish before an agent is asked. Obeyed later."""

    debounce_ms: CountOrZero = 0
    by_channel: dict[str, CountOrZero] = {}


class QueueSettings(Section, frozen=True):
    """`messages.queue`: what becomes of messages that come in while the agent is busy. Obeyed later."""

    mode: QueueMode = "followup"
    """`followup` gives each message its own turn, in order."""
    by_channel: dict[str, QueueMode] = {}
    debounce_ms: CountOrZero = 1000
    cap: Count = 20
    drop: Literal["summarize", "old", "new"] = "summarize"


class GroupChatSettings(Section, frozen=True):
    """`messages.groupChat`."""

    mention_patterns: tuple[Text, ...] = ()
    """Regular expressions that count as a mention, whatever the case. Obeyed later."""


class MessagesSettings(Section, frozen=True):
    """`messages`: the words that people get to read."""

    locale: Literal["en", "vi"] = "en"
    error_text: Text | None = None
    """Said when an agent stays broken; the locale's own sentence when not given."""
    unsupported_reply: str | bool | None = None
    """Said to a sticker and to what Zalo withholds from bots, at most every ten minutes in a chat, to who may speak.

    `true` says the locale's own sentence; nothing is said when not given.
    """
    response_prefix: str | None = None
    """Put before every reply, unless the account or its channel says otherwise; see its `responsePrefix`."""
    inbound: InboundSettings = InboundSettings()
    queue: QueueSettings = QueueSettings()
    group_chat: GroupChatSettings = GroupChatSettings()


class MediaSettings(Section, frozen=True):
    """`media`: files that come with messages, or go with answers, of `mediaMaxMb` of the account at most."""

    allow_private_networks: bool = False
    """Whether files are fetched from addresses that are not public, too: for tests, and for networks of one's own."""
    timeout_seconds: Seconds = 30.0
    """How long one file may take; the message is answered without it then."""
    retention_days: Annotated[float, msgspec.Meta(gt=0)] = 7.0
    """How long files are kept once their message is answered, and pictures of answers once they are written."""
    host_seconds: Seconds = 600.0
    """How long a picture in a file has an address below `webhook.publicUrl`, counted from each attempt to send it."""


class CommandsSettings(Section, frozen=True):
    """`commands`: `/new`, `/status` and the like."""

    use_access_groups: bool = True
    """False lets everybody who may speak use commands, not only who is listed."""


class WebhookSettings(Section, frozen=True):
    """`webhook`: the listener that all webhook accounts share."""

    host: Text = "127.0.0.1"
    port: Port = 8788
    public_url: str | None = None
    """The https address under which Zalo reaches this listener."""
    tls_cert: str | None = None
    tls_key: str | None = None
    """PEM files, relative to the settings file; both, or neither when something in front speaks TLS."""
    rate_per_minute: Count = 6000
    """Requests with a valid secret for one account; more get 429. Generous: what is refused, Zalo may not repeat."""
    max_body_bytes: Count = 1024 * 1024
    """A longer body gets 413."""


class ControlSettings(Section, frozen=True):
    """`control`: the socket that the command line and the dashboard use."""

    host: Text = "127.0.0.1"
    port: Port = 18790


class RetentionSettings(Section, frozen=True):
    """`store.retention`: how long finished things are kept, in seconds."""

    dedupe_seconds: Seconds = 30 * 86_400.0
    content_seconds: Seconds = 7 * 86_400.0
    transcript_seconds: Seconds = 90 * 86_400.0
    dead_letter_seconds: Seconds = 90 * 86_400.0


class StoreSettings(Section, frozen=True):
    """`store`."""

    retention: RetentionSettings = RetentionSettings()


class LimitsSettings(Section, frozen=True):
    """`limits`: the numbers behind back-pressure and shutdown."""

    inbox: Count = 10_000
    """Unfinished messages of one account; at that many it takes no more in until some are answered."""
    mailbox: Count = 256
    """Messages that wait for one actor before whoever sends more has to wait."""
    batch: Count = 64
    """Messages that the router judges and commits in one transaction, at most. An account's sends wait for one another
    through as many transactions: larger ones carry no more messages and let an answer wait longer behind a burst."""
    drain_seconds: SecondsOrZero = 30.0
    """How long running turns and sends may take once a stop is asked for."""
    poll_grace_seconds: SecondsOrZero = 2.0
    """How long a poll that is under way may take to come back once a stop is asked for."""


class LogFileSettings(Section, frozen=True):
    """`logging.file`: JSON lines in the state directory."""

    max_mb: Megabytes = 10.0
    """A file of this size is put aside and a new one begun."""
    keep: CountOrZero = 5
    """Files put aside that are kept."""


class LoggingSettings(Section, frozen=True):
    """`logging`."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    console_style: Literal["auto", "pretty", "plain", "json"] = "auto"
    """`auto` is `pretty` on a terminal and `plain` elsewhere."""
    file: LogFileSettings = LogFileSettings()
