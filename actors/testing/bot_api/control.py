"""Hands on a simulator in another process: JSON over HTTP below `/sim/`. Bots are named by id; no token is ever shown.

POST /sim/say    {"bot", "user_id", "text", "chat_id"?, "group"?, "name"?}  → {"message_id"}
POST /sim/fault  {"bot", "kind", "method"?, "times"?, …}                    → {}
POST /sim/know   {"bot", "chat_id"}                                         → {}
POST /sim/replay {"bot", "message_id"}                                      → {}
GET  /sim/sent?bot=<id>&since=<n>      what a bot sent, from the n-th on    → {"total", "sent": [Sent, …]}
GET  /sim/deliveries?bot=<id>&since=<n>                                     → {"total", "deliveries": [Delivery, …]}
GET  /sim/state?bot=<id>               what waits, and calls by method      → {"waiting", "pollers", "calls"}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Literal
from urllib.parse import parse_qs

import msgspec

from actors.net.http import APPLICATION_JSON, Request, Response
from actors.testing.bot_api.bot import SimulatedBot
from actors.testing.bot_api.records import Delivery, Sent
from actors.testing.bot_api.service import Service

PREFIX = "/sim/"


class Say(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`Service.say`."""

    bot: str
    user_id: str
    text: str
    chat_id: str | None = None
    group: bool = False
    name: str = "Ted"


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of `Faults`, or `revoke`, `reinstate`, `clear`."""

    bot: str
    kind: Literal["refuse", "html", "drop-before", "drop-after", "cut", "delay", "revoke", "reinstate", "clear"]
    method: str = "*"
    times: int | None = 1
    error_code: int = 500
    """Of `refuse`; the HTTP status of `html`."""
    description: str = "Internal server error"
    seconds: float = 0.0
    """Of `delay`."""


class Know(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`Service.know`."""

    bot: str
    chat_id: str


class Replay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`Service.replay`."""

    bot: str
    message_id: str


class Said(msgspec.Struct, frozen=True):
    """The answer of `say`."""

    message_id: str


class Done(msgspec.Struct, frozen=True):
    """The answer of what has no other."""


class SentPage(msgspec.Struct, frozen=True):
    """The answer of `sent`."""

    total: int
    sent: list[Sent]


class DeliveriesPage(msgspec.Struct, frozen=True):
    """The answer of `deliveries`."""

    total: int
    deliveries: list[Delivery]


class State(msgspec.Struct, frozen=True):
    """The answer of `state`."""

    waiting: int
    """Updates that no poll was given yet and no webhook was offered."""
    pollers: int
    calls: dict[str, int]


class Problem(msgspec.Struct, frozen=True):
    """What was wrong with a request."""

    error: str


def control(service: Service, request: Request) -> Response:
    """Answers a request whose path begins with `/sim/`: 400 when it is malformed, 404 for what does not exist."""
    action = (request.method, request.path.removeprefix(PREFIX))
    try:
        if action in _COMMANDS:
            kind, command = _COMMANDS[action]
            return _json(200, command(service, msgspec.json.decode(request.body, type=kind)))
        if action in _QUESTIONS:
            bot, since = _which(service, request.query)
            return _json(200, _QUESTIONS[action](service, bot, since))
    except (msgspec.MsgspecError, ValueError) as error:
        return _json(400, Problem(str(error)))
    except LookupError as error:
        return _json(404, Problem(str(error)))
    return _json(404, Problem(f"there is no {request.method} {request.path}"))


def _which(service: Service, query: str) -> tuple[SimulatedBot, int]:
    values = parse_qs(query)
    return service.bot(values.get("bot", [""])[0]), max(0, int(values.get("since", ["0"])[0]))


def _say(service: Service, order: Say) -> Said:
    return Said(service.say(order.bot, order.user_id, order.text, order.chat_id, order.group, order.name))


def _know(service: Service, order: Know) -> Done:
    service.know(order.bot, order.chat_id)
    return Done()


def _replay(service: Service, order: Replay) -> Done:
    service.replay(order.bot, order.message_id)
    return Done()


def _fault(service: Service, order: Fault) -> Done:
    bot = service.bot(order.bot)
    match order.kind:
        case "refuse":
            bot.faults.refuse(order.method, order.error_code, order.description, order.times)
        case "html":
            bot.faults.answer_html(order.method, order.error_code, order.times)
        case "drop-before":
            bot.faults.drop(order.method, "before", order.times)
        case "drop-after":
            bot.faults.drop(order.method, "after", order.times)
        case "cut":
            bot.faults.cut(order.method, order.times)
        case "delay":
            bot.faults.delay(order.method, order.seconds, order.times)
        case "revoke" | "reinstate":
            bot.revoked = order.kind == "revoke"
        case "clear":
            bot.faults.clear()
    return Done()


def _sent(service: Service, bot: SimulatedBot, since: int) -> SentPage:
    return SentPage(len(bot.sent), bot.sent[since:])


def _deliveries(service: Service, bot: SimulatedBot, since: int) -> DeliveriesPage:
    return DeliveriesPage(len(bot.deliveries), bot.deliveries[since:])


def _state(service: Service, bot: SimulatedBot, since: int) -> State:
    calls = Counter(call.method for call in service.calls if call.bot_id == bot.bot_id)
    return State(len(bot.queue) + len(bot.undelivered), bot.queue.pollers, dict(calls))


def _json(status: int, answer: msgspec.Struct) -> Response:
    return Response(status, msgspec.json.encode(answer), APPLICATION_JSON)


_COMMANDS: dict[tuple[str, str], tuple[type, Callable[..., msgspec.Struct]]] = {
    ("POST", "say"): (Say, _say),
    ("POST", "know"): (Know, _know),
    ("POST", "replay"): (Replay, _replay),
    ("POST", "fault"): (Fault, _fault),
}
_QUESTIONS: dict[tuple[str, str], Callable[[Service, SimulatedBot, int], msgspec.Struct]] = {
    ("GET", "sent"): _sent,
    ("GET", "deliveries"): _deliveries,
    ("GET", "state"): _state,
}
