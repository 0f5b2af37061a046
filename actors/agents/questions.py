"""Which turn a line answers: the questions that one long-lived program has been asked and not answered yet.

Pure but for waking who waits.

A program may put the turn's `id` into its answers, and then answer in any order. One that never does is taken to
answer in the order in which it was asked. The first `id` settles which: from then on a line without one is dropped,
since a guess would hand one person the answer to another.

Somebody may stop waiting for a question that the program has read. Its place is kept in the order, so that the answer
that is still to come is dropped and not taken for the next one's.
"""

from __future__ import annotations

from collections import deque

from actors.agents.wire import Line
from actors.errors import RetryLater
from actors.mailbox import ReplySlot
from actors.messages import Reply


class Question:
    """One turn that was asked."""

    __slots__ = ("abandoned", "id", "slot")

    def __init__(self, turn_id: int) -> None:
        self.id = str(turn_id)
        self.slot: ReplySlot[Reply] = ReplySlot()
        self.abandoned = False


class Questions:
    """The open questions of one program, in the order in which they were asked."""

    def __init__(self) -> None:
        self._open: deque[Question] = deque()
        self._answers_by_id = False
        self.abandoned_in_a_row = 0
        """Questions given up since the program last answered anything."""

    def __len__(self) -> int:
        return len(self._open)

    def ask(self, turn_id: int) -> Question:
        """Adds a question at the end."""
        question = Question(turn_id)
        self._open.append(question)
        return question

    def withdraw(self, question: Question) -> None:
        """Takes out a question that the program has not been told. No effect when it is not open any more."""
        if question in self._open:
            self._open.remove(question)

    def abandon(self, question: Question) -> None:
        """Nobody waits for this one any more, but the program was told it. No effect when it is answered already."""
        if question not in self._open:
            return
        self.abandoned_in_a_row += 1
        question.abandoned = True
        if self._answers_by_id:
            self._open.remove(question)

    def settle(self, line: Line) -> bool:
        """Gives an answer to whom it belongs; False when it belongs to nobody who waits."""
        self.abandoned_in_a_row = 0
        if line.id is not None:
            self._go_by_id()
        question = self._asked(line)
        if question is None:
            return False
        self._open.remove(question)
        if question.abandoned:
            return False
        if isinstance(line.outcome, Reply):
            question.slot.answer(line.outcome)
        else:
            question.slot.fail(line.outcome)
        return True

    def fail_all(self, reason: str) -> None:
        """Fails every open question with RetryLater."""
        while self._open:
            self._open.popleft().slot.fail(RetryLater(reason))

    def _go_by_id(self) -> None:
        if not self._answers_by_id:
            self._answers_by_id = True
            self._open = deque(question for question in self._open if not question.abandoned)

    def _asked(self, line: Line) -> Question | None:
        if line.id is not None:
            return next((question for question in self._open if question.id == line.id), None)
        return self._open[0] if self._open and not self._answers_by_id else None
