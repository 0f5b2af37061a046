from __future__ import annotations

import pkgutil
import re
import tomllib
from importlib import import_module
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import errors
from actors.errors import RouterError
from actors.messages import AccountKey, Chat, Identity
from actors.protocol import AccountStatus
from router.control import protocol
from router.control.failures import CODES, as_control_error
from router.control.jsonrpc import ControlError, ErrorCode, decode_request, encode_notification, salvage_id
from router.control.protocol import (
    METHODS,
    NOTIFICATIONS,
    ApprovePairing,
    GetStatus,
    ListPairings,
    decode_call,
    method_of,
    notification_name,
)
from router.control.reports import AccountLoad, account_report, pairing_report
from router.control.times import iso_time, unix_time
from router.rules.records import PairingRequest
from router.version import VERSION

ACCOUNT = AccountKey("zalo", "shop")
NOON = 1_795_168_000.25  # 2026-11-20T09:46:40.250Z


def every_struct() -> list[type[msgspec.Struct]]:
    modules = [import_module(each.name) for each in pkgutil.iter_modules(protocol.__path__, protocol.__name__ + ".")]
    named = [each for module in modules for each in vars(module).values() if isinstance(each, type)]
    return [
        each for each in named if issubclass(each, msgspec.Struct) and each.__module__.startswith(protocol.__name__)
    ]


def test_every_method_has_documentation_and_a_name_of_its_own() -> None:
    assert all(method.doc.strip() for method in METHODS.values())
    assert {name: method.name for name, method in METHODS.items()} == {name: name for name in METHODS}
    assert all(re.fullmatch(r"[a-z]+(\.[a-z]+)?", name) for name in METHODS)


def test_every_params_struct_of_the_module_is_in_the_table() -> None:
    params = {each for each in every_struct() if issubclass(each, protocol.Call)}
    assert params == {method.params_type for method in METHODS.values()}


def test_the_tables_answer_both_ways() -> None:
    assert method_of(GetStatus()).name == "status"
    [(name, kind)] = NOTIFICATIONS.items()
    assert kind.__struct_config__.frozen
    notice = protocol.EventNotice(name="a", at="b", level="info", text="c")
    assert notification_name(notice) == name
    frame = msgspec.json.decode(encode_notification(name, notice))
    assert (frame["method"], "id" in frame) == ("event", False)


@pytest.mark.parametrize("struct", every_struct(), ids=lambda struct: struct.__name__)
def test_no_field_can_carry_a_token_or_a_text_of_a_chat(struct: type[msgspec.Struct]) -> None:
    # Of these the first two are ours, of the router's own making; the last two are asked for by name.
    allowed = {("EventNotice", "text"), ("LogLine", "text"), ("PartReport", "text"), ("Line", "text")}
    names = {(struct.__name__, name) for name in struct.__struct_fields__}
    assert not {each for each in names - allowed if re.search("token|secret|password|text|body", each[1])}


@pytest.mark.parametrize("struct", every_struct(), ids=lambda struct: struct.__name__)
def test_every_struct_is_frozen_and_camel_cased(struct: type[msgspec.Struct]) -> None:
    assert struct.__struct_config__.frozen
    assert not [name for name in struct.__struct_encode_fields__ if "_" in name and struct is not protocol.Method]


def test_params_are_decoded_into_their_struct() -> None:
    frame = (
        '{"jsonrpc":"2.0","id":1,"method":"pairing.approve","params":{"channel":"zalo","code":"X","account":"shop"}}'
    )
    method, params = decode_call(decode_request(frame))
    assert method.name == "pairing.approve"
    assert params == ApprovePairing(channel="zalo", code="X", account="shop")


def test_a_method_without_params_may_leave_them_out() -> None:
    assert decode_call(decode_request('{"jsonrpc":"2.0","id":1,"method":"pairing.list"}'))[1] == ListPairings()


def test_what_is_wrong_with_params_is_named() -> None:
    frame = '{"jsonrpc":"2.0","id":1,"method":"pairing.list","params":{"chanel":"zalo"}}'
    with pytest.raises(ControlError, match=r"invalid pairing\.list params: .*chanel"):
        decode_call(decode_request(frame))


