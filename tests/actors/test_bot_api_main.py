"""The simulator as a process of its own, and the orders that it takes over HTTP."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import Any

import httpx
import msgspec
import pytest
import trio

from actors.net.http import Request
from actors.testing.bot_api import Behaviour
from actors.testing.bot_api_main import BotEntry, Cast, SteerableBotApi, build, leaves, main

TOKEN = "123:very-secret"
TED = "6ede9afa66b88fe6d6a9"


@pytest.fixture
def api() -> SteerableBotApi:
    return build(Cast([BotEntry(TOKEN)], Behaviour(known_chats_only=False)))


async def ask(api: SteerableBotApi, method: str, target: str, body: object = None) -> tuple[int, Any]:
    path, _, query = target.partition("?")
    raw = b"" if body is None else msgspec.json.encode(body)
    headers = ((b"content-type", b"application/json"),)
    response = await api.handle(Request(method, path, query, headers, body=raw))
    return response.status, json.loads(response.body)


async def test_what_is_said_by_order_is_polled_and_what_is_sent_can_be_read(api: SteerableBotApi) -> None:
    status, said = await ask(api, "POST", "/sim/say", {"bot": "123", "user_id": TED, "text": "xin chào"})
    assert status == 200
    _, polled = await ask(api, "POST", f"/bot{TOKEN}/getUpdates")
    assert polled["result"]["message"]["message_id"] == said["message_id"]
    for text in ("one", "two"):
        await ask(api, "POST", f"/bot{TOKEN}/sendMessage", {"chat_id": TED, "text": text})
    _, page = await ask(api, "GET", "/sim/sent?bot=123&since=1")
    assert page["total"] == 2
    assert [sent["text"] for sent in page["sent"]] == ["two"]


async def test_the_state_tells_what_waits_and_what_was_called(api: SteerableBotApi) -> None:
    await ask(api, "POST", "/sim/say", {"bot": "123", "user_id": TED, "text": "x"})
    await ask(api, "GET", f"/bot{TOKEN}/getMe")
    assert await ask(api, "GET", "/sim/state?bot=123") == (200, {"waiting": 1, "pollers": 0, "calls": {"getMe": 1}})
    assert await ask(api, "GET", "/sim/deliveries?bot=123") == (200, {"total": 0, "deliveries": []})


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"kind": "refuse", "error_code": 429, "description": "Quota exceeded"}, 429),
        ({"kind": "revoke"}, 401),
        ({"kind": "delay", "seconds": 0.0}, 0),
    ],
)
async def test_trouble_can_be_ordered_and_ended(api: SteerableBotApi, order: dict[str, object], code: int) -> None:
    assert (await ask(api, "POST", "/sim/fault", {"bot": "123", "times": None, **order}))[0] == 200
    assert (await ask(api, "GET", f"/bot{TOKEN}/getMe"))[1]["error_code"] == code
    await ask(api, "POST", "/sim/fault", {"bot": "123", "kind": "clear"})
    await ask(api, "POST", "/sim/fault", {"bot": "123", "kind": "reinstate"})
    assert (await ask(api, "GET", f"/bot{TOKEN}/getMe"))[1]["error_code"] == 0


@pytest.mark.parametrize("kind", ["drop-before", "drop-after", "cut", "html"])
async def test_each_order_reaches_the_bot(api: SteerableBotApi, kind: str) -> None:
    await ask(api, "POST", "/sim/fault", {"bot": "123", "kind": kind, "method": "getMe", "error_code": 502})
    assert api.bot("123").faults.take_trouble("getUpdates") is None
    assert api.bot("123").faults.take_trouble("getMe") is not None


async def test_a_message_is_replayed_and_a_chat_made_known_by_order(api: SteerableBotApi) -> None:
    said = (await ask(api, "POST", "/sim/say", {"bot": "123", "user_id": TED, "text": "x"}))[1]
    assert (await ask(api, "POST", "/sim/replay", {"bot": "123", **said}))[0] == 200
    assert (await ask(api, "GET", "/sim/state?bot=123"))[1]["waiting"] == 2
    assert (await ask(api, "POST", "/sim/know", {"bot": "123", "chat_id": "c"}))[0] == 200
    assert "c" in api.bot("123").known_chats


@pytest.mark.parametrize(
    ("method", "target", "body", "status", "why"),
    [
        ("POST", "/sim/say", {"bot": "123"}, 400, "missing required field `user_id`"),
        ("POST", "/sim/say", {"bot": "123", "user_id": "u", "text": "t", "txt": 1}, 400, "unknown field `txt`"),
        ("POST", "/sim/say", None, 400, "truncated"),
        ("POST", "/sim/say", {"bot": "9", "user_id": "u", "text": "t"}, 404, "no bot has"),
        ("POST", "/sim/replay", {"bot": "123", "message_id": "m"}, 404, "never sent a message"),
        ("GET", "/sim/sent?bot=123&since=x", None, 400, "invalid literal"),
        ("GET", "/sim/sent", None, 404, "no bot has"),
        ("GET", "/sim/say", None, 404, "there is no GET /sim/say"),
    ],
)
async def test_a_wrong_order_says_what_is_wrong(
    api: SteerableBotApi, method: str, target: str, body: object, status: int, why: str
) -> None:
    got, answer = await ask(api, method, target, body)
    assert got == status
    assert why in answer["error"]


async def test_the_process_says_where_it_listens_and_ends_when_terminated() -> None:
    command = [sys.executable, "-m", "actors.testing.bot_api_main", "--bots", "-"]
    process = await trio.lowlevel.open_process(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        await process.stdin.send_all(json.dumps({"bots": [{"token": TOKEN}]}).encode())
        await process.stdin.aclose()
        line = b""
        while not line.endswith(b"\n"):
            line += await process.stdout.receive_some()
        url = json.loads(line)["url"]
        async with httpx.AsyncClient() as client:
            order = {"bot": "123", "user_id": TED, "text": "from another process"}
            said = (await client.post(f"{url}/sim/say", json=order)).json()
            polled = (await client.post(f"{url}/bot{TOKEN}/getUpdates", json={"timeout": 5})).json()
        assert polled["result"]["message"]["message_id"] == said["message_id"]
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0
    finally:
        process.kill()
        await process.wait()
        await process.stdout.aclose()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ('{"bots": [{"token": "no-colon-very-secret"}]}', "<digits>:<secret>"),
        ('{"bots": [{"token": "1:very-secret"}, {"token": "1:very-secret"}]}', "bot 1 exists already"),
        ('{"bots": [], "behaviour": {"updates": "lose"}}', "Invalid enum value 'lose'"),
        ("{", "truncated"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line_without_tokens(
    content: str, why: str, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bots.json"
    path.write_text(content)
    with pytest.raises(SystemExit) as ended:
        main(["--bots", str(path)])
    error = capsys.readouterr().err
    assert ended.value.code == 2
    assert why in error
    assert "very-secret" not in error


def test_a_port_out_of_range_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--bots", "-", "--port", "70000"])
    assert "a port is 0 to 65535" in capsys.readouterr().err


def test_errors_are_found_inside_nested_groups() -> None:
    inner, outer = OSError(1, "a"), OSError(2, "b")
    nested: ExceptionGroup[Any] = ExceptionGroup("", [ExceptionGroup("", [inner]), outer])
    assert leaves(nested) == [inner, outer]
