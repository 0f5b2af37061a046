"""The methods of the Bot API, one function each (zalo-bot-api reference, section 2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import trio

from actors.net.http import Peer
from actors.testing.bot_api.bot import SimulatedBot
from actors.testing.bot_api.params import Params
from actors.testing.bot_api.polling import poll
from actors.testing.bot_api.records import ApiError, Behaviour, ChatAction, Delivery, Sent, Webhook
from actors.testing.bot_api.updates import MessageIds, Probe, ProbeMessage
from actors.testing.bot_api.webhook import is_loopback, post_webhook


class MethodCall(msgspec.Struct, frozen=True):
    """What a method is given."""

    bot: SimulatedBot
    params: Params
    behaviour: Behaviour
    ids: MessageIds
    now_ms: int
    peer: Peer
    sent: Callable[[SimulatedBot, Sent], None]
    """Takes what was sent."""


class BotProfile(msgspec.Struct, frozen=True):
    """The answer of getMe (2.1)."""

    id: str
    account_name: str
    account_type: str
    can_join_groups: bool
    display_name: str


class SentMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer of the sending methods (2.6)."""

    message_id: str
    date: int
    message_type: str = ""


class Verification(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a probe went (2.4)."""

    ok: bool
    url: str
    outcome: str
    hint: str
    status_code: int | None = None
    latency_ms: int | None = None


class WebhookState(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer of the webhook methods (2.3, 2.5)."""

    url: str
    updated_at: int
    verification: Verification | None = None


class EmptyUrl(msgspec.Struct, frozen=True):
    """What one simulator answers for no webhook."""

    url: str = ""


async def get_me(call: MethodCall) -> object:
    bot = call.bot
    return BotProfile(bot.bot_id, f"bot.{bot.name}", "BASIC", bot.can_join_groups, f"Bot {bot.name}")


async def get_updates(call: MethodCall) -> object:
    if call.bot.webhook is not None:
        raise ApiError(400, "Webhook is configured; delete it before using getUpdates")
    update = await poll(call.bot, call.params.seconds("timeout", 30.0), call.behaviour, call.peer)
    return msgspec.Raw(update.raw)


async def set_webhook(call: MethodCall) -> object:
    url, secret = call.params.required("url"), call.params.required("secret_token")
    if not 8 <= len(secret) <= 256:
        raise ApiError(400, "Bad request: The secret_token must be 8 to 256 characters")
    if not url.startswith("https://") and not is_loopback(url):
        raise ApiError(400, "Bad request: The url must start with https://")
    webhook = Webhook(url, secret, call.now_ms)
    call.bot.webhook, call.bot.had_webhook = webhook, True
    if not call.behaviour.verification:
        return WebhookState(url, webhook.updated_at)
    return WebhookState(url, webhook.updated_at, await verify(call, url))


async def test_webhook(call: MethodCall) -> object:
    if call.bot.webhook is None:
        raise ApiError(404, "Not Found")
    return await verify(call, call.bot.webhook.url)


async def delete_webhook(call: MethodCall) -> object:
    if not call.bot.had_webhook and call.behaviour.delete_without_webhook == "refuse":
        raise ApiError(400, "Bad request")
    call.bot.webhook = None
    return WebhookState("", call.now_ms)


async def get_webhook_info(call: MethodCall) -> object:
    webhook = call.bot.webhook
    if webhook is not None:
        return WebhookState(webhook.url, webhook.updated_at)
    if call.behaviour.no_webhook_info == "not-found":
        raise ApiError(404, "Not Found")
    return EmptyUrl()


async def send_message(call: MethodCall) -> object:
    chat_id = _chat(call)
    text = call.params.required("text")
    _check_length(call.behaviour, "text", text)
    mode = call.params.string("parse_mode")
    return _sent(call, Sent(method="sendMessage", chat_id=chat_id, message_id="", at=0, text=text, parse_mode=mode))


async def send_photo(call: MethodCall) -> object:
    chat_id = _chat(call)
    photo = call.params.string("photo")
    if not photo:
        raise ApiError(400, "The photo must not be empty")
    if not photo.startswith(("http://", "https://")):
        raise ApiError(400, "The photo must start with http:// or https://")
    caption = call.params.string("caption")
    _check_length(call.behaviour, "caption", caption)
    sent = Sent(method="sendPhoto", chat_id=chat_id, message_id="", at=0, text=caption, url=photo)
    return _sent(call, sent, "CHAT_PHOTO")


async def send_sticker(call: MethodCall) -> object:
    chat_id = _chat(call)
    sticker = call.params.required("sticker")
    return _sent(call, Sent(method="sendSticker", chat_id=chat_id, message_id="", at=0, sticker=sticker))


async def send_voice(call: MethodCall) -> object:
    chat_id = _chat(call)
    url = call.params.required("voice_url")
    if not url.startswith(("http://", "https://")) or not url.endswith(".aac"):
        raise ApiError(400, "Bad request: The voice_url must be an http(s) URL that ends in .aac")
    return _sent(call, Sent(method="sendVoice", chat_id=chat_id, message_id="", at=0, url=url))


async def send_chat_action(call: MethodCall) -> object:
    chat_id = _chat(call)
    action = call.params.required("action")
    if action not in ("typing", "upload_photo"):
        raise ApiError(400, "Bad request: The action is invalid")
    call.bot.actions.append(ChatAction(chat_id, action, trio.current_time()))
    return msgspec.UNSET  # this method alone has no result (2.10)


METHODS: dict[str, Callable[[MethodCall], Awaitable[object]]] = {
    "getMe": get_me,
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "testWebhook": test_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
    "sendMessage": send_message,
    "sendPhoto": send_photo,
    "sendSticker": send_sticker,
    "sendVoice": send_voice,
    "sendChatAction": send_chat_action,
}
"""By their exact names; they are case-sensitive (1.1)."""


async def verify(call: MethodCall, url: str) -> Verification:
    """Probes a webhook. A public address is not contacted and passes for good."""
    if not is_loopback(url):
        return Verification(True, url, "webhook.ok", _HINTS[True])
    if not call.behaviour.loopback_webhooks:
        return Verification(False, url, "webhook.err.blocked", _HINTS[False])
    if call.behaviour.probe == "none":
        return Verification(True, url, "webhook.ok", _HINTS[True])
    body = b""
    if call.behaviour.probe == "test-event":
        body = msgspec.json.encode(Probe(ProbeMessage(call.now_ms // 1000)))
    # No secret header: a third party saw the live probe come without it (2.3).
    timeout_seconds = call.behaviour.webhook_timeout_seconds
    delivery = await post_webhook(url, body, timeout_seconds=timeout_seconds, tls=call.bot.trust)
    call.bot.deliveries.append(delivery)
    return _verification(delivery)


def _verification(delivery: Delivery) -> Verification:
    hint = _HINTS[delivery.ok]
    return Verification(delivery.ok, delivery.url, delivery.outcome, hint, delivery.status, delivery.latency_ms)


_HINTS = {
    True: "Your endpoint responded successfully.",
    False: "Your endpoint did not answer the test with 2xx.",
}


def _chat(call: MethodCall) -> str:
    chat_id = call.params.required("chat_id")
    if call.behaviour.known_chats_only and chat_id not in call.bot.known_chats:
        raise ApiError(410, "The chat_id is invaild")  # the spelling is Zalo's (1.4)
    return chat_id


def _check_length(behaviour: Behaviour, name: str, text: str) -> None:
    length = len(text) if behaviour.text_unit == "code-points" else len(text.encode("utf-16-le", "surrogatepass")) // 2
    if length > behaviour.text_limit:
        raise ApiError(400, f"Bad request: The {name} must be at most {behaviour.text_limit} characters")


def _sent(call: MethodCall, draft: Sent, message_type: str = "") -> SentMessage:
    sent = msgspec.structs.replace(draft, message_id=call.ids.next_id(), at=trio.current_time())
    call.sent(call.bot, sent)
    return SentMessage(sent.message_id, call.now_ms, message_type)
