"""Which turn a line answers, as playbooks."""

from __future__ import annotations

import pytest
import trio

from actors.agents.questions import Question, Questions
from actors.agents.wire import Line
from actors.errors import Rejected, RetryLater
from actors.messages import Reply


async def answer_of(question: Question) -> str:
    with trio.fail_after(1):
        return (await question.slot.wait()).text


def says(text: str, turn_id: int | None = None) -> Line:
    return Line(None if turn_id is None else str(turn_id), Reply(text))


async def test_lines_with_ids_find_their_turns_in_any_order() -> None:
    questions = Questions()
    first, second = questions.ask(1), questions.ask(2)
    assert questions.settle(says("two", 2))
    assert questions.settle(says("one", 1))
    assert (await answer_of(first), await answer_of(second), len(questions)) == ("one", "two", 0)


async def test_lines_without_ids_answer_in_the_order_of_asking() -> None:
    questions = Questions()
    first, second = questions.ask(1), questions.ask(2)
    assert questions.settle(says("one"))
    assert questions.settle(says("two"))
    assert (await answer_of(first), await answer_of(second)) == ("one", "two")


async def test_the_answer_to_an_abandoned_question_is_not_taken_for_the_next_ones() -> None:
    questions = Questions()
    first, second = questions.ask(1), questions.ask(2)
    questions.abandon(first)
    assert not questions.settle(says("one"))
    assert questions.settle(says("two"))
    assert await answer_of(second) == "two"


async def test_a_question_that_was_never_told_keeps_no_place() -> None:
    questions = Questions()
    first, second = questions.ask(1), questions.ask(2)
    questions.withdraw(first)
    questions.withdraw(first)
    assert questions.settle(says("two"))
    assert await answer_of(second) == "two"


async def test_once_ids_are_used_a_line_without_one_is_dropped() -> None:
    questions = Questions()
    questions.ask(1)
    second = questions.ask(2)
    questions.settle(says("one", 1))
    assert not questions.settle(says("a guess"))
    assert questions.settle(says("two", 2))
    assert await answer_of(second) == "two"


async def test_a_late_answer_with_an_id_is_dropped() -> None:
    questions = Questions()
    first, second = questions.ask(1), questions.ask(2)
    questions.abandon(first)
    assert not questions.settle(says("one", 1))
    assert questions.settle(says("two", 2))
    assert await answer_of(second) == "two"


async def test_the_late_answer_to_an_earlier_attempt_serves_the_same_turn() -> None:
    questions = Questions()
    questions.ask(5)
    questions.settle(says("five", 5))
    first_attempt = questions.ask(1)
    questions.abandon(first_attempt)
    second_attempt = questions.ask(1)
    assert questions.settle(says("one", 1))
    assert await answer_of(second_attempt) == "one"


def test_abandoned_questions_do_not_pile_up_with_a_program_that_uses_ids() -> None:
    questions = Questions()
    questions.ask(0)
    questions.settle(says("zero", 0))
    for turn_id in range(1, 10):
        questions.abandon(questions.ask(turn_id))
    assert len(questions) == 0


@pytest.mark.parametrize("line", [says("x", 9), says("x")])
def test_a_line_that_answers_nothing_is_dropped(line: Line) -> None:
    assert not Questions().settle(line)


async def test_a_failure_goes_to_its_turn() -> None:
    questions = Questions()
    first = questions.ask(1)
    assert questions.settle(Line("1", Rejected("no")))
    with pytest.raises(Rejected, match="no"):
        await answer_of(first)


async def test_when_the_program_ends_every_open_question_may_be_asked_again() -> None:
    questions = Questions()
    both = questions.ask(1), questions.ask(2)
    questions.fail_all("it ended")
    for question in both:
        with pytest.raises(RetryLater, match="it ended"):
            await answer_of(question)
    assert len(questions) == 0


def test_it_counts_what_was_given_up_since_the_last_answer() -> None:
    questions = Questions()
    for turn_id in range(3):
        questions.abandon(questions.ask(turn_id))
    assert questions.abandoned_in_a_row == 3
    questions.settle(says("at last"))
    assert questions.abandoned_in_a_row == 0


def test_giving_up_an_answered_question_changes_nothing() -> None:
    questions = Questions()
    question = questions.ask(1)
    questions.settle(says("one"))
    questions.abandon(question)
    assert (questions.abandoned_in_a_row, len(questions)) == (0, 0)
