"""Hostile bytes from where the Bot API should be: every answer and delivery ends in a value, a refusal or the shelf."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import pytest
import trio
from hostile import BOMBS, assert_tells, documents
from hypothesis import example, given
from hypothesis import strategies as st
from zalo_fakes import OWN, SHOP, FakeIntake, FakePoster, update

from actors.errors import RouterError
from actors.messages import Inbound
from actors.net.answer import HttpAnswer
from actors.secret import Secret
from actors.zalo.client import BotApi
from actors.zalo.updates import Undecodable, decode_update
from actors.zalo.webhook import WebhookReceiver

TOKEN = "1:canary-5d21"
UPDATE_KEYS = ("event_name", "message", "from", "chat", "id", "chat_type", "message_id", "date", "text", "photo_url")
ANSWER_KEYS = ("ok", "result", "description", "error_code", "errorCode", "url", "message_id", "id", "account_name")
UPDATES = documents((*UPDATE_KEYS, "ok", "result"), update("xin chào", "m1"))
ANSWERS = documents(ANSWER_KEYS, {"ok": True, "result": {"message_id": "m1", "url": "", "id": "1"}, "error_code": 0})

CALLS: dict[str, Callable[[BotApi], Coroutine[Any, Any, object]]] = {
    "getMe": lambda api: api.get_me(),
    "getUpdates": lambda api: api.get_updates(5),
    "getWebhookInfo": lambda api: api.get_webhook_info(),
    "setWebhook": lambda api: api.set_webhook("https://hooks.test/", Secret("canary-5d21")),
    "sendMessage": lambda api: api.send_message("c", "text"),
    "sendChatAction": lambda api: api.send_chat_action("c"),
}


def examples(function: Any) -> Any:
    for bomb in BOMBS:
        function = example(raw=bomb)(function)
        function = example(raw=b'{"ok":true,"result":' + bomb + b"}")(function)
    return function


def assert_can_be_written(inbound: Inbound) -> None:
    msgspec.json.encode((inbound.text, inbound.sender_id, inbound.sender_name, inbound.media, inbound.chat))
    assert inbound.message_id
    assert inbound.chat.chat_id
    assert inbound.sender_id != OWN


@examples
@given(raw=UPDATES)
def test_fuzz_an_update_is_read_ignored_or_undecodable_with_a_reason(raw: bytes) -> None:
    try:
        found = decode_update(raw, SHOP, OWN)
    except Undecodable as error:
        assert_tells(error.reason)
    else:
        if isinstance(found, Inbound):
            assert_can_be_written(found)


@examples
@given(raw=UPDATES | st.binary(max_size=40))
async def test_fuzz_a_webhooks_body_is_accepted_shelved_or_refused(raw: bytes) -> None:
    receiver, intake = WebhookReceiver(SHOP), FakeIntake()
    receiver._intake, receiver._own_id = intake, OWN
    with trio.fail_after(5):
        response = await receiver.take(raw)
    kept = len(intake.accepted) + len(intake.shelved)
    assert (response.status, kept) in {(200, 0), (200, 1), (400, 0)}
    assert all(body == raw and reason for body, reason in intake.shelved)


@pytest.mark.parametrize("method", sorted(CALLS))
@given(raw=ANSWERS | st.binary(max_size=40), status=st.sampled_from((200, 204, 302, 400, 401, 429, 500, 502)))
async def test_fuzz_an_answer_is_a_value_or_an_error_of_ours_without_the_token(
    method: str, raw: bytes, status: int
) -> None:
    poster = FakePoster(HttpAnswer(status, raw.replace(b"text", b"canary-5d21")))
    try:
        await CALLS[method](BotApi(poster, poster, Secret(TOKEN)))
    except RouterError as error:
        assert_tells(str(error).replace(TOKEN, "\0"))


@pytest.mark.parametrize("method", sorted(CALLS))
@pytest.mark.parametrize("bomb", BOMBS)
async def test_a_bomb_for_an_answer_is_an_error_of_ours(method: str, bomb: bytes) -> None:
    for raw in (bomb, b'{"ok":true,"result":' + bomb + b"}", b'{"ok":false,"description":' + bomb + b"}"):
        poster = FakePoster(HttpAnswer(200, raw))
        try:
            await CALLS[method](BotApi(poster, poster, Secret(TOKEN)))
        except RouterError as error:
            assert_tells(str(error))
