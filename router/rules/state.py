"""What the router has in mind while it decides: exactly what the store remembers, in the shape that decisions need.

Rule 1: only the functions of `inflow`, `turns` and `outflow` change a `State`, and whatever they change that must
outlive the process they also put into the `Decision`.
Rule 2: nothing here waits, looks at a clock, or is random: `Moment` and `Chance` are handed in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

import msgspec

from actors.messages import AccountKey, Outbound, Turn
from router.events import Event
from router.rules.bindings import Binding
from router.rules.commands import DEFAULT_RESET_TRIGGERS
from router.rules.courtesy import Courtesy
from router.rules.delivery import DeliveryPolicy
from router.rules.lanes import Lanes
from router.rules.pairing import Pairings
from router.rules.policy import AccountPolicy
from router.rules.prefixes import AgentFacts
from router.rules.records import (
    Change,
    InboxRow,
    OutboxRow,
    PutInbox,
    PutOutbox,
    Session,
    SetInboxState,
    SetOutboxState,
)
from router.rules.resets import ResetRules
from router.rules.sessions import DmScope, SessionScope
from router.rules.texts import ENGLISH, Texts


class Rulebook(msgspec.Struct, frozen=True, kw_only=True):
    """The settings, as the law reads them. A reload puts a new one in its place."""

    accounts: Mapping[AccountKey, AccountPolicy]
    agents: Mapping[str, int]
    """Agent id to the number of its turns that may run at one time."""
    default_agent_id: str
    agent_facts: Mapping[str, AgentFacts] = {}
    """What response prefixes can say of each agent."""
    bindings: tuple[Binding, ...] = ()
    session_scope: SessionScope = "per-sender"
    dm_scope: DmScope = "main"
    resets: ResetRules = ResetRules()
    identity_links: Mapping[str, tuple[str, ...]] = {}
    reset_triggers: tuple[str, ...] = DEFAULT_RESET_TRIGGERS
    texts: Texts = ENGLISH
    error_text: str = ""
    """What a person reads when an agent stays broken; empty: the text of the locale."""
    unsupported_reply: str = ""
    """Said to who sends what nobody can answer, by the law of `courtesy`; empty: nothing is."""
    inbox_limit: int = 10_000
    """Unfinished messages per account, before the account has to stop taking more."""
    max_starts: int = 5
    """How often one message may be begun, over restarts of the process, before it counts as what kills it."""
    delivery: DeliveryPolicy = DeliveryPolicy()


class Moment(msgspec.Struct, frozen=True):
    """When a decision is made."""

    wall: float
    """Unix seconds: what is written down."""
    monotonic: float
    """Seconds that only go forward: what waits are measured by."""
    utc_offset_minutes: int = 0
    zone: str = "UTC"


class Chance(msgspec.Struct, frozen=True):
    """Where randomness comes from."""

    pairing_code: Callable[[], str]
    session_id: Callable[[], str]
    fraction: Callable[[], float]
    """From 0 up to 1."""


class Timer(msgspec.Struct, frozen=True, order=True):
    """A chat whose head may be sent again at `due` (monotonic seconds)."""

    due: float
    outbox_id: int
    account: AccountKey
    chat_id: str


class Decision:
    """What a batch of events leads to: first `changes` are committed, then the rest happens."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.turns: list[Turn] = []
        """To be given to their agents."""
        self.sends: list[Outbound] = []
        """To be given to their accounts."""
        self.events: list[Event] = []
        """To be told to the operator."""

    def put_inbox(self, row: InboxRow) -> None:
        """A message is accepted."""
        self.changes.append(PutInbox(row))

    def put_outbox(self, row: OutboxRow) -> None:
        """Something is to be sent."""
        self.changes.append(PutOutbox(row))

    def move_inbox(self, row: InboxRow, at: float) -> None:
        """A message's row as it is now. Right after its own `put_inbox` the two are written as one."""
        last = self.changes[-1] if self.changes else None
        if isinstance(last, PutInbox) and last.row.inbox_id == row.inbox_id:
            self.changes[-1] = PutInbox(row)
            return
        self.changes.append(
            SetInboxState(inbox_id=row.inbox_id, state=row.state, at=at, reason=row.reason, starts=row.starts)
        )

    def move_outbox(self, row: OutboxRow, at: float) -> None:
        """An outbox row as it is now. Right after its own `put_outbox` the two are written as one."""
        last = self.changes[-1] if self.changes else None
        if isinstance(last, PutOutbox) and last.row.outbox_id == row.outbox_id:
            self.changes[-1] = PutOutbox(row)
            return
        self.changes.append(
            SetOutboxState(
                outbox_id=row.outbox_id,
                state=row.state,
                at=at,
                attempts=row.attempts,
                not_before=row.not_before,
                message_id=row.message_id,
                error=row.error,
            )
        )


class State:
    """The router's memory."""

    def __init__(self, rulebook: Rulebook, pairings: Pairings | None = None) -> None:
        self.rulebook = rulebook
        self.pairings = pairings or Pairings()
        self.sessions: dict[str, Session] = {}
        self.turn_lanes: dict[str, Lanes[str, InboxRow]] = {}
        """By agent id; a lane is a session key."""
        self.send_lanes: dict[AccountKey, Lanes[str, OutboxRow]] = {}
        """By account; a lane is a chat id."""
        self.running: dict[int, InboxRow] = {}
        """Turns that are with an agent now, by inbox id."""
        self.running_sessions: dict[int, str] = {}
        """Which session id each running turn began in."""
        self.sending: dict[int, tuple[AccountKey, str]] = {}
        """Where each row that is out to an account belongs, by outbox id."""
        self.timers: list[Timer] = []
        self.unfinished: Counter[AccountKey] = Counter()
        self.courtesy = Courtesy()
        self.own_names: dict[AccountKey, str] = {}
        """What each account is called on its network, once it has opened."""
        self.next_inbox_id = 1
        self.next_outbox_id = 1
        self.draining = False

    def unfinished_ids(self) -> frozenset[int]:
        """The inbox ids of all messages that wait for an answer or are being answered."""
        return frozenset(row.inbox_id for lanes in self.turn_lanes.values() for row in lanes.items())

    def has_room(self, account: AccountKey) -> bool:
        """Whether this account may bring another message."""
        return self.unfinished[account] < self.rulebook.inbox_limit

    def policy(self, account: AccountKey) -> AccountPolicy:
        """The account's policy; for one that is no longer in the settings, the strictest."""
        return self.rulebook.accounts.get(account) or AccountPolicy(dm_policy="disabled", group_policy="disabled")

    def lanes_of_agent(self, agent_id: str) -> Lanes[str, InboxRow]:
        """The session lanes of one agent."""
        lanes = self.turn_lanes.get(agent_id)
        if lanes is None:
            lanes = self.turn_lanes[agent_id] = Lanes(self.rulebook.agents.get(agent_id, 1))
        return lanes

    def lanes_of_account(self, account: AccountKey) -> Lanes[str, OutboxRow]:
        """The chat lanes of one account; shut until the account opens."""
        lanes = self.send_lanes.get(account)
        if lanes is None:
            lanes = self.send_lanes[account] = Lanes(1, is_open=False)
        return lanes
