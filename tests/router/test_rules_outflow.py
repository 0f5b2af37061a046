from __future__ import annotations

from playbook import SHOP, Stage, of, rulebook, sent_texts

from actors.messages import AccountKey, Chat, Refused, Retry, TextContent, Unknown
from router.events import DeliveryDead, DeliveryHeld, DeliveryRetry, DeliverySent
from router.rules.outflow import closed
from router.rules.policy import AccountPolicy
from router.rules.records import PutOutbox, SetOutboxState


def test_nothing_leaves_before_the_account_opens() -> None:
    stage = Stage()
    assert stage.send("hello").sends == []
    opened = stage.open()
    assert sent_texts(opened) == ["hello"]
    assert of(SetOutboxState, opened)[0].state == "sending"


def test_within_a_chat_the_next_leaves_when_the_last_is_confirmed() -> None:
    stage = Stage()
    stage.open()
    assert sent_texts(stage.send("one", "two", "three")) == ["one"]
    confirmed = stage.receipt(1)
    assert sent_texts(confirmed) == ["two"]
    first, second = of(SetOutboxState, confirmed)
    assert (first.outbox_id, first.state, first.message_id) == (1, "sent", "z1")
    assert (second.outbox_id, second.state) == (2, "sending")
    assert any(isinstance(event, DeliverySent) for event in confirmed.events)


def test_chats_do_not_wait_for_each_other_and_the_account_bounds_them() -> None:
    stage = Stage()
    stage.open(capacity=2)
    sent = [text for chat in "abc" for text in sent_texts(stage.send(f"to {chat}", chat_id=chat))]
    assert sent == ["to a", "to b"]
    assert sent_texts(stage.receipt(2)) == ["to c"]


def test_a_retry_holds_its_chat_and_no_other() -> None:
    stage = Stage()
    stage.open()
    stage.send("one", "two")
    later = stage.receipt(1, Retry("429", 10.0))
    assert later.sends == []
    assert any(isinstance(event, DeliveryRetry) for event in later.events)
    assert sent_texts(stage.send("other", chat_id="u2")) == ["other"]
    assert stage.wait(9.9).sends == []
    woken = stage.wait(0.1)
    assert sent_texts(woken) == ["one"]
    assert of(SetOutboxState, woken)[0].attempts == 2


def test_what_may_have_gone_out_is_sent_again_or_held_as_the_account_says() -> None:
    stage = Stage()
    stage.open()
    stage.send("one")
    stage.receipt(1, Unknown("no answer"))
    assert sent_texts(stage.wait(2)) == ["one"]
    held = Stage(rulebook(AccountPolicy(when_unknown="hold")))
    held.open()
    held.send("one", "two")
    decision = held.receipt(1, Unknown("no answer"))
    assert of(SetOutboxState, decision)[0].state == "unknown"
    assert any(isinstance(event, DeliveryHeld) for event in decision.events)
    assert held.wait(100_000).sends == []


def test_when_a_part_of_a_reply_dies_the_rest_of_it_dies_and_the_next_reply_goes_on() -> None:
    stage = Stage()
    stage.open()
    stage.send("1/3", "2/3", "3/3", inbox_id=7)
    stage.send("next reply", inbox_id=8)
    decision = stage.receipt(1, Refused("The chat_id is invaild"))
    states = {change.outbox_id: (change.state, change.error) for change in of(SetOutboxState, decision)}
    assert states[1] == ("dead", "The chat_id is invaild")
    assert states[2] == states[3] == ("dead", "an earlier part of it could not be sent")
    assert sent_texts(decision) == ["next reply"]
    assert sum(isinstance(event, DeliveryDead) for event in decision.events) == 3


def test_unasked_messages_do_not_die_with_each_other() -> None:
    stage = Stage()
    stage.open()
    stage.send("one", "two")
    assert sent_texts(stage.receipt(1, Refused("no"))) == ["two"]


def test_a_closed_account_sends_nothing_and_goes_on_when_it_opens() -> None:
    stage = Stage()
    stage.open()
    stage.send("one", "two")
    closed(stage.state, SHOP)
    assert stage.receipt(1).sends == []
    assert sent_texts(stage.open()) == ["two"]


def test_one_accounts_trouble_is_its_own() -> None:
    stage = Stage()
    stage.open()
    stage.send("waits for an account that never opens")
    other = AccountKey("zalo", "other")
    assert stage.open(account=other).sends == []
    assert stage.state.lanes_of_account(other).size == 0


def test_a_receipt_for_what_is_not_out_changes_nothing() -> None:
    stage = Stage()
    stage.open()
    stage.send("one")
    stage.receipt(1)
    assert stage.receipt(1).changes == []
    assert stage.receipt(99).changes == []


def test_what_is_sent_says_where_it_goes_and_which_attempt_it_is() -> None:
    stage = Stage()
    stage.open()
    (outbound,) = stage.send("one").sends
    assert (outbound.chat, outbound.content, outbound.attempt) == (Chat(SHOP, "u1"), TextContent("one"), 1)


def test_a_queued_row_and_its_claim_are_written_as_one() -> None:
    stage = Stage()
    stage.open()
    decision = stage.send("one")
    assert [put.row.state for put in of(PutOutbox, decision)] == ["sending"]
    assert of(SetOutboxState, decision) == []
