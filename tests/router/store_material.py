"""Rows and changes for the store's tests, made in one line."""

from __future__ import annotations

from typing import Any

import msgspec

from actors.messages import AccountKey, Chat, Inbound, Media, TextContent
from router.rules.records import (
    Approval,
    InboxRow,
    OutboxRow,
    PairingRequest,
    PutInbox,
    PutOutbox,
    PutSendOrder,
    SendOrder,
    Session,
)

SHOP = AccountKey("zalo", "shop")
WORK = AccountKey("zalouser", "work")
TED = Chat(SHOP, "ted-chat")


def inbox_row(inbox_id: int, message_id: str | None = None, **fields: Any) -> InboxRow:
    """A waiting text message; `message_id` follows the id unless given, other fields replace the row's."""
    inbound = Inbound(
        chat=TED, message_id=message_id or f"m{inbox_id}", sender_id="ted", text="xin chao", raw=b'{"text":"xin chao"}'
    )
    row = InboxRow(inbox_id=inbox_id, inbound=inbound, received_at=1000.0 + inbox_id, state="waiting")
    return msgspec.structs.replace(row, **fields)


def put_inbox(inbox_id: int, message_id: str | None = None, **fields: Any) -> PutInbox:
    """The change that accepts `inbox_row`."""
    return PutInbox(inbox_row(inbox_id, message_id, **fields))


def full_inbox_row(inbox_id: int) -> InboxRow:
    """A row with no field left at its default, and with text that is hard to keep."""
    inbound = Inbound(
        chat=Chat(WORK, "g-7", "group"),
        message_id=" 0x\0Á ",
        sender_id="007",
        sender_name="Tèo 👨‍👩‍👧",
        kind="image",
        text="tiếng Việt\0\n'; DROP TABLE inbox",
        media=(Media(kind="image", url="https://x/y.jpg"), Media(kind="file", path="/tmp/a b", mime_type="text/plain")),
        sent_at=1234.5,
        raw=bytes(range(256)),
    )
    return InboxRow(
        inbox_id=inbox_id,
        inbound=inbound,
        received_at=1235.25,
        state="running",
        reason="because",
        agent_id="main",
        session_key="agent:main:zalouser:group:g-7",
        session_id="s-1",
        starts=3,
        authorized=True,
        elapsed_seconds=60.5,
    )


def outbox_row(outbox_id: int, **fields: Any) -> OutboxRow:
    """A queued text; other fields replace the row's."""
    row = OutboxRow(outbox_id=outbox_id, chat=TED, content=TextContent(f"reply {outbox_id}"), created_at=1000.0)
    return msgspec.structs.replace(row, **fields)


def put_outbox(outbox_id: int, **fields: Any) -> PutOutbox:
    """The change that queues `outbox_row`."""
    return PutOutbox(outbox_row(outbox_id, **fields))


def put_order(send_id: str, *outbox_ids: int, at: float = 1000.0) -> PutSendOrder:
    """The change that accepts an operator's message."""
    return PutSendOrder(SendOrder(send_id=send_id, digest="d-" + send_id, outbox_ids=outbox_ids, created_at=at))


def pairing(sender_id: str = "ted", code: str = "ABCD2345", account: AccountKey = SHOP) -> PairingRequest:
    """A stranger's request."""
    return PairingRequest(
        account=account,
        sender_id=sender_id,
        code=code,
        created_at=1.0,
        last_seen_at=2.0,
        replied_at=3.0,
        chat=Chat(account, "chat-" + sender_id),
        sender_name="Ted",
    )


def approval(sender_id: str = "ted", account: AccountKey = SHOP) -> Approval:
    """A sender who was let in."""
    return Approval(account=account, sender_id=sender_id, approved_at=5.0, sender_name="Ted")


def session(session_key: str = "agent:main:main", session_id: str = "s-1", updated_at: float = 9.0) -> Session:
    """A session under way."""
    return Session(
        session_key=session_key,
        session_id=session_id,
        agent_id="main",
        created_at=8.0,
        updated_at=updated_at,
        chat=TED,
        label="Ted",
    )
