"""Random histories: whatever is written, failed, forgotten and reopened, the engine remembers what the model does."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from store_material import SHOP, WORK, approval, inbox_row, outbox_row, pairing, session
from store_model import ModelStore

from actors.messages import AccountKey, Chat
from router.rules.records import (
    AppendTranscript,
    Change,
    DropApproval,
    DropPairing,
    PutApproval,
    PutDeadLetter,
    PutInbox,
    PutOutbox,
    PutPairing,
    PutSession,
    Remembered,
    SetInboxState,
    SetOutboxState,
)
from router.store import reads
from router.store.connection import Connection
from router.store.contract import Retention
from router.store.retention import forget, steps
from router.store.writes import write

ACCOUNTS = (SHOP, WORK, AccountKey("zalo", "work"))
accounts = st.sampled_from(ACCOUNTS)
senders = st.sampled_from(("ted", "eve", "tèo"))
message_ids = st.text(alphabet="ab\0é", max_size=2)
ages = st.integers(0, 30).map(float)
inbox_states = st.sampled_from(("waiting", "running", "done", "dead", "dropped", "handled"))
outbox_states = st.sampled_from(("queued", "sending", "sent", "retry", "dead", "unknown", "dropped"))
retentions = st.builds(
    Retention, dedupe_seconds=ages, content_seconds=ages, transcript_seconds=ages, dead_letter_seconds=ages
)
small_changes = st.one_of(
    st.builds(PutPairing, st.builds(pairing, senders, st.sampled_from(("OLD", "NEW")), accounts)),
    st.builds(DropPairing, account=accounts, sender_id=senders),
    st.builds(PutApproval, st.builds(approval, senders, accounts)),
    st.builds(DropApproval, account=accounts, sender_id=senders),
    st.builds(PutSession, st.builds(session, st.sampled_from(("k1", "k2")), st.sampled_from(("s1", "s2")), ages)),
    st.builds(AppendTranscript, session_id=st.sampled_from(("s1", "s2")), role=st.just("user"), text=senders, at=ages),
    st.builds(PutDeadLetter, account=accounts, raw=st.binary(max_size=3), reason=senders, at=ages),
)


def in_one_order(remembered: Remembered) -> Remembered:
    """Approvals, pairings and sessions are sets: their order is nobody's promise."""
    return msgspec.structs.replace(
        remembered,
        approvals=tuple(sorted(remembered.approvals, key=str)),
        pairings=tuple(sorted(remembered.pairings, key=str)),
        sessions=tuple(sorted(remembered.sessions, key=str)),
    )


class StoreMachine(RuleBasedStateMachine):
    """Drives the engine's blocking inside, without threads, and the model beside it."""

    @initialize(retention=retentions)
    def open(self, retention: Retention) -> None:
        self.retention = retention
        self.directory = tempfile.TemporaryDirectory()
        self.connection = Connection(Path(self.directory.name) / "store.db")
        self.model = ModelStore()
        self.now = 0.0

    def teardown(self) -> None:
        self.connection.close()
        self.directory.cleanup()

    def commit(self, changes: Sequence[Change]) -> None:
        self.connection.write(partial(write, changes=changes))
        self.model.apply_all(changes)

    @rule(changes=st.lists(small_changes, max_size=8))
    def write_small_things(self, changes: list[Change]) -> None:
        self.commit(changes)

    @rule(arrivals=st.lists(st.tuples(accounts, message_ids, inbox_states), min_size=1, max_size=5))
    def accept(self, arrivals: list[tuple[AccountKey, str, Any]]) -> None:
        first = self.model.remembered().next_inbox_id
        self.commit([self._arrival(first + place, *arrival) for place, arrival in enumerate(arrivals)])

    def _arrival(self, inbox_id: int, account: AccountKey, message_id: str, state: Any) -> PutInbox:
        row = inbox_row(inbox_id, state=state, received_at=self.now)
        chat = Chat(account, "c")
        return PutInbox(
            msgspec.structs.replace(row, inbound=msgspec.structs.replace(row.inbound, chat=chat, message_id=message_id))
        )

    @precondition(lambda self: self.model.remembered().unfinished)
    @rule(data=st.data(), states=st.lists(inbox_states, min_size=1, max_size=3), starts=st.none() | st.integers(0, 9))
    def move_a_message(self, data: st.DataObject, states: list[Any], starts: int | None) -> None:
        row = data.draw(st.sampled_from(self.model.remembered().unfinished))
        reply = outbox_row(self.model.remembered().next_outbox_id, created_at=self.now, inbox_id=row.inbox_id)
        moves: list[Change] = [
            SetInboxState(inbox_id=row.inbox_id, state=state, at=self.now, reason=str(starts), starts=starts)
            for state in states
        ]
        self.commit([PutOutbox(reply), *moves])

    @precondition(lambda self: self.model.remembered().unsent)
    @rule(data=st.data(), states=st.lists(outbox_states, min_size=1, max_size=3))
    def move_a_reply(self, data: st.DataObject, states: list[Any]) -> None:
        row = data.draw(st.sampled_from(self.model.remembered().unsent))
        self.commit(
            [
                SetOutboxState(outbox_id=row.outbox_id, state=state, at=self.now, attempts=place, not_before=self.now)
                for place, state in enumerate(states)
            ]
        )

    @precondition(lambda self: self.model.remembered().unfinished)
    @rule(changes=st.lists(small_changes, max_size=4))
    def fail(self, changes: list[Change]) -> None:
        used = self.model.remembered().unfinished[0].inbox_id
        with pytest.raises(sqlite3.IntegrityError):
            self.connection.write(partial(write, changes=[*changes, PutInbox(inbox_row(used, "another message"))]))

    @rule(passed_seconds=ages)
    def wait(self, passed_seconds: float) -> None:
        self.now += passed_seconds

    @rule()
    def prune(self) -> None:
        for step in steps(self.now, self.retention):
            self.connection.write(partial(forget, step=step))
        self.model.forget(self.now, self.retention)

    @rule()
    def reopen(self) -> None:
        self.connection.close()

    @invariant()
    def remembers_what_the_model_does(self) -> None:
        assert in_one_order(self.connection.run(reads.load)) == in_one_order(self.model.remembered())

    @invariant()
    def counts_what_the_model_does(self) -> None:
        assert self.connection.run(reads.counts) == self.model.counted()

    @invariant()
    def knows_what_the_model_does(self) -> None:
        keys = [(account, message_id) for account in ACCOUNTS for message_id in ("", "a", "b", "ab", "é", "a\0")]
        assert self.connection.run(partial(reads.known, keys=keys)) == self.model.known_of(keys)


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(
    max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
