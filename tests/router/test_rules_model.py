"""The whole law under any sequence of events: what was promised holds at every moment, and memory is what is stored."""

from __future__ import annotations

from collections import defaultdict
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from playbook import SHOP, Stage, rulebook
from store_model import ModelStore

from actors.messages import Outbound, Outcome, Refused, Retry, Sent, TextContent, Unknown
from router.rules.lanes import Lanes
from router.rules.outflow import closed
from router.rules.policy import AccountPolicy, WhenUnknown
from router.rules.state import Decision

Row = TypeVar("Row")
USERS = ("u1", "u2", "u3")
CAPACITY = 2


class RouterMachine(RuleBasedStateMachine):
    """Says, answers, confirms, fails, closes, opens, waits and restarts, in any order."""

    @initialize(when_unknown=st.sampled_from(["resend", "hold"]))
    def begin(self, when_unknown: WhenUnknown) -> None:
        policy = AccountPolicy(dm_policy="open", allow_from=frozenset({"*"}), when_unknown=when_unknown, text_limit=10)
        self.rulebook = rulebook(policy, agents={"main": CAPACITY})
        self.store = ModelStore()
        self.stage = Stage(self.rulebook)
        self.asked: set[int] = set()
        self.out: dict[int, Outbound] = {}
        self.ended: set[int] = set()
        self.left_in_order: dict[str, list[int]] = defaultdict(list)
        self.is_open = False
        self.number = 0

    @rule(user=st.sampled_from(USERS), command=st.booleans())
    def say(self, user: str, command: bool) -> None:
        self.number += 1
        self._carry_out(self.stage.say("/status" if command else f"n{self.number}", user))

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), long=st.booleans())
    def answer(self, data: st.DataObject, long: bool) -> None:
        turn_id = self._ended_turn(data)
        self._carry_out(self.stage.answer(turn_id, f"{turn_id:>9} " * (3 if long else 1)))

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        self._carry_out(self.stage.fail(self._ended_turn(data)))

    @precondition(lambda self: self.out)
    @rule(data=st.data(), outcome=st.sampled_from([Sent("z"), Sent("z"), Retry("429"), Refused("no"), Unknown("lost")]))
    def settle(self, data: st.DataObject, outcome: Outcome) -> None:
        outbox_id = data.draw(st.sampled_from(sorted(self.out)))
        del self.out[outbox_id]
        self._carry_out(self.stage.receipt(outbox_id, outcome))

    @precondition(lambda self: not self.is_open)
    @rule()
    def open(self) -> None:
        self.is_open = True
        self._carry_out(self.stage.open(CAPACITY))

    @precondition(lambda self: self.is_open)
    @rule()
    def close(self) -> None:
        self.is_open = False
        closed(self.stage.state, SHOP)
        for outbox_id in sorted(self.out):
            self._carry_out(self.stage.receipt(outbox_id, Retry("stopped")))
        self.out.clear()

    @rule(seconds=st.sampled_from([0.5, 5.0, 400.0]))
    def wait(self, seconds: float) -> None:
        self._carry_out(self.stage.wait(seconds))

    @rule()
    def restart(self) -> None:
        """The process dies and another goes on from what is stored."""
        numbers = self.stage.numbers
        self.stage = Stage(self.rulebook, self.store.remembered(), now=self.stage.now)
        self.stage.numbers = numbers
        self.asked.clear()
        self.out.clear()
        self.is_open = False
        self._carry_out(self.stage.first)

    def _ended_turn(self, data: st.DataObject) -> int:
        turn_id: int = data.draw(st.sampled_from(sorted(self.asked)))
        self.asked.discard(turn_id)
        self.ended.add(turn_id)
        return turn_id

    def _carry_out(self, decision: Decision) -> None:
        self.store.apply_all(decision.changes)
        for turn in decision.turns:
            assert turn.turn_id not in self.ended, "a finished turn runs again"
            assert turn.turn_id not in self.asked, "a turn runs twice at one time"
            self.asked.add(turn.turn_id)
        for outbound in decision.sends:
            self._leaves(outbound)

    def _leaves(self, outbound: Outbound) -> None:
        assert self.is_open, "something leaves while the account is shut"
        others = [other.chat.chat_id for other in self.out.values()]
        assert outbound.chat.chat_id not in others, "two things of one chat are out at one time"
        self.out[outbound.outbox_id] = outbound
        left = self.left_in_order[outbound.chat.chat_id]
        assert not left or outbound.outbox_id >= left[-1], "a chat's order is broken"
        left.append(outbound.outbox_id)
        assert isinstance(outbound.content, TextContent)

    @invariant()
    def bounds_hold(self) -> None:
        if not hasattr(self, "stage"):
            return
        state = self.stage.state
        assert len(self.asked) <= CAPACITY
        assert len(self.out) <= CAPACITY
        assert set(state.running) == self.asked
        assert set(state.sending) == set(self.out)

    @invariant()
    def memory_is_what_is_stored(self) -> None:
        if not hasattr(self, "stage"):
            return
        state, stored = self.stage.state, self.store.remembered()
        waiting = {row.inbox_id for lanes in state.turn_lanes.values() for row in _all_rows(lanes)}
        assert waiting == {row.inbox_id for row in stored.unfinished}
        assert state.unfinished.total() == len(waiting)
        unsent = {row.outbox_id: row.state for row in _all_rows(state.lanes_of_account(SHOP))}
        assert unsent == {row.outbox_id: row.state for row in stored.unsent}
        assert state.sessions == {session.session_key: session for session in stored.sessions}

    @invariant()
    def nobody_is_forgotten(self) -> None:
        """While an agent has room, nobody waits for it without reason."""
        if hasattr(self, "stage") and len(self.asked) < CAPACITY:
            heads = {row.inbox_id for row in self.stage.state.lanes_of_agent("main").heads()}
            assert heads <= self.asked


def _all_rows(lanes: Lanes[str, Row]) -> list[Row]:
    return [row for lane in lanes._items.values() for row in lane]


def test_every_sequence_keeps_the_promises() -> None:
    steps = settings(max_examples=60, stateful_step_count=40, deadline=None)
    run_state_machine_as_test(RouterMachine, settings=steps)
