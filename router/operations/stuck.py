"""What came to a halt, on its way in or out, and what an operator decides about it."""

from __future__ import annotations

from router import messages
from router.control.jsonrpc import ControlError, ErrorCode
from router.control.protocol.messages import (
    DeadLetterReport,
    DeadLettersResult,
    DropOutbox,
    InboxListResult,
    InboxReport,
    ListDeadLetters,
    ListInbox,
    ListOutbox,
    OutboxListResult,
    OutboxReport,
    RetryInbox,
    RetryOutbox,
)
from router.control.times import iso_time
from router.operations.inside import Inside
from router.operations.sending import kind_of
from router.rules.interventions import Impossible
from router.rules.records import InboxRow, OutboxRow, OutboxState
from router.store.contract import DeadLetter

RAW_BYTES = 16_384
"""How much of an undecodable message is shown."""


class Stuck:
    """`outbox.*` and `inbox.*`."""

    def __init__(self, inside: Inside) -> None:
        self._inside = inside

    async def list_outbox(self, params: ListOutbox) -> OutboxListResult:
        """See the protocol."""
        states: tuple[OutboxState, ...] = (params.state,) if params.state else ("dead", "unknown")
        found = await self._inside.store.outbox_in(states, params.limit)
        return OutboxListResult(rows=tuple(map(self._outbox, found)))

    async def retry_outbox(self, params: RetryOutbox) -> OutboxReport:
        """See the protocol."""
        return self._decided(await self._inside.order(messages.RetrySend(params.id)), params.id)

    async def drop_outbox(self, params: DropOutbox) -> OutboxReport:
        """See the protocol."""
        return self._decided(await self._inside.order(messages.DropSend(params.id)), params.id)

    async def list_inbox(self, params: ListInbox) -> InboxListResult:
        """See the protocol."""
        found = await self._inside.store.inbox_in((params.state,), params.limit)
        return InboxListResult(rows=tuple(map(self._inbox, found)))

    async def retry_inbox(self, params: RetryInbox) -> InboxReport:
        """See the protocol."""
        answer = await self._inside.order(messages.RetryTurn(params.id))
        if answer is None:
            raise ControlError(ErrorCode.NOT_FOUND, f"there is no message {params.id}, or it is no longer kept")
        if isinstance(answer, Impossible):
            raise ControlError(ErrorCode.REFUSED, answer.reason)
        return self._inbox(answer)

    async def list_shelf(self, params: ListDeadLetters) -> DeadLettersResult:
        """See the protocol."""
        found = await self._inside.store.dead_letters(params.limit)
        return DeadLettersResult(letters=tuple(self._letter(letter, params.raw) for letter in found))

    def _decided(self, answer: OutboxRow | Impossible | None, outbox_id: int) -> OutboxReport:
        if answer is None:
            told = f"there is nothing to send with the id {outbox_id}, or it is no longer kept"
            raise ControlError(ErrorCode.NOT_FOUND, told)
        if isinstance(answer, Impossible):
            raise ControlError(ErrorCode.REFUSED, answer.reason)
        return self._outbox(answer)

    def _outbox(self, row: OutboxRow) -> OutboxReport:
        return OutboxReport(
            id=row.outbox_id,
            channel=row.chat.account.channel,
            account_id=row.chat.account.account_id,
            chat_id=row.chat.chat_id,
            state=row.state,
            kind=kind_of(row.content),
            created_at=iso_time(row.created_at),
            attempts=row.attempts,
            error=self._inside.around.redact(row.error),
            answers=row.inbox_id,
            message_id=row.message_id,
        )

    def _inbox(self, row: InboxRow) -> InboxReport:
        chat = row.inbound.chat
        return InboxReport(
            id=row.inbox_id,
            channel=chat.account.channel,
            account_id=chat.account.account_id,
            chat_id=chat.chat_id,
            sender_id=row.inbound.sender_id,
            kind=row.inbound.kind,
            state=row.state,
            reason=self._inside.around.redact(row.reason),
            agent_id=row.agent_id,
            received_at=iso_time(row.received_at),
            starts=row.starts,
        )

    def _letter(self, letter: DeadLetter, with_raw: bool) -> DeadLetterReport:
        raw = letter.raw[:RAW_BYTES].decode("utf-8", "backslashreplace") if with_raw else ""
        return DeadLetterReport(
            id=letter.dead_letter_id,
            channel=letter.account.channel,
            account_id=letter.account.account_id,
            at=iso_time(letter.at),
            reason=self._inside.around.redact(letter.reason),
            bytes=len(letter.raw),
            raw=self._inside.around.redact(raw),
        )
