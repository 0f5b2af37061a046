from __future__ import annotations

from typing import Any

import pytest
from playbook import OPEN, SHOP, Stage, of, rulebook, sent_texts

from actors.messages import Chat, Inbound, TextContent
from router.rules.policy import AccountPolicy
from router.rules.records import InboxRow, OutboxRow, OutboxState, Remembered, SetInboxState, SetOutboxState


def waiting(inbox_id: int, text: str, sender: str = "u1", **fields: Any) -> InboxRow:
    inbound = Inbound(chat=Chat(SHOP, sender), message_id=f"m{inbox_id}", sender_id=sender, text=text)
    defaults: dict[str, Any] = {
        "state": "waiting",
        "agent_id": "main",
        "session_key": f"agent:main:zalo:shop:direct:{sender}",
    }
    return InboxRow(inbox_id=inbox_id, inbound=inbound, received_at=900.0, **(defaults | fields))


def unsent(outbox_id: int, state: OutboxState, **fields: Any) -> OutboxRow:
    content = TextContent(f"row {outbox_id}")
    return OutboxRow(
        outbox_id=outbox_id, chat=Chat(SHOP, "u1"), content=content, created_at=900.0, state=state, **fields
    )


def test_what_ran_runs_again_and_what_waited_follows_in_order() -> None:
    rows = (waiting(1, "one", state="running", starts=1), waiting(2, "two"), waiting(3, "other", sender="u2"))
    stage = Stage(remembered=Remembered(unfinished=rows, next_inbox_id=4))
    assert [turn.text for turn in stage.first.turns] == ["one", "other"]
    assert of(SetInboxState, stage.first)[0].starts == 2
    assert stage.state.unfinished[SHOP] == 3
    (second,) = stage.answer(1, "1").turns
    assert second.text == "two"


def test_a_message_that_was_begun_too_often_ends_as_a_dead_letter() -> None:
    stage = Stage(remembered=Remembered(unfinished=(waiting(1, "poison", state="running", starts=5),)))
    assert stage.first.turns == []
    (dead,) = of(SetInboxState, stage.first)
    assert (dead.state, dead.reason) == ("dead", "begun 5 times, and the router died each time")
    assert sent_texts(stage.open()) == ["Sorry, something went wrong and I could not answer. Please try again later."]


def test_messages_of_an_agent_that_is_gone_are_answered_by_who_is_there() -> None:
    row = waiting(1, "hi", agent_id="old", session_key="agent:old:main")
    (turn,) = Stage(remembered=Remembered(unfinished=(row,))).first.turns
    assert (turn.agent_id, turn.session_key) == ("main", "agent:main:zalo:shop:direct:u1")


def test_what_was_being_sent_is_resent_first_when_the_account_opens() -> None:
    stage = Stage(remembered=Remembered(unsent=(unsent(1, "sending", attempts=1), unsent(2, "queued"))))
    (change,) = of(SetOutboxState, stage.first)
    assert (change.state, change.error) == ("retry", "the router stopped while it was being sent")
    opened = stage.open()
    assert sent_texts(opened) == ["row 1"]
    assert opened.sends[0].attempt == 2
    assert sent_texts(stage.receipt(1)) == ["row 2"]


def test_what_was_being_sent_is_held_when_the_account_says_so() -> None:
    rules = rulebook(AccountPolicy(when_unknown="hold"))
    stage = Stage(rules, Remembered(unsent=(unsent(1, "sending", attempts=1), unsent(2, "queued"))))
    assert of(SetOutboxState, stage.first)[0].state == "unknown"
    assert stage.open().sends == []


@pytest.mark.parametrize(("not_before", "waits"), [(1030.0, 30.0), (900.0, 0.0), (9_000_000.0, 300.0)])
def test_a_retry_waits_out_the_rest_of_its_time_but_no_longer_than_the_longest(not_before: float, waits: float) -> None:
    row = unsent(1, "retry", attempts=3, not_before=not_before)
    stage = Stage(remembered=Remembered(unsent=(row, unsent(2, "queued"))))
    opened = stage.open()
    if waits:
        assert opened.sends == []
        assert stage.wait(waits - 0.1).sends == []
        opened = stage.wait(0.1)
    assert sent_texts(opened) == ["row 1"]


def test_ids_go_on_where_they_stopped() -> None:
    stage = Stage(remembered=Remembered(next_inbox_id=41, next_outbox_id=51))
    stage.open()
    (turn,) = stage.say("hi").turns
    assert turn.turn_id == 41
    assert stage.answer(41, "hello").sends[0].outbox_id == 51


def test_the_rules_of_today_hold_for_what_was_accepted_yesterday() -> None:
    rules = rulebook(OPEN, agents={"main": 1})
    rows = (waiting(1, "one"), waiting(2, "two", sender="u2"))
    assert len(Stage(rules, Remembered(unfinished=rows)).first.turns) == 1
