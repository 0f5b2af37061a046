from __future__ import annotations

import pytest
from msgspec.structs import replace
from playbook import SHOP, Stage, of, rulebook, sent_texts

from actors.messages import Chat, Media, Refused, Reply, Retry, Sent, TextContent, Unknown
from router.operator_events import DeliveryDropped, DeliveryRetried, TurnRevived
from router.rules.interventions import Impossible, drop, held, retry, retry_turn, send
from router.rules.policy import AccountPolicy
from router.rules.records import (
    AppendTranscript,
    InboxRow,
    OutboxRow,
    PutOutbox,
    PutSendOrder,
    SetInboxState,
    SetOutboxState,
)
from router.rules.state import Decision
from router.rules.turns import reset_session

HOLD = AccountPolicy(dm_policy="open", allow_from=frozenset({"*"}), when_unknown="hold")


def stage_with_a_held_head() -> tuple[Stage, OutboxRow]:
    """`one` may have gone out and is held; `two` waits behind it."""
    stage = Stage(rulebook(HOLD))
    stage.open()
    stage.send("one", "two")
    stage.receipt(1, Unknown("no answer"))
    row = held(stage.state, 1)
    assert row is not None
    return stage, row


def dead(stage: Stage, *texts: str) -> OutboxRow:
    """The row of the first text, after the network refused it."""
    row = of(PutOutbox, stage.send(*texts))[0].row
    stage.receipt(row.outbox_id, Refused("no"))
    return replace(row, state="dead", attempts=1, error="no")


def states(decision: Decision) -> list[tuple[int, str]]:
    return [(change.outbox_id, change.state) for change in of(SetOutboxState, decision)]


def test_a_held_row_is_found_by_its_id_and_only_while_it_is_unknown() -> None:
    stage, row = stage_with_a_held_head()
    assert (row.state, row.error) == ("unknown", "no answer")
    assert held(stage.state, 2) is None
    retry(stage.state, row, stage.moment, Decision())
    assert held(stage.state, 1) is None


def test_retrying_a_held_row_sends_it_again_and_its_chat_goes_on_in_order() -> None:
    stage, row = stage_with_a_held_head()
    decision = Decision()
    again = retry(stage.state, row, stage.moment, decision)
    assert isinstance(again, OutboxRow)
    assert (again.outbox_id, again.state) == (1, "retry")
    assert sent_texts(decision) == ["one"]
    assert states(decision) == [(1, "retry"), (1, "sending")]
    assert decision.sends[0].attempt == 2
    assert sent_texts(stage.receipt(1)) == ["two"]
    assert any(isinstance(event, DeliveryRetried) and event.new_outbox_id == 1 for event in decision.events)


def test_retrying_a_held_row_of_a_closed_account_waits_for_its_opening() -> None:
    stage, row = stage_with_a_held_head()
    stage.state.lanes_of_account(SHOP).is_open = False
    decision = Decision()
    retry(stage.state, row, stage.moment, decision)
    assert decision.sends == []
    assert states(decision) == [(1, "retry")]
    assert sent_texts(stage.open()) == ["one"]


def test_dropping_a_held_row_lets_its_chat_go_on_without_it() -> None:
    stage, row = stage_with_a_held_head()
    decision = Decision()
    dropped = drop(stage.state, row, stage.moment, decision)
    assert isinstance(dropped, OutboxRow)
    assert dropped.state == "dropped"
    assert dropped.error == "dropped by an operator; it was: no answer"
    assert states(decision) == [(1, "dropped"), (2, "sending")]
    assert sent_texts(decision) == ["two"]
    stage.receipt(2)
    assert stage.state.lanes_of_account(SHOP).size == 0
    assert any(isinstance(event, DeliveryDropped) for event in decision.events)


def test_retrying_a_dead_row_queues_its_content_at_the_end_of_the_chat() -> None:
    stage = Stage()
    stage.open()
    row = dead(stage, "one")
    stage.send("later")
    decision = Decision()
    again = retry(stage.state, row, stage.moment, decision)
    assert isinstance(again, OutboxRow)
    (put,) = of(PutOutbox, decision)
    assert put.row == again
    assert (again.outbox_id, again.state, again.attempts, again.content) == (3, "queued", 0, TextContent("one"))
    (old,) = of(SetOutboxState, decision)
    assert (old.outbox_id, old.state, old.error) == (1, "dropped", "sent again as 3; it was: no")
    assert decision.sends == []
    assert sent_texts(stage.receipt(2)) == ["one"]


def test_dropping_a_dead_row_touches_no_lane() -> None:
    stage = Stage()
    stage.open()
    row = dead(stage, "one")
    stage.send("later")
    decision = Decision()
    drop(stage.state, row, stage.moment, decision)
    assert states(decision) == [(1, "dropped")]
    assert stage.state.lanes_of_account(SHOP).size == 1


@pytest.mark.parametrize("act", [retry, drop])
@pytest.mark.parametrize("state", ["queued", "sending", "sent", "retry", "dropped"])
def test_rows_that_wait_for_no_decision_are_left_alone(act: object, state: str) -> None:
    stage = Stage()
    row = OutboxRow(outbox_id=9, chat=Chat(SHOP, "u1"), content=TextContent("x"), created_at=1.0, state=state)  # type: ignore[arg-type]
    decision = Decision()
    answer = act(stage.state, row, stage.moment, decision)  # type: ignore[operator]
    assert answer == Impossible(f"9 is {state}; only what is dead or unknown waits for a decision")
    assert decision.changes == []


