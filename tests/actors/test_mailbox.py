"""Mailboxes: bounded, refusing when closed, and never leaving who asks in the dark."""

from __future__ import annotations

import gc
import weakref

import msgspec
import pytest
import trio
import trio.testing

from actors.errors import MailboxClosed, Rejected
from actors.mailbox import Asked, Mailbox, Request


class Note(msgspec.Struct, frozen=True):
    text: str


class Double(msgspec.Struct, Request[int], frozen=True, weakref=True):
    number: int


Words = Note | Double


def box(capacity: int = 4) -> Mailbox[Words]:
    return Mailbox[Words](capacity)


async def answer_one(mailbox: Mailbox[Words]) -> None:
    asked = await mailbox.receive()
    assert isinstance(asked, Asked)
    assert isinstance(asked.message, Double)
    asked.slot.answer(asked.message.number * 2)


async def test_what_is_told_arrives_in_order() -> None:
    mailbox = box()
    for text in "abc":
        await mailbox.ref.tell(Note(text))
    assert [await mailbox.receive() for _ in range(3)] == [Note("a"), Note("b"), Note("c")]


async def test_a_batch_takes_what_is_there_up_to_its_limit() -> None:
    mailbox = box()
    for text in "abc":
        mailbox.ref.tell_nowait(Note(text))
    assert await mailbox.receive_batch(2) == [Note("a"), Note("b")]
    assert await mailbox.receive_batch(2) == [Note("c")]


async def test_a_full_mailbox_makes_the_sender_wait(autojump_clock: trio.testing.MockClock) -> None:
    mailbox = box(1)
    await mailbox.ref.tell(Note("a"))
    with pytest.raises(trio.WouldBlock):
        mailbox.ref.tell_nowait(Note("b"))
    with trio.move_on_after(5) as patience:
        await mailbox.ref.tell(Note("b"))
    assert patience.cancelled_caught
    assert await mailbox.receive_batch(9) == [Note("a")], "a cancelled tell was not put"


async def test_statistics_count_messages_and_waiting_senders(nursery: trio.Nursery) -> None:
    mailbox = box(1)
    await mailbox.ref.tell(Note("a"))
    nursery.start_soon(mailbox.ref.tell, Note("b"))
    await trio.testing.wait_all_tasks_blocked()
    now = mailbox.statistics()
    assert (now.waiting, now.capacity, now.waiting_senders) == (1, 1, 1)
    nursery.cancel_scope.cancel()


async def test_an_answer_reaches_who_asked(nursery: trio.Nursery) -> None:
    mailbox = box()
    nursery.start_soon(answer_one, mailbox)
    assert await mailbox.ref.ask(Double(21)) == 42


async def test_a_failure_is_raised_where_it_was_asked(nursery: trio.Nursery) -> None:
    mailbox = box()

    async def refuse() -> None:
        asked = await mailbox.receive()
        assert isinstance(asked, Asked)
        asked.slot.fail(Rejected("no"))

    nursery.start_soon(refuse)
    with pytest.raises(Rejected, match="no"):
        await mailbox.ref.ask(Double(1))


async def test_the_first_answer_counts() -> None:
    asked = Asked(Double(1))
    asked.slot.answer(2)
    asked.slot.answer(3)
    asked.slot.fail(Rejected("late"))
    assert await asked.slot.wait() == 2


async def test_a_closed_mailbox_refuses_by_the_messages_name() -> None:
    mailbox = box()
    mailbox.close()
    with pytest.raises(MailboxClosed, match="Note was not taken"):
        await mailbox.ref.tell(Note("a"))
    with pytest.raises(MailboxClosed, match="Note was not taken"):
        mailbox.ref.tell_nowait(Note("a"))
    with pytest.raises(MailboxClosed, match="Double was not taken"):
        await mailbox.ref.ask(Double(1))


async def expect_unanswered(mailbox: Mailbox[Words]) -> None:
    with pytest.raises(MailboxClosed, match="Double was not answered"):
        await mailbox.ref.ask(Double(1))


async def test_a_question_left_in_the_mailbox_fails_when_it_closes(nursery: trio.Nursery) -> None:
    mailbox = box()
    nursery.start_soon(expect_unanswered, mailbox)
    await trio.testing.wait_all_tasks_blocked()
    mailbox.close()


async def test_a_question_taken_by_an_actor_that_dies_fails_when_it_closes(nursery: trio.Nursery) -> None:
    mailbox = box()
    nursery.start_soon(expect_unanswered, mailbox)
    with mailbox:
        await mailbox.receive()


async def test_a_question_that_waits_for_room_is_refused_when_it_closes(nursery: trio.Nursery) -> None:
    mailbox = box(0)
    nursery.start_soon(expect_unanswered, mailbox)
    await trio.testing.wait_all_tasks_blocked()
    assert mailbox.statistics().waiting_senders == 1
    mailbox.close()


async def test_an_answer_given_before_closing_stands(nursery: trio.Nursery) -> None:
    mailbox = box()
    answers: list[int] = []

    async def ask() -> None:
        answers.append(await mailbox.ref.ask(Double(4)))

    nursery.start_soon(ask)
    await answer_one(mailbox)
    mailbox.close()
    await trio.testing.wait_all_tasks_blocked()
    assert answers == [8]


async def test_a_cancelled_question_may_still_be_answered(autojump_clock: trio.testing.MockClock) -> None:
    mailbox = box()
    with trio.move_on_after(1):
        await mailbox.ref.ask(Double(1))
    await answer_one(mailbox)
    assert mailbox.close() == []


async def test_an_answered_question_is_not_kept(nursery: trio.Nursery) -> None:
    mailbox = box()
    nursery.start_soon(answer_one, mailbox)
    question = Double(3)
    kept = weakref.ref(question)
    assert await mailbox.ref.ask(question) == 6
    del question
    await trio.testing.wait_all_tasks_blocked()
    gc.collect()
    assert kept() is None


async def test_closing_returns_what_was_told_and_never_taken(nursery: trio.Nursery) -> None:
    mailbox = box(1)
    await mailbox.ref.tell(Note("a"))
    nursery.start_soon(mailbox.ref.tell, Note("b"))
    nursery.start_soon(expect_unanswered, mailbox)
    await trio.testing.wait_all_tasks_blocked()
    assert mailbox.close() == [Note("a"), Note("b")]
    assert mailbox.close() == []
