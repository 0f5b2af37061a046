"""What the settings file holds once it is read: one tree of frozen structs, secrets hidden in it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from actors.agents.settings import AgentLimits, EchoSettings
from actors.messages import AccountKey
from actors.pacing import Pacing
from actors.restart import RestartPolicy
from router.settings.sections import (
    BindingSettings,
    CommandsSettings,
    ControlSettings,
    LimitsSettings,
    LoggingSettings,
    MediaSettings,
    MessagesSettings,
    Section,
    SessionSettings,
    StoreSettings,
    WebhookSettings,
)
from router.settings.values import CountOrZero, DmPolicy, GroupPolicy, PeerId, Text

TokenSource = Literal["config", "configFile", "env", "none"]


class ChannelDefaults(Section, frozen=True):
    """`channels.defaults`: holds for a channel that does not say it itself."""

    group_policy: GroupPolicy | None = None


class ToolsSettings(Section, frozen=True):
    """`groups.<id>.tools`: which tools an agent may use there. Obeyed later."""

    allow: tuple[Text, ...] = ()
    deny: tuple[Text, ...] = ()


class GroupSettings(Section, frozen=True):
    """`groups.<id or name>`; `*` stands for every group not named."""

    allow: bool = True
    enabled: bool = True
    """Either one false shuts the group."""
    require_mention: bool | None = None
    """Whether only messages that mention the account, or reply to it, are answered. None: as `*` has it, else no."""
    tools: ToolsSettings | None = None


class MarkdownSettings(Section, frozen=True):
    """`markdown`."""

    tables: Literal["off", "bullets", "code"] = "code"
    """How an agent's tables are written: as they come, row by row with bullets, or as a block of code."""


class PolicySettings(Section, frozen=True):
    """What the router obeys for one account: keys of `channels.<id>` and of `channels.<id>.accounts.<id>`.

    The other keys of those blocks belong to the account itself: `ZaloSettings`, `ZalouserSettings`.
    """

    dm_policy: DmPolicy = "pairing"
    allow_from: tuple[PeerId, ...] = ()
    group_policy: GroupPolicy = "allowlist"
    """Of a resolved account: its own, else its channel's, else `channels.defaults`, else the channel kind's default."""
    group_allow_from: tuple[PeerId, ...] | None = None
    """Who may speak in groups; `allow_from` when not given."""
    groups: dict[str, GroupSettings] = msgspec.field(default_factory=dict)
    response_prefix: str | None = None
    """Put before every reply. None asks `messages.responsePrefix`; an empty string means no prefix.

    `auto` is the agent's name in brackets; `{model}`, `{modelFull}`, `{provider}`, `{identity.name}` are filled in.
    """
    message_prefix: str | None = None
    """Put before what the agent is given."""
    chunk_mode: Literal["length", "newline"] = "length"
    text_chunk_limit: Annotated[int, msgspec.Meta(ge=10, le=2000)] = 2000
    """UTF-16 units; Zalo takes no more than 2000."""
    history_limit: CountOrZero = 0
    """Unanswered group messages that are shown to the agent with the next one. Obeyed later."""
    markdown: MarkdownSettings = MarkdownSettings()
    block_streaming: bool = False
    """Obeyed later."""
    parse_mode: Literal["markdown", "html"] | None = None
    """Sent along with agents' texts (zalo-bot-api reference, section 2.6); captions are always plain."""
    pacing: Pacing = Pacing()
    """How much it may send; a network that says "too much" (429) is obeyed whatever stands here."""
    when_unknown: Literal["resend", "hold"] = "resend"
    """What becomes of a send whose outcome is not known: sent again (may repeat it), or kept for the operator."""
    config_writes: bool = True
    """Whether commands given in a chat may change this file. Obeyed later."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One account, with all that is inherited filled in."""

    key: AccountKey
    label: str
    """For people: its `name`, else its channel's label with the account id."""
    enabled: bool
    """Its channel's `enabled` and its own."""
    is_default: bool
    """Whether it is meant when a command names the channel and no account."""
    settings: msgspec.Struct
    """The channel kind's own settings: `ZaloSettings`, `ZalouserSettings`."""
    policy: PolicySettings
    token_source: TokenSource = "none"
    path: str
    """Where it is in the file: `channels.zalo.accounts.shop`."""
    unusable: str = ""
    """Why it could not run if it were enabled; empty for every enabled account, since there it is a problem."""


class AgentEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One agent, with `agents.defaults` filled in."""

    id: str
    kind: str
    name: str
    is_default: bool
    settings: msgspec.Struct
    """The agent kind's own settings."""
    limits: AgentLimits
    path: str


BUILT_IN_AGENT = AgentEntry(
    id="main", kind="echo", name="main", is_default=True, settings=EchoSettings(), limits=AgentLimits(), path=""
)
"""Answers when the file names no agent."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings, checked. `agents` is never empty, and exactly one of them is the default."""

    accounts: tuple[Account, ...] = ()
    agents: tuple[AgentEntry, ...] = (BUILT_IN_AGENT,)
    bindings: tuple[BindingSettings, ...] = ()
    session: SessionSettings = SessionSettings()
    messages: MessagesSettings = MessagesSettings()
    media: MediaSettings = MediaSettings()
    commands: CommandsSettings = CommandsSettings()
    webhook: WebhookSettings = WebhookSettings()
    control: ControlSettings = ControlSettings()
    store: StoreSettings = StoreSettings()
    limits: LimitsSettings = LimitsSettings()
    restart: RestartPolicy = RestartPolicy()
    logging: LoggingSettings = LoggingSettings()

    @property
    def default_agent_id(self) -> str:
        """The agent that answers where no binding matches."""
        return next(agent.id for agent in self.agents if agent.is_default)
