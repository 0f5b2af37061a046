"""People, stuck turns, conversations, logs and events over the control socket."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from operations_bench import TED, TOKEN, one_bot, serving

from router.control.client import open_control
from router.control.endpoint import read_endpoint
from router.control.jsonrpc import ControlError
from router.control.protocol.journal import EventNotice, SubscribeEvents, TailLogs
from router.control.protocol.messages import ListDeadLetters, ListInbox, RetryInbox
from router.control.protocol.pairing import (
    ApprovePairing,
    ListApproved,
    ListPairings,
    RejectPairing,
    RevokePairing,
)
from router.control.protocol.sessions import ListSessions, ResetSession, ShowSession
from router.rules.texts import ENGLISH

PAIRING = {"botToken": TOKEN, "dmPolicy": "pairing"}


async def test_a_stranger_is_rejected_asks_again_is_told_of_the_approval_and_revoked(tmp_path: Path) -> None:
    async with serving(tmp_path, zalo=PAIRING) as served:
        call = served.control.call
        served.api.say(TOKEN, TED, "hello")
        await served.api.wait_for_sent(1)
        (request,) = (await call(ListPairings())).requests
        rejected = await call(RejectPairing(channel="zalo", code=request.code.lower()))
        assert (rejected.id, rejected.name) == (TED, "Ted")
        with pytest.raises(ControlError, match=f"No pending pairing request found for code: {request.code}"):
            await call(RejectPairing(channel="zalo", code=request.code))
        served.api.say(TOKEN, TED, "please")
        await served.api.wait_for_sent(2)
        (request,) = (await call(ListPairings())).requests
        await call(ApprovePairing(channel="zalo", code=request.code, notify=True))
        assert (await served.api.wait_for_sent(3))[2].text == ENGLISH.approved
        (approved,) = (await call(ListApproved(channel="zalo", account="default"))).approved
        assert (approved.id, approved.name, approved.account_id) == (TED, "Ted", "default")
        revoked = await call(RevokePairing(channel="zalo", id=f"zalo:{TED.upper()}"))
        assert revoked.account_ids == ("default",)
        assert (await call(ListApproved())).approved == ()
        with pytest.raises(ControlError, match=f"{TED} was not let in by pairing on zalo:default"):
            await call(RevokePairing(channel="zalo", id=TED, account="default"))
        served.api.say(TOKEN, TED, "hello?")
        assert "Pairing code" in (await served.api.wait_for_sent(4))[3].text


async def test_a_dead_message_is_listed_and_given_to_its_agent_once_more(tmp_path: Path) -> None:
    marker = tmp_path / "mended"
    script = f"if [ -e {marker} ]; then echo now it works; else echo broken >&2; exit 1; fi"
    agent = {"id": "main", "kind": "command", "command": ["sh", "-c", script], "retries": 0}
    async with serving(tmp_path, zalo=one_bot(), agents={"list": [agent]}) as served:
        call = served.control.call
        served.api.say(TOKEN, TED, "hello")
        assert (await served.api.wait_for_sent(1))[0].text == ENGLISH.broken
        (dead,) = (await call(ListInbox())).rows
        assert (dead.state, dead.sender_id, dead.agent_id, dead.kind) == ("dead", TED, "main", "text")
        assert "exited with 1" in dead.reason or "broken" in dead.reason
        marker.touch()
        assert (await call(RetryInbox(id=dead.id))).state == "waiting"
        assert (await served.api.wait_for_sent(2))[1].text == "now it works"
        assert (await call(ListInbox())).rows == ()
        with pytest.raises(ControlError, match="only dead ones can be retried"):
            await call(RetryInbox(id=dead.id))
        with pytest.raises(ControlError, match="there is no message 99"):
            await call(RetryInbox(id=99))


async def test_what_could_not_be_decoded_is_shown_on_request(tmp_path: Path) -> None:
    async with serving(tmp_path, zalo=one_bot()) as served:
        served.api.inject(TOKEN, b'{"event_name": 5, "what": "\\u0041"}')
        while not (found := (await served.control.call(ListDeadLetters(raw=True))).letters):
            await trio.sleep(0.01)
        (letter,) = found
        assert (letter.account_id, letter.raw != "", letter.bytes > 0) == ("default", True, True)
        (bare,) = (await served.control.call(ListDeadLetters())).letters
        assert bare.raw == ""


async def test_conversations_are_listed_shown_and_begun_anew(tmp_path: Path) -> None:
    async with serving(tmp_path, zalo=one_bot(), session={"dmScope": "per-channel-peer"}) as served:
        call = served.control.call
        for number, sender in enumerate(("u-one", TED), 1):
            served.api.say(TOKEN, sender, f"hello {sender}")
            await served.api.wait_for_sent(number)
        found = await call(ListSessions(limit=1))
        assert (found.total, [each.chat_id for each in found.sessions]) == (2, [TED])
        (session,) = found.sessions
        shown = await call(ShowSession(key=session.key))
        assert [(line.role, line.text) for line in shown.lines] == [
            ("user", f"hello {TED}"),
            ("assistant", f"hello {TED}"),
        ]
        fresh = await call(ResetSession(key=session.key))
        assert fresh.session_id != session.session_id
        assert (await call(ShowSession(key=session.key))).lines == ()
        assert (await call(ListSessions(agent="nobody"))).sessions == ()
        with pytest.raises(ControlError, match="there is no session 'nobody'"):
            await call(ShowSession(key="nobody"))
        with pytest.raises(ControlError, match="there is no session 'nobody'"):
            await call(ResetSession(key="nobody"))


async def test_the_log_is_tailed_from_a_cursor(tmp_path: Path) -> None:
    async with serving(tmp_path, zalo=one_bot()) as served:
        call = served.control.call
        await served.wait_for_state("running")
        before = await call(TailLogs(limit=1000))
        assert any(line.name == "router.serving" for line in before.lines)
        served.api.say(TOKEN, TED, "hello")
        await served.api.wait_for_sent(1)
        while not any(line.name == "delivery.sent" for line in (await call(TailLogs(cursor=before.cursor))).lines):
            await trio.sleep(0.01)
        after = await call(TailLogs(cursor=before.cursor, account="default"))
        assert {line.account for line in after.lines} == {"zalo:default"}
        assert not after.reset
        assert (await call(TailLogs(level="error"))).lines == ()


async def test_events_are_told_to_who_asked_by_name_until_they_ask_anew(tmp_path: Path) -> None:
    async with serving(tmp_path, zalo=one_bot()) as served:
        call, control = served.control.call, served.control
        assert (await call(SubscribeEvents(names=("delivery", "turn.started")))).names == ("delivery", "turn.started")
        served.api.say(TOKEN, TED, "hello")
        names: list[str] = []
        while not names or names[-1] != "delivery.sent":
            notice = await control.next_notice()
            assert isinstance(notice, EventNotice)
            assert notice.account == "zalo:default"
            names.append(notice.name)
        assert names == ["turn.started", "delivery.sent"]
        with pytest.raises(ControlError, match="no event is named 'deliveries'; names begin with "):
            await call(SubscribeEvents(names=("deliveries",)))
        await call(SubscribeEvents(names=("message.accepted",)))
        served.api.say(TOKEN, TED, "again")
        notice = await control.next_notice()
        assert isinstance(notice, EventNotice)
        assert notice.name == "message.accepted"


async def test_a_subscription_ends_with_its_connection(tmp_path: Path) -> None:
    async with serving(tmp_path, zalo=one_bot()) as served:
        sinks = len(served.rig.telemetry._sinks)
        async with open_control(read_endpoint(served.rig.around.state_dir)) as other:
            await other.call(SubscribeEvents())
            await other.call(SubscribeEvents(names=("turn",)))
            assert len(served.rig.telemetry._sinks) == sinks + 1
        while len(served.rig.telemetry._sinks) != sinks:
            await trio.sleep(0.01)