def test_a_path_of_this_machine_is_never_sent_to_a_chat() -> None:
    stage = Stage()
    stage.open()
    stage.say("hi")
    (row,) = [
        put.row
        for put in of(PutOutbox, stage.answer(1, Reply(media=(Media(kind="file", path="/srv/secret.pdf"),))))
        if put.row.state == "dead"
    ]
    decision = Decision()
    assert isinstance(retry(stage.state, row, stage.moment, decision), Impossible)
    assert decision.changes == []
    assert isinstance(drop(stage.state, row, stage.moment, Decision()), OutboxRow)


def test_an_operators_message_waits_its_turn_and_is_remembered_by_its_key() -> None:
    stage = Stage()
    stage.open()
    stage.send("before")
    decision = Decision()
    order = send(
        stage.state,
        Chat(SHOP, "u1"),
        [TextContent("a"), TextContent("b")],
        send_id="k1",
        digest="d",
        moment=stage.moment,
        decision=decision,
    )
    assert order.outbox_ids == (2, 3)
    assert of(PutSendOrder, decision) == [PutSendOrder(order)]
    assert [put.row.send_id for put in of(PutOutbox, decision)] == ["k1", "k1"]
    assert decision.sends == []
    assert sent_texts(stage.receipt(1)) == ["a"]


def test_when_a_part_of_an_operators_message_dies_its_rest_dies_and_others_go_on() -> None:
    stage = Stage()
    stage.open()
    for key, texts in (("k1", ["a", "b"]), ("k2", ["c"])):
        contents = [TextContent(text) for text in texts]
        send(
            stage.state,
            Chat(SHOP, "u1"),
            contents,
            send_id=key,
            digest="d",
            moment=stage.moment,
            decision=Decision(),
        )
    died = stage.receipt(1, Refused("chat not found"))
    assert states(died) == [(1, "dead"), (2, "dead"), (3, "sending")]


def test_two_things_said_unasked_are_not_parts_of_one() -> None:
    stage = Stage()
    stage.open()
    stage.send("a", "b")
    assert states(stage.receipt(1, Refused("no"))) == [(1, "dead"), (2, "sending")]


def dead_turn(stage: Stage) -> InboxRow:
    started = stage.say("hello")
    row = stage.state.running[started.turns[0].turn_id]
    (change,) = of(SetInboxState, stage.fail(row.inbox_id))
    return InboxRow(
        inbox_id=row.inbox_id,
        inbound=row.inbound,
        received_at=row.received_at,
        state=change.state,
        reason=change.reason,
        agent_id=row.agent_id,
        session_key=row.session_key,
        starts=5,
        authorized=True,
    )


def test_a_dead_turn_is_given_to_its_agent_once_more() -> None:
    stage = Stage()
    stage.open()
    row = dead_turn(stage)
    decision = Decision()
    waiting = retry_turn(stage.state, row, stage.moment, stage.chance, decision)
    assert isinstance(waiting, InboxRow)
    (turn,) = decision.turns
    assert (turn.turn_id, turn.text, turn.attempt) == (row.inbox_id, "hello", 1)
    assert [(change.state, change.starts) for change in of(SetInboxState, decision)] == [("waiting", 0), ("running", 1)]
    assert stage.state.unfinished[SHOP] == 1
    assert any(isinstance(event, TurnRevived) for event in decision.events)
    stage.receipt(1, Sent("z"))
    assert sent_texts(stage.answer(row.inbox_id, "now it works")) == ["now it works"]
    assert stage.state.unfinished[SHOP] == 0


def test_a_dead_turn_of_an_agent_that_is_gone_goes_to_whom_it_would_go_now() -> None:
    stage = Stage()
    row = dead_turn(stage)
    stage.state.rulebook = rulebook(agents={"other": 1}, default_agent_id="other")
    decision = Decision()
    retry_turn(stage.state, row, stage.moment, stage.chance, decision)
    assert decision.turns[0].agent_id == "other"
    assert decision.turns[0].session_key.startswith("agent:other:")


def test_turns_that_are_not_dead_or_have_lost_their_text_are_left_alone() -> None:

    stage = Stage()
    row = dead_turn(stage)
    empty = replace(row, inbound=replace(row.inbound, text=""))
    for other, why in ((replace(row, state="done"), "is done"), (empty, "no longer kept")):
        decision = Decision()
        answer = retry_turn(stage.state, other, stage.moment, stage.chance, decision)
        assert isinstance(answer, Impossible)
        assert why in answer.reason
        assert (decision.changes, decision.turns) == ([], [])
    assert stage.state.unfinished[SHOP] == 0


def test_a_session_begun_anew_leaves_its_running_turn_in_the_old_one() -> None:
    stage = Stage()
    (first,) = stage.say("hello").turns
    decision = Decision()
    fresh = reset_session(stage.state, first.session_key, stage.moment, stage.chance, decision)
    assert fresh is not None
    assert fresh.session_id != first.session_id
    lines = of(AppendTranscript, stage.answer(first.turn_id, "hi"))
    assert {line.session_id for line in lines} == {first.session_id}
    (second,) = stage.say("again").turns
    assert second.session_id == fresh.session_id
    assert reset_session(stage.state, "agent:main:nobody", stage.moment, stage.chance, decision) is None


def test_a_retried_row_that_waits_again_is_woken_by_its_own_timer() -> None:
    stage, row = stage_with_a_held_head()
    retry(stage.state, row, stage.moment, Decision())
    stage.receipt(1, Retry("429", 10.0))
    assert stage.wait(9).sends == []
    assert sent_texts(stage.wait(1)) == ["one"]
