"""Bounded mailboxes: how one actor speaks to another.

An actor owns a `Mailbox` and hands out its `Ref`. Others `tell` it things, or `ask` it something and wait for the
answer.
A full mailbox makes the sender wait; a closed one refuses with MailboxClosed. Questions that have no answer when it
closes fail the same way, whether the actor had taken them or not, so that nobody waits for an actor that is gone.
"""

from __future__ import annotations

import math
from types import TracebackType
from typing import Any, Generic, TypeVar

import trio

from actors.errors import MailboxClosed

M = TypeVar("M")
M_contra = TypeVar("M_contra", contravariant=True)
R = TypeVar("R")


class Request(Generic[R]):
    """A message that wants an answer of type `R`; a frozen struct: `class Accept(Struct, Request[bool])`."""

    __slots__ = ()


class ReplySlot(Generic[R]):
    """Where the answer to one question goes. The first answer counts; later ones are dropped."""

    __slots__ = ("_answered", "_error", "_value")

    def __init__(self) -> None:
        self._answered = trio.Event()
        self._value: Any = None
        self._error: BaseException | None = None

    def answer(self, value: R) -> None:
        """Gives the answer and wakes who asked."""
        if not self._answered.is_set():
            self._value = value
            self._answered.set()

    def fail(self, error: BaseException) -> None:
        """Makes the question raise `error` where it was asked."""
        if not self._answered.is_set():
            self._error = error
            self._answered.set()

    async def wait(self) -> R:
        """The answer; raises what `fail` was given. Cancelling the wait leaves the question with the actor."""
        await self._answered.wait()
        if self._error is not None:
            raise self._error
        value: R = self._value
        return value


class Asked(Generic[R]):
    """A question as the actor receives it: the message and the slot for its answer."""

    __slots__ = ("message", "slot")
    __match_args__ = ("message", "slot")

    def __init__(self, message: Request[R]) -> None:
        self.message = message
        self.slot: ReplySlot[R] = ReplySlot()


class Ref(Generic[M_contra]):
    """The sending end of a mailbox; may be shared freely."""

    __slots__ = ("_send", "_unanswered")

    def __init__(self, send: trio.MemorySendChannel[Any], unanswered: set[Asked[Any]]) -> None:
        self._send = send
        self._unanswered = unanswered

    async def tell(self, message: M_contra) -> None:
        """Puts `message` in the mailbox, waiting for room. Raises MailboxClosed. Cancelled, it was not put."""
        await self._put(message, message)

    def tell_nowait(self, message: M_contra) -> None:
        """Like `tell`, but raises trio.WouldBlock when there is no room."""
        try:
            self._send.send_nowait(message)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise _refused(message) from error

    async def ask(self, request: Request[R]) -> R:
        """Puts a question and waits for its answer.

        Raises: MailboxClosed when the actor has ended or ends without answering; whatever the actor fails it with.
        Cancelled while waiting, the question may still be acted upon: shield the call where that matters.
        """
        asked = Asked(request)
        # Who asks keeps the list, not who answers: so a question cannot be forgotten by an actor that dropped it.
        self._unanswered.add(asked)
        try:
            await self._put(asked, request)
            return await asked.slot.wait()
        finally:
            self._unanswered.discard(asked)

    async def _put(self, item: Any, message: object) -> None:
        try:
            await self._send.send(item)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise _refused(message) from error


def _refused(message: object) -> MailboxClosed:
    return MailboxClosed(f"{type(message).__name__} was not taken: the actor has ended")


class MailboxStatistics:
    """How full a mailbox is."""

    __slots__ = ("capacity", "waiting", "waiting_senders")

    def __init__(self, waiting: int, capacity: int, waiting_senders: int) -> None:
        self.waiting = waiting
        self.capacity = capacity
        self.waiting_senders = waiting_senders


class Mailbox(Generic[M]):
    """The receiving end, owned by one actor. Use as a context manager: leaving it closes it."""

    def __init__(self, capacity: int) -> None:
        send, receive = trio.open_memory_channel[Any](capacity)
        self._send = send
        self._receive = receive
        self._unanswered: set[Asked[Any]] = set()
        self.ref: Ref[M] = Ref(send, self._unanswered)

    async def receive(self) -> M | Asked[Any]:
        """Waits for the next message. Cancelled, nothing was taken."""
        message: M | Asked[Any] = await self._receive.receive()
        return message

    async def receive_batch(self, limit: int) -> list[M | Asked[Any]]:
        """Waits for a message, then takes what else is there, up to `limit`: one hop for all of them."""
        batch = [await self.receive()]
        try:
            while len(batch) < limit:
                batch.append(self._receive.receive_nowait())
        except trio.WouldBlock:
            pass
        return batch

    def statistics(self) -> MailboxStatistics:
        """Messages waiting, capacity, and senders that wait for room."""
        now = self._receive.statistics()
        capacity = 0 if math.isinf(now.max_buffer_size) else int(now.max_buffer_size)
        return MailboxStatistics(now.current_buffer_used, capacity, now.tasks_waiting_send)

    def close(self) -> list[M]:
        """Refuses further messages and fails every question that has no answer. May be called twice.

        Returns what was told and never taken, oldest first, so that its owner can account for it.
        """
        left: list[Any] = []
        try:
            while True:
                left.append(self._receive.receive_nowait())
        except (trio.WouldBlock, trio.EndOfChannel, trio.ClosedResourceError):
            pass
        self._receive.close()
        for asked in self._unanswered:
            name = type(asked.message).__name__
            asked.slot.fail(MailboxClosed(f"{name} was not answered: the actor has ended"))
        return [message for message in left if not isinstance(message, Asked)]

    def __enter__(self) -> Mailbox[M]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