def test_a_long_unknown_method_is_not_repeated_whole() -> None:
    with pytest.raises(ControlError) as caught:
        decode_call(decode_request(f'{{"jsonrpc":"2.0","id":1,"method":"{"x" * 10_000}"}}'))
    assert len(str(caught.value)) < 100


@given(st.one_of(st.text(), st.binary()))
def test_no_frame_does_worse_than_a_control_error(frame: str | bytes) -> None:
    # No text that is made at random is a request; anything but a ControlError fails the test.
    with pytest.raises(ControlError):
        decode_call(decode_request(frame))
    assert salvage_id(frame) is None


def test_every_error_of_ours_has_a_code() -> None:
    ours = {
        each
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, RouterError) and each is not RouterError
    }
    assert ours == {kind for kind, _ in CODES}


def test_a_control_error_keeps_its_own_code() -> None:
    error = ControlError(ErrorCode.NOT_FOUND, "gone")
    assert as_control_error(error) is error
    assert as_control_error(RouterError("odd")).code is ErrorCode.INTERNAL
    assert ErrorCode.NOT_FOUND.word == "not-found"


def test_times_are_written_in_utc_milliseconds() -> None:
    assert iso_time(NOON) == "2026-11-20T09:46:40.250Z"
    assert unix_time("2026-11-20T09:46:40.250Z") == NOON


@pytest.mark.parametrize("text", ["", "noon", "2026-11-20T09:46:40.250"])
def test_a_time_without_zone_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"time zone|isoformat"):
        unix_time(text)


@given(st.floats(min_value=0, max_value=4e9))
def test_a_time_survives_the_wire_to_the_millisecond(seconds: float) -> None:
    assert abs(unix_time(iso_time(seconds)) - seconds) < 0.00101


def test_an_account_is_reported_as_its_actor_says() -> None:
    status = AccountStatus(
        account=ACCOUNT,
        state="backing-off",
        since=NOON,
        last_error="HTTP 502",
        restarts=2,
        identity=Identity("1", "Bot A"),
        last_good_at=NOON - 60,
        webhook_verification="webhook.ok",
    )
    load = AccountLoad(inbox_waiting=1, turns_running=2, outbox_queued=3, outbox_unknown=4, outbox_dead=5)
    assert msgspec.to_builtins(account_report(status, label="Shop", load=load)) == {
        "channel": "zalo",
        "accountId": "shop",
        "label": "Shop",
        "state": "backing-off",
        "since": "2026-11-20T09:46:40.250Z",
        "lastError": "HTTP 502",
        "webhookVerification": "webhook.ok",
        "restarts": 2,
        "lastInboundAt": None,
        "lastOutboundAt": None,
        "lastGoodAt": "2026-11-20T09:45:40.250Z",
        "displayName": "Bot A",
        "inboxWaiting": 1,
        "turnsRunning": 2,
        "outboxQueued": 3,
        "outboxUnknown": 4,
        "outboxDead": 5,
    }


def test_a_pairing_request_is_reported_in_the_known_shape() -> None:
    request = PairingRequest(
        account=ACCOUNT,
        sender_id="6ede9afa66b88fe6d6a9",
        code="7GVCMMUW",
        created_at=NOON,
        last_seen_at=NOON + 1,
        replied_at=NOON,
        chat=Chat(ACCOUNT, "6ede9afa66b88fe6d6a9"),
    )
    report = msgspec.to_builtins(pairing_report(request, expires_at=NOON + 3600))
    assert report == {
        "channel": "zalo",
        "accountId": "shop",
        "id": "6ede9afa66b88fe6d6a9",
        "code": "7GVCMMUW",
        "createdAt": "2026-11-20T09:46:40.250Z",
        "lastSeenAt": "2026-11-20T09:46:41.250Z",
        "expiresAt": "2026-11-20T10:46:40.250Z",
        "meta": {},
    }
    named = pairing_report(msgspec.structs.replace(request, sender_name="Ba"), expires_at=NOON)
    assert msgspec.to_builtins(named)["meta"] == {"name": "Ba"}


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert project["project"]["version"] == VERSION
