"""The stand-in's one-shot commands: what each prints, or the error it ends with."""

from __future__ import annotations

import base64
import os
import time
from typing import Any

from actors.testing.zca import printing
from actors.testing.zca.arguments import Call, Ends
from actors.testing.zca.home import Home

QR_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAEIAAABCAQAAAADLLz1FAAAAoUlEQVR42q2SMQpEIQxEh00reBUhrZCrC2k/eJWArZD9xbKss+1PJY/4GAeRnxl46AQZ"
    "HrDxwnfS1lbNkzUdocKs4Z9pZWbLZZEPovftk2XOZneqX1aHS9aTla2942SJWnAZ7UVopXxLDJTFNqLv06dhcRXam6nbyedDoJQlW5olvbe5GvdSw3pS"
    "fwH2Nb0gm3temM4+yW7cc7E6uecn/9AbrJwAuaIwHXMAAAAASUVORK5CYII="
)
"""A QR code for `https://id.zalo.me/stand-in`."""

PHONE_POLL_SECONDS = 0.02


def run(home: Home, call: Call) -> str:
    """What the command prints on stdout. Raises: Ends."""
    group, _, name = call.words.partition(" ")
    if group == "msg":
        return _send(home, call)
    commands = {"auth": _auth, "me": _me, "friend": _friends, "group": _groups}
    return commands[group](home, call, name)


def _auth(home: Home, call: Call, name: str) -> str:
    if name == "login":
        return _login(home, call)
    if name == "logout":
        home.log_out()
        return f"Logged out profile {home.profile}"
    if name == "cache-refresh":
        home.identity()
        friends, groups = len(home.stage.get("friends", [])), len(home.stage.get("groups", []))
        return f"Cache refreshed for {home.profile}: {friends} friends, {groups} groups"
    try:
        who = home.identity()
    except Ends as end:
        if "no credentials" in end.stderr:
            raise Ends(1, stderr=f"Error: Profile {home.profile}: not logged in") from None
        raise
    return printing.status(home.profile, who, "credentials.json")


def _login(home: Home, call: Call) -> str:
    path = call.values.get("qr-path", ["qr.png"])[-1]
    who = home.stage.get("me", {"userId": "1001", "displayName": "Bot Me"})
    if "qr-base64" in call.flags:
        if _phone(home) == "confirm":
            home.log_in(who)
        return "data:image/png;base64," + base64.b64encode(QR_PNG).decode()
    with open(path, "wb") as file:
        file.write(QR_PNG)
    text = (
        "\nScan this QR in your Zalo app:\n\nThis terminal does not support inline QR rendering.\n"
        f"QR code saved to: {path}\nQR file path: {os.path.abspath(path)}\n"
        f"If QR is not visible, run: xdg-open '{os.path.abspath(path)}'"
    )
    print(text, flush=True)  # noqa: T201 a person reads it while the phone is waited for
    answer = _phone(home)
    while answer == "wait":
        time.sleep(PHONE_POLL_SECONDS)
        answer = _phone(Home(home.directory, home.profile))
    if answer == "decline":
        # The real one's promise never settles, and Node exits with 0 when nothing is left to wait for.
        raise Ends(0, stderr="QR login declined on phone. Retry by running auth login again.")
    if answer == "expire":
        raise Ends(1, stdout="QR expired. Retrying...", stderr="Error: Cannot get scan result")
    home.log_in(who)
    name = who["displayName"]
    return f"Scanned by: {name}\nLogged in profile {home.profile} as {name} ({who['userId']})"


def _phone(home: Home) -> str:
    """`confirm`, `decline`, `expire`, or `wait` until the stage says otherwise."""
    answer: str = home.stage.get("phone", "confirm")
    return answer


def _me(home: Home, call: Call, name: str) -> str:
    who = home.identity()
    if name == "id":
        return str(who["userId"])
    return printing.as_json(printing.profile(who), like_zca_cli=home.like_zca_cli)


def _friends(home: Home, call: Call, name: str) -> str:
    home.identity()
    friends = [printing.profile(friend) for friend in home.stage.get("friends", [])]
    if name == "find":
        query = call.arguments["query"].casefold()
        friends = [each for each in friends if query in each["displayName"].casefold() or query == each["userId"]]
    return printing.as_json(friends, like_zca_cli=home.like_zca_cli)


def _groups(home: Home, call: Call, name: str) -> str:
    home.identity()
    groups: list[dict[str, Any]] = home.stage.get("groups", [])
    if name == "list":
        return printing.as_json([printing.group(each) for each in groups], like_zca_cli=home.like_zca_cli)
    wanted = call.arguments["groupId"]
    members = [each.get("members", []) for each in groups if each["groupId"] == wanted]
    if not members:
        raise Ends(1, stderr=f"Error: Group not found: {wanted}")
    shown = [{**member, "zaloName": member["displayName"]} for member in members[0]]
    return printing.as_json(shown, like_zca_cli=home.like_zca_cli)


def _send(home: Home, call: Call) -> str:
    home.identity()
    thread, is_group = call.arguments["threadId"], "group" in call.flags
    groups = {each["groupId"] for each in home.stage.get("groups", [])}
    if (thread in groups) != is_group:
        raise Ends(1, stderr="Error: Tham số không hợp lệ")
    urls, captions = call.values.get("url", []), call.values.get("message", [])
    file = call.arguments.get("file", "")
    _refuse_nothing(call, [*urls, file])
    message_id = home.next_message_id()
    home.note(
        "sent.jsonl",
        {
            "profile": home.profile,
            "command": call.words,
            "thread": thread,
            "group": is_group,
            "text": call.arguments.get("message", ""),
            "caption": captions[-1] if captions else "",
            # The real one splits at commas (zca reference, section 1.4).
            "urls": [part for url in urls for part in url.split(",")],
            "file": file,
            "what": call.arguments.get("url", call.arguments.get("stickerId", "")),
            "message_id": str(message_id),
        },
    )
    return printing.sent(call.words, message_id, captioned=bool(captions), like_zca_cli=home.like_zca_cli)


def _refuse_nothing(call: Call, files: list[str]) -> None:
    if call.words == "msg send" and not call.arguments["message"]:
        raise Ends(1, stderr="Error: Missing message content")
    if call.words in ("msg image", "msg video", "msg voice"):
        given = [file for file in files if file]
        if not given:
            raise Ends(1, stderr=f"Error: Provide at least one {call.words[4:]} file or --url.")
        for file in given:
            if "://" not in file and not os.path.exists(file):
                raise Ends(1, stderr=f"Error: File not found: {file}")
