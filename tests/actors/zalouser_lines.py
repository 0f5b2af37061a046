"""Lines of `listen` as they were seen (zca reference, section 1.5), for the tests of what reads them."""

from __future__ import annotations

from typing import Any

import msgspec

from actors.messages import AccountKey, Identity

ME = AccountKey("zalouser", "work")
OWN = "1001"
BOT = Identity(OWN, "Bot Me")
ALICE = "2001"
GROUP = "5300000000000000001"
DIR = "/home/me/.openclaw/media/openzca/p1/inbound"

DM: dict[str, Any] = {
    "threadId": ALICE,
    "targetId": ALICE,
    "conversationId": ALICE,
    "msgId": "7650000000001",
    "cliMsgId": "1771000000001",
    "content": "Hello bot",
    "type": 0,
    "timestamp": 1771000000,
    "msgType": "webchat",
    "metadata": {
        "isGroup": False,
        "chatType": "user",
        "threadId": ALICE,
        "targetId": ALICE,
        "senderDisplayName": "Alice Nguyen",
        "senderId": ALICE,
        "fromId": ALICE,
        "toId": OWN,
        "msgType": "webchat",
        "timestamp": 1771000000,
    },
    "chatType": "user",
    "senderId": ALICE,
    "senderName": "Alice Nguyen",
    "senderDisplayName": "Alice Nguyen",
    "toId": OWN,
    "ts": "1771000000123",
}

IN_GROUP: dict[str, Any] = {
    **DM,
    "threadId": GROUP,
    "targetId": GROUP,
    "conversationId": GROUP,
    "msgId": "7650000000002",
    "cliMsgId": "1771000000002",
    "content": "Hi all",
    "type": 1,
    "metadata": {
        **DM["metadata"],
        "isGroup": True,
        "chatType": "group",
        "threadId": GROUP,
        "targetId": GROUP,
        "senderName": "Alice Nguyen",
        "toId": GROUP,
    },
    "chatType": "group",
    "toId": GROUP,
    "ts": "1771000000456",
}

PHOTO: dict[str, Any] = {
    **DM,
    "msgType": "chat.photo",
    "content": "[media attached: 3 files]\n"
    f"[media attached 1/3: {DIR}/a-t.jpg (image/jpeg) | http://x.test/t.jpg]\n"
    f"[media attached 2/3: {DIR}/a-p.jpg (image/jpeg) | http://x.test/p.jpg]\n"
    f"[media attached 3/3: {DIR}/a-hd.jpg (image/jpeg) | http://x.test/hd.jpg]\n"
    "my photo",
    "mediaPath": f"{DIR}/a-t.jpg",
    "mediaPaths": [f"{DIR}/a-t.jpg", f"{DIR}/a-p.jpg", f"{DIR}/a-hd.jpg"],
    "mediaUrl": "http://x.test/t.jpg",
    "mediaUrls": ["http://x.test/t.jpg", "http://x.test/p.jpg", "http://x.test/hd.jpg"],
    "mediaType": "image/jpeg",
    "mediaTypes": ["image/jpeg"] * 3,
    "mediaKind": "image",
}

ZCA_CLI_DM: dict[str, Any] = {
    "threadId": ALICE,
    "msgId": "7650000000003",
    "type": 1,
    "content": "Hello",
    "timestamp": 1771000000789,
    "metadata": {"threadType": 1, "senderId": ALICE, "senderName": "Alice"},
}


def line(fields: dict[str, Any], **changed: Any) -> bytes:
    """A line with some fields changed; a value of `...` leaves the field out."""
    made = {name: value for name, value in (fields | changed).items() if value is not ...}
    return msgspec.json.encode(made)


def with_metadata(fields: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """The fields with some of their metadata changed, in the same way."""
    made = {name: value for name, value in (fields["metadata"] | changed).items() if value is not ...}
    return fields | {"metadata": made}
