"""What may be asked of a running router, and what it answers: the protocol and its documentation.

Rule 1: a method is one frozen params struct (its docstring is the method's documentation), one result struct and one
row in `METHODS`. A notification is one struct and one row in `NOTIFICATIONS`. Nothing else has to change for the
client; the server needs a handler of that name.
Rule 2: names on the wire are camel-case, times are ISO-8601 UTC with milliseconds (`router.control.times`), ids are the
network's own opaque strings. Unknown members of params are refused; clients must ignore unknown members of results.
Rule 3: no token, no password and no message text of a chat is ever a field here. Pairing codes are: who may open the
socket may approve.

The transport: WebSocket on the loopback interface, one JSON-RPC 2.0 frame per text message (`router.control.jsonrpc`),
`Authorization: Bearer <token>` in the handshake. Address and token are in `control.json` (`router.control.endpoint`).
Requests of one connection are worked on side by side, so answers may come in another order; the id tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, Literal, TypeVar, cast

import msgspec

from actors.messages import AccountState
from router.control.jsonrpc import ControlError, ErrorCode, RequestFrame

R = TypeVar("R")


class Call(Generic[R]):
    """The params of a method whose result is an `R`; mixed into the params struct."""

    __slots__ = ()


class _Params(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    pass


class _Result(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    pass


class Pong(_Result, frozen=True, kw_only=True):
    """The socket works and the token is right."""

    pid: int


class Ping(_Params, Call[Pong], frozen=True, kw_only=True):
    """Answers at once, without asking any actor."""


class StoreStatus(_Result, frozen=True, kw_only=True):
    """Whether the store takes writes."""

    ok: bool
    error: str = ""


class AccountReport(_Result, frozen=True, kw_only=True):
    """One account: what its actor says of itself, and what waits for it."""

    channel: str
    account_id: str
    label: str = ""
    """The display name of the settings."""
    state: AccountState
    since: str
    """When it entered this state."""
    last_error: str = ""
    restarts: int = 0
    last_inbound_at: str | None = None
    last_outbound_at: str | None = None
    last_good_at: str | None = None
    """The last time that receiving certainly worked, message or no message."""
    webhook_verification: str = ""
    """How the network's own test of the webhook went; empty without a webhook."""
    display_name: str = ""
    """Who the network says this account is."""
    inbox_waiting: int = 0
    turns_running: int = 0
    outbox_queued: int = 0
    outbox_unknown: int = 0
    """May have gone out, may not: an operator decides."""
    outbox_dead: int = 0


class AgentReport(_Result, frozen=True, kw_only=True):
    """One agent: how many turns it works on, and how many wait for it."""

    id: str
    kind: str
    running: int = 0
    waiting: int = 0


class StatusResult(_Result, frozen=True, kw_only=True):
    """The state of the router, read from its actors when asked."""

    version: str
    pid: int
    uptime_seconds: float
    state: Literal["serving", "draining"]
    store: StoreStatus
    accounts: tuple[AccountReport, ...] = ()
    agents: tuple[AgentReport, ...] = ()
    warnings: tuple[str, ...] = ()
    """Settings that work and are unsafe or surprising; one sentence each."""
    counters: dict[str, int] = {}
    """How often each thing happened since the start, by the names of `router.telemetry`."""


class GetStatus(_Params, Call[StatusResult], frozen=True, kw_only=True):
    """How the router, its store, its accounts and its agents are doing."""


class PairingMeta(_Result, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of the stranger besides the id."""

    name: str | None = None


class PairingReport(_Result, frozen=True, kw_only=True):
    """One stranger who waits to be let in."""

    channel: str
    account_id: str
    id: str
    """The sender's id on that channel."""
    code: str
    created_at: str
    last_seen_at: str
    expires_at: str
    meta: PairingMeta = PairingMeta()


class PairingListResult(_Result, frozen=True, kw_only=True, omit_defaults=True):
    """Pending requests, oldest first."""

    channel: str | None = None
    """The channel that was asked for; absent when all were."""
    requests: tuple[PairingReport, ...]


class ListPairings(_Params, Call[PairingListResult], frozen=True, kw_only=True, omit_defaults=True):
    """Pending pairing requests: of all channels, of one, or of one account."""

    channel: str | None = None
    account: str | None = None


class PairingApproved(_Result, frozen=True, kw_only=True):
    """Who was let in. Durable when this is answered."""

    channel: str
    account_id: str
    id: str
    name: str = ""


class ApprovePairing(_Params, Call[PairingApproved], frozen=True, kw_only=True, omit_defaults=True):
    """Lets the stranger with this code in, at once and for good.

    The code is trimmed and its case does not matter. Fails with NOT_FOUND for a code that is unknown, expired or used,
    with REFUSED for a channel that has no pairing.
    """

    channel: str
    code: str
    account: str | None = None
    """Needed only when two accounts of the channel have the same code pending."""


class Method(msgspec.Struct, frozen=True):
    """One row of the table of methods."""

    name: str
    params_type: type[msgspec.Struct]
    result_type: type[msgspec.Struct]
    doc: str


def _table(*rows: tuple[str, type[msgspec.Struct], type[msgspec.Struct]]) -> Mapping[str, Method]:
    return {name: Method(name, params, result, params.__doc__ or "") for name, params, result in rows}


METHODS: Mapping[str, Method] = _table(
    ("ping", Ping, Pong),
    ("status", GetStatus, StatusResult),
    ("pairing.list", ListPairings, PairingListResult),
    ("pairing.approve", ApprovePairing, PairingApproved),
)

_METHOD_OF: Mapping[type[msgspec.Struct], Method] = {method.params_type: method for method in METHODS.values()}


class EventNotice(_Result, frozen=True, kw_only=True):
    """Something happened in the router (`router.events`); sent to clients that asked to be told."""

    name: str
    at: str
    level: str
    text: str


NOTIFICATIONS: Mapping[str, type[msgspec.Struct]] = {"event": EventNotice}

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
        raise ControlError(ErrorCode.METHOD_NOT_FOUND, f"unknown method: {request.method[:64]}")
    try:
        params: msgspec.Struct = msgspec.json.decode(request.params, type=method.params_type)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ControlError(ErrorCode.INVALID_PARAMS, f"invalid {method.name} params: {error}") from error
    return method, params
