"""`message.send`: an operator's words to one chat, and the truth about what became of them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import msgspec
import trio

from actors.messages import AccountKey, Chat, Content, Media, PhotoContent, Reply, TextContent
from router import messages
from router.control.jsonrpc import ControlError, ErrorCode
from router.control.protocol.messages import MessageSent, PartReport, SendMessage
from router.events import DeliveryDead, DeliveryHeld, DeliverySent
from router.operations.inside import Inside
from router.operator_events import DeliveryDropped
from router.rules.chunking import utf16_length
from router.rules.records import OUTBOX_FINISHED, OutboxRow, SendOrder
from router.rules.replies import parts
from router.settings.schema import Account
from router.telemetry import Record

ENDS = (DeliverySent, DeliveryDead, DeliveryHeld, DeliveryDropped)
Outcome = Literal["sent", "failed", "pending", "dry-run"]


class Sending:
    """`message.send`."""

    def __init__(self, inside: Inside) -> None:
        self._inside = inside

    async def send(self, params: SendMessage) -> MessageSent:
        """See the protocol. What was accepted is sent also when the client leaves before the answer."""
        account = self._inside.account(params.channel, params.account)
        chat = self._chat(account.key, params)
        contents = self._contents(account, params)
        if params.dry_run:
            return _told(params, account, "dry-run", "nothing was sent", tuple(map(_planned, contents)))
        if not account.enabled:
            raise ControlError(ErrorCode.REFUSED, f"{account.key} is disabled in the settings")
        with self._watching() as watch:
            order = await self._accepted(chat, contents, params.idempotency_key)
            rows = await self._outcome(order, watch, params.wait_seconds)
        outcome, reason = self._verdict(account.key, rows)
        reported = tuple(self._part(row) for row in rows)
        return _told(params, account, outcome, reason, reported, params.idempotency_key or "")

    def _chat(self, account: AccountKey, params: SendMessage) -> Chat:
        target = params.target.strip()
        kind = self._inside.around.channel_kinds.get(account.channel)
        for prefix in kind.id_prefixes if kind else ():
            if target.lower().startswith(prefix):
                target = target[len(prefix) :].strip()
                break
        if not target:
            raise ControlError(ErrorCode.INVALID_PARAMS, "the target is empty; expected the id of a chat")
        return Chat(account, target, "group" if params.group else "direct")

    def _contents(self, account: Account, params: SendMessage) -> tuple[Content, ...]:
        if params.media and not params.media.lower().startswith(("http://", "https://")):
            told = f"{account.key.channel} sends media by http(s) address; {params.media!r} is none"
            raise ControlError(ErrorCode.REFUSED, told)
        media = (Media(kind="image", url=params.media),) if params.media else ()
        found = parts(Reply(params.message, media), self._inside.router.state.policy(account.key)).contents
        if not found:
            raise ControlError(ErrorCode.INVALID_PARAMS, "there is nothing to send: give a message, a picture, or both")
        return found

    async def _accepted(self, chat: Chat, contents: tuple[Content, ...], key: str | None) -> SendOrder:
        digest = hashlib.sha256(msgspec.json.encode((chat, contents))).hexdigest()
        send_id = key or f"own-{secrets.token_hex(12)}"
        order = await self._inside.order(messages.SendMessage(chat, contents, send_id, digest))
        if order.digest != digest:
            told = f"the idempotency key {key!r} was used for another message; give every message a key of its own"
            raise ControlError(ErrorCode.REFUSED, told)
        return order

    async def _outcome(self, order: SendOrder, watch: _Watch, wait_seconds: float) -> list[OutboxRow]:
        """The parts when all have come to their end, or when the wait is over; parts long forgotten are left out."""
        with trio.move_on_after(wait_seconds):
            while True:
                watch.look_away()
                rows = await self._rows(order)
                if all(row.state == "unknown" or row.state in OUTBOX_FINISHED for row in rows):
                    return rows
                await watch.wait_for(order.outbox_ids)
        return await self._rows(order)

    async def _rows(self, order: SendOrder) -> list[OutboxRow]:
        found = await self._inside.store.outbox_rows(order.outbox_ids)
        return [found[outbox_id] for outbox_id in order.outbox_ids if outbox_id in found]

    def _verdict(self, account: AccountKey, rows: Sequence[OutboxRow]) -> tuple[Outcome, str]:
        if all(row.state == "sent" for row in rows):
            return "sent", ""
        failed = next((row for row in rows if row.state in ("dead", "unknown", "dropped")), None)
        if failed is not None:
            words = {"unknown": "it may or may not have gone out, and is held: ", "dropped": ""}
            return "failed", words.get(failed.state, "") + self._inside.around.redact(failed.error)
        waiting = next((row.error for row in rows if row.error), "")
        status = self._inside.fleet.statuses().get(account)
        if status is not None and status.state != "running":
            waiting = f"{account} is {status.state}" + (f": {status.last_error}" if status.last_error else "")
        return "pending", self._inside.around.redact(waiting) or "it waits for its turn"

    def _part(self, row: OutboxRow) -> PartReport:
        return PartReport(
            outbox_id=row.outbox_id,
            state=row.state,
            kind=kind_of(row.content),
            utf16_units=utf16_length(text_of(row.content)),
            message_id=row.message_id,
            error=self._inside.around.redact(row.error),
        )

    @contextmanager
    def _watching(self) -> Iterator[_Watch]:
        watch = _Watch()
        remove = self._inside.around.telemetry.add_sink(watch.take, "debug")
        try:
            yield watch
        finally:
            remove()


class _Watch:
    """Notes which sends have come to an end since one last looked away."""

    def __init__(self) -> None:
        self._ended: set[int] = set()
        self._something = trio.Event()

    def take(self, record: Record) -> None:
        if isinstance(record.event, ENDS):
            self._ended.add(record.event.outbox_id)
            self._something.set()

    def look_away(self) -> None:
        self._ended.clear()

    async def wait_for(self, outbox_ids: Iterable[int]) -> None:
        """Returns when one of these has ended since `look_away`."""
        wanted = frozenset(outbox_ids)
        while not wanted & self._ended:
            self._something = trio.Event()
            await self._something.wait()


def kind_of(content: Content) -> str:
    """`text`, `photo` and so on: the word under which a content is stored."""
    return str(content.__struct_config__.tag)


def text_of(content: Content) -> str:
    """Its text or caption."""
    match content:
        case TextContent(text=text):
            return text
        case PhotoContent(caption=caption):
            return caption
    return ""


def _planned(content: Content) -> PartReport:
    text = text_of(content)
    return PartReport(state="queued", kind=kind_of(content), text=text, utf16_units=utf16_length(text))


def _told(
    params: SendMessage,
    account: Account,
    outcome: Outcome,
    reason: str,
    reported: tuple[PartReport, ...],
    idempotency_key: str = "",
) -> MessageSent:
    return MessageSent(
        channel=account.key.channel,
        account_id=account.key.account_id,
        target=params.target,
        outcome=outcome,
        reason=reason,
        idempotency_key=idempotency_key,
        parts=reported,
    )
