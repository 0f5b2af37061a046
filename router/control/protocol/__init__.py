"""What may be asked of a running router, and what it answers: the protocol and its documentation.

Rule 1: a method is one frozen params struct (its docstring is the method's documentation), one result struct and one
row in `METHODS`. A notification is one struct and one row in `NOTIFICATIONS`. Nothing else has to change for the
client; the server needs a handler of that name. The structs are in the modules of this package, one for each noun.
Rule 2: names on the wire are camel-case, times are ISO-8601 UTC with milliseconds (`router.control.times`), ids are the
network's own opaque strings. Unknown members of params are refused; clients must ignore unknown members of results.
Rule 3: no token and no password is ever a field here. What people wrote is shown by `sessions.show` alone, what could
not be decoded by `inbox.shelf`. Pairing codes are fields: who may open the socket may approve.

The transport: WebSocket on the loopback interface, one JSON-RPC 2.0 frame per text message (`router.control.jsonrpc`),
`Authorization: Bearer <token>` in the handshake. Address and token are in `control.json` (`router.control.endpoint`).
Requests of one connection are worked on side by side, so answers may come in another order; the id tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar, cast

import msgspec

from router.control.jsonrpc import ControlError, ErrorCode, RequestFrame
from router.control.protocol import channels, config, journal, messages, overview, pairing, sessions
from router.control.protocol.base import Call
from router.control.protocol.journal import EventNotice
from router.control.protocol.overview import AccountReport, GetStatus, StatusResult
from router.control.protocol.pairing import ApprovePairing, ListPairings
from router.printable import printable

__all__ = [
    "METHODS",
    "NOTIFICATIONS",
    "AccountReport",
    "ApprovePairing",
    "Call",
    "EventNotice",
    "GetStatus",
    "ListPairings",
    "Method",
    "StatusResult",
    "decode_call",
    "method_of",
    "notification_name",
]

R = TypeVar("R")


class Method(msgspec.Struct, frozen=True):
    """One row of the table of methods."""

    name: str
    params_type: type[msgspec.Struct]
    result_type: type[msgspec.Struct]
    doc: str


def _table(*rows: tuple[str, type[msgspec.Struct], type[msgspec.Struct]]) -> Mapping[str, Method]:
    return {name: Method(name, params, result, params.__doc__ or "") for name, params, result in rows}


LONGEST_WORDS = 300
"""Of a client's own words that an error repeats to it."""

METHODS: Mapping[str, Method] = _table(
    ("ping", overview.Ping, overview.Pong),
    ("status", overview.GetStatus, overview.StatusResult),
    ("channels.list", channels.ListChannels, channels.ChannelsListResult),
    ("channels.status", channels.GetChannelsStatus, channels.ChannelsStatusResult),
    ("channels.start", channels.StartChannel, channels.ChannelStatus),
    ("channels.stop", channels.StopChannel, channels.ChannelStatus),
    ("channels.restart", channels.RestartChannel, channels.ChannelStatus),
    ("pairing.list", pairing.ListPairings, pairing.PairingListResult),
    ("pairing.approved", pairing.ListApproved, pairing.ApprovedListResult),
    ("pairing.approve", pairing.ApprovePairing, pairing.PairingApproved),
    ("pairing.reject", pairing.RejectPairing, pairing.PairingRejected),
    ("pairing.revoke", pairing.RevokePairing, pairing.PairingRevoked),
    ("message.send", messages.SendMessage, messages.MessageSent),
    ("outbox.list", messages.ListOutbox, messages.OutboxListResult),
    ("outbox.retry", messages.RetryOutbox, messages.OutboxReport),
    ("outbox.drop", messages.DropOutbox, messages.OutboxReport),
    ("inbox.list", messages.ListInbox, messages.InboxListResult),
    ("inbox.retry", messages.RetryInbox, messages.InboxReport),
    ("inbox.shelf", messages.ListDeadLetters, messages.DeadLettersResult),
    ("sessions.list", sessions.ListSessions, sessions.SessionsListResult),
    ("sessions.show", sessions.ShowSession, sessions.SessionShown),
    ("sessions.reset", sessions.ResetSession, sessions.SessionReport),
    ("config.validate", config.ValidateConfig, config.ConfigVerdict),
    ("config.reload", config.ReloadConfig, config.ConfigReloaded),
    ("config.get", config.GetConfig, config.ConfigShown),
    ("logs.tail", journal.TailLogs, journal.LogTail),
    ("events.subscribe", journal.SubscribeEvents, journal.Subscribed),
)

_METHOD_OF: Mapping[type[msgspec.Struct], Method] = {method.params_type: method for method in METHODS.values()}

NOTIFICATIONS: Mapping[str, type[msgspec.Struct]] = {"event": journal.EventNotice}

_NOTIFICATION_OF: Mapping[type[msgspec.Struct], str] = {kind: name for name, kind in NOTIFICATIONS.items()}


def method_of(params: Call[R]) -> Method:
    """The method that these params belong to. Raises KeyError for a struct that is not in the table."""
    return _METHOD_OF[cast("type[msgspec.Struct]", type(params))]


def notification_name(notice: msgspec.Struct) -> str:
    """The name under which a notification travels. Raises KeyError for a struct that is not in the table."""
    return _NOTIFICATION_OF[type(notice)]


def decode_call(request: RequestFrame) -> tuple[Method, msgspec.Struct]:
    """The method and the checked params of a request. Raises ControlError: METHOD_NOT_FOUND, INVALID_PARAMS."""
    method = METHODS.get(request.method)
    if method is None:
        raise ControlError(ErrorCode.METHOD_NOT_FOUND, f"unknown method: {printable(request.method[:64])}")
    try:
        params: msgspec.Struct = msgspec.json.decode(request.params, type=method.params_type)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        words = printable(str(error)[:LONGEST_WORDS])
        raise ControlError(ErrorCode.INVALID_PARAMS, f"invalid {method.name} params: {words}") from error
    return method, params
