"""What the stand-in prints, in two styles: openzca's exactly, zca-cli's as far as callers of it tell.

See the zca reference, sections 1.5, 2 and 4.
"""

from __future__ import annotations

import json
from typing import Any

CLOSED = "Listener closed ({code}) "
RECYCLED = "Listener recycle triggered after 1800000ms to prevent stale session."
INFO = "\x1b[34mINFO\x1b[0m "
"""zca-cli is said to print log lines, in colour, before its JSON."""


def as_json(value: Any, *, like_zca_cli: bool) -> str:
    """Output of a command with `-j`."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return f"{INFO}Fetching…\n{text}" if like_zca_cli else text


def sent(words: str, message_id: int, *, captioned: bool, like_zca_cli: bool) -> str:
    """Output of a `msg` command that went well."""
    if like_zca_cli:
        return f"{INFO}Sending…\n\x1b[32m✔\x1b[0m Message sent!\nMessage ID: {message_id}"
    if words == "msg send":
        return f"{{ message: {{ msgId: {message_id} }}, attachment: [] }}"
    if words in ("msg image", "msg video"):
        message = f"{{ msgId: {message_id} }}" if captioned else "null"
        return f"{{\n  message: {message},\n  attachment: [ {{ msgId: {message_id + captioned} }} ]\n}}"
    if words == "msg voice":
        return _table("msgId", str(message_id))
    return f"{{ msgId: '{message_id}' }}" if words == "msg link" else f"{{ msgId: {message_id} }}"


def _table(name: str, value: str) -> str:
    width = max(len(name), len(value)) + 2
    bars = [left + "─" * 9 + middle + "─" * width + right for left, middle, right in ("┌┬┐", "├┼┤", "└┴┘")]
    rows = [f"│ (index) │ {name:<{width - 1}}│", f"│ 0       │ {value:<{width - 1}}│"]
    return "\n".join((bars[0], rows[0], bars[1], rows[1], bars[2]))


def profile(who: dict[str, Any]) -> dict[str, Any]:
    """`me info -j`, and each entry of `friend list -j`: the keys that callers use, and some of the others."""
    return {
        "userId": who["userId"],
        "username": "",
        "displayName": who["displayName"],
        "zaloName": who["displayName"],
        "avatar": f"https://avatars.test/{who['userId']}.jpg",
        "gender": 0,
        "phoneNumber": "",
        "isActive": 1,
    }


def group(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry of `group list -j`."""
    return {
        "groupId": entry["groupId"],
        "name": entry["name"],
        "desc": "",
        "type": 1,
        "totalMember": len(entry.get("members", [])),
        "memberIds": [],
    }


def status(home_profile: str, who: dict[str, Any], path: str) -> str:
    """`auth status`: Node's way to print an object, which is no JSON."""
    return (
        f"{{\n  profile: '{home_profile}',\n  loggedIn: true,\n  userId: '{who['userId']}',\n"
        f"  displayName: '{who['displayName']}',\n  credentialsPath: '{path}'\n}}"
    )


def line(said: dict[str, Any], own_id: str, *, like_zca_cli: bool) -> str:
    """One line of `listen -r` for a message: `thread`, `sender`, `name`, `text`, `group`, ids and a time in ms.

    Whatever is in `extra` is laid over the line's own keys.
    """
    made = _zca_cli_line(said) if like_zca_cli else _openzca_line(said, own_id)
    return json.dumps(made | said.get("extra", {}), ensure_ascii=False, separators=(",", ":"))


def _zca_cli_line(said: dict[str, Any]) -> dict[str, Any]:
    return {
        "threadId": said["thread"],
        "msgId": said["msgId"],
        "cliMsgId": said["cliMsgId"],
        "type": 1,
        "content": said["text"],
        "timestamp": said["ms"],
        "metadata": {
            "threadType": 2 if said["group"] else 1,
            "senderId": said["sender"],
            "fromId": said["sender"],
            "senderName": said["name"],
        },
    }


def _openzca_line(said: dict[str, Any], own_id: str) -> dict[str, Any]:
    thread, chat_type = said["thread"], "group" if said["group"] else "user"
    to = thread if said["group"] else own_id
    seconds = said["ms"] // 1000
    metadata = {
        "isGroup": said["group"],
        "chatType": chat_type,
        "threadId": thread,
        "targetId": thread,
        **({"senderName": said["name"]} if said["group"] else {}),
        "senderDisplayName": said["name"],
        "senderId": said["sender"],
        "fromId": said["sender"],
        "toId": to,
        "msgType": "webchat",
        "timestamp": seconds,
    }
    mentions = said.get("mentions", [])
    mentioned: dict[str, Any] = {"mentionIds": mentions} if mentions else {}
    return {
        "threadId": thread,
        "targetId": thread,
        "conversationId": thread,
        "msgId": said["msgId"],
        "cliMsgId": said["cliMsgId"],
        "content": said["text"],
        "type": int(said["group"]),
        "timestamp": seconds,
        "msgType": "webchat",
        "metadata": metadata | mentioned | ({"mentionCount": len(mentions)} if mentions else {}),
        **mentioned,
        "chatType": chat_type,
        "senderId": said["sender"],
        "senderName": said["name"],
        "senderDisplayName": said["name"],
        "toId": to,
        "ts": str(said["ms"]),
    }
