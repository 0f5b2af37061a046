"""Bounded mailboxes: how one actor speaks to another.

An actor owns a `Mailbox` and hands out its `Ref`. Others `tell` it things, or `ask` it something and wait for the
answer.
A full mailbox makes the sender wait; a closed one refuses with MailboxClosed, and questions left in it when it closes
fail the same way, so that nobody waits for an actor that is gone.
"""

from __future__ import annotations

import math
from types import TracebackType
from typing import Any, Generic, TypeVar

import trio

from actors.errors import MailboxClosed

M = TypeVar("M")
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


class Ref(Generic[M]):
    """The sending end of a mailbox; may be shared freely."""

    __slots__ = ("_send",)

    def __init__(self, send: trio.MemorySendChannel[Any]) -> None:
        self._send = send

    async def tell(self, message: M) -> None:
        """Puts `message` in the mailbox, waiting for room. Raises MailboxClosed. Cancelled, it was not put."""
        try:
            await self._send.send(message)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise MailboxClosed(f"{type(message).__name__} was not taken: the actor has ended") from error

    def tell_nowait(self, message: M) -> None:
        """Like `tell`, but raises trio.WouldBlock when there is no room."""
        try:
            self._send.send_nowait(message)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise MailboxClosed(f"{type(message).__name__} was not taken: the actor has ended") from error

    async def ask(self, request: Request[R]) -> R:
        """Puts a question and waits for its answer.

        Raises: MailboxClosed when the actor has ended or ends without answering; whatever the actor fails it with.
        Cancelled while waiting, the question may still be acted upon: shield the call where that matters.
        """
        asked = Asked(request)
        try:
            await self._send.send(asked)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise MailboxClosed(f"{type(request).__name__} was not taken: the actor has ended") from error
        return await asked.slot.wait()


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
        self.ref: Ref[M] = Ref(send)

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

    def close(self) -> None:
        """Refuses further messages and fails the questions still in it. May be called twice."""
        left: list[Any] = []
        try:
            while True:
                left.append(self._receive.receive_nowait())
        except (trio.WouldBlock, trio.EndOfChannel, trio.ClosedResourceError):
            pass
        self._receive.close()
        for message in left:
            if isinstance(message, Asked):
                message.slot.fail(
                    MailboxClosed(f"{type(message.message).__name__} was not answered: the actor has ended")
                )

    def __enter__(self) -> Mailbox[M]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
