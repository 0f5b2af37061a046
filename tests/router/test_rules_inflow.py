from __future__ import annotations

from typing import Any

import pytest
from playbook import OPEN, SHOP, Stage, kinds, of, rulebook, sent_texts

from actors.messages import AccountKey, Media
from router.events import MessageAccepted, MessageDropped, PairingRequested
from router.rules.bindings import Binding, Match, Peer
from router.rules.policy import AccountPolicy
from router.rules.records import PutInbox, PutOutbox, PutPairing


def test_an_admitted_message_is_written_down_and_begun_as_one_row() -> None:
    decision = Stage().say("xin chao", name="Ted")
    (put,) = of(PutInbox, decision)
    assert (put.row.state, put.row.starts, put.row.agent_id) == ("running", 1, "main")
    assert put.row.session_key == "agent:main:zalo:shop:direct:u1"
    (turn,) = decision.turns
    assert (turn.turn_id, turn.text, turn.session_key) == (put.row.inbox_id, "xin chao", put.row.session_key)
    assert turn.context.sender_name == "Ted"
    assert MessageAccepted in {type(event) for event in decision.events}


def test_a_dropped_message_is_written_down_with_its_reason_and_reaches_nobody() -> None:
    stage = Stage(rulebook(AccountPolicy(dm_policy="disabled")))
    decision = stage.say("hello?")
    (put,) = of(PutInbox, decision)
    assert (put.row.state, put.row.reason) == ("dropped", "dmPolicy=disabled")
    assert decision.turns == []
    assert decision.sends == []
    assert [type(event) for event in decision.events] == [MessageDropped]
    assert stage.state.unfinished[SHOP] == 0


def test_a_stranger_is_told_a_code_and_the_command_that_approves_it() -> None:
    stage = Stage(rulebook(AccountPolicy()))
    stage.open()
    decision = stage.say("let me in", sender="6ede9afa66b88fe6d6a9")
    (text,) = sent_texts(decision)
    assert "Your Zalo user id: 6ede9afa66b88fe6d6a9" in text
    assert "Pairing code: CODE0000" in text
    assert text.endswith("router pairing approve zalo CODE0000")
    assert kinds(decision) == ["PutInbox", "PutPairing", "PutOutbox"]
    assert PairingRequested in {type(event) for event in decision.events}
    assert decision.turns == []


def test_a_stranger_who_writes_again_gets_no_second_reply() -> None:
    stage = Stage(rulebook(AccountPolicy()))
    stage.say("let me in")
    again = stage.say("hello?")
    assert of(PutOutbox, again) == []
    assert len(of(PutPairing, again)) == 1


def test_an_approval_counts_from_the_next_message_on() -> None:
    stage = Stage(rulebook(AccountPolicy()))
    stage.say("let me in")
    assert stage.state.pairings.approve("zalo", "code0000", None, stage.now) is not None
    assert [turn.text for turn in stage.say("thanks").turns] == ["thanks"]


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("", "text", "empty message"),
        (" \n\t", "text", "empty message"),
        ("", "sticker", "sticker: this kind of message is not answered"),
        ("", "unsupported", "unsupported: this kind of message is not answered"),
        ("hm", "unknown", "unknown: this kind of message is not answered"),
    ],
)
def test_what_nobody_could_answer_stops_before_agents_and_pairing(text: str, kind: Any, reason: str) -> None:
    for policy in (OPEN, AccountPolicy()):
        decision = Stage(rulebook(policy)).say(text, kind=kind)
        assert kinds(decision) == ["PutInbox"]
        assert of(PutInbox, decision)[0].row.reason == reason


def test_a_picture_without_words_is_answered_under_a_placeholder() -> None:
    media = (Media(kind="image", url="https://photo-stal-22.zdn.vn/a.jpg"),)
    (turn,) = Stage().say("", kind="image", media=media).turns
    assert turn.text == "<media:image>"
    assert turn.media == media


BINDINGS = (
    Binding(agent_id="all", match=Match(channel="zalo")),
    Binding(agent_id="shop", match=Match(channel="zalo", account_id="shop")),
    Binding(agent_id="vip", match=Match(channel="zalo", peer=Peer(kind="direct", id="u7"))),
)


@pytest.mark.parametrize(("sender", "agent"), [("u7", "vip"), ("u1", "shop")])
def test_bindings_choose_the_agent_and_so_the_session(sender: str, agent: str) -> None:
    agents = {"main": 1, "all": 1, "shop": 1, "vip": 1}
    (turn,) = Stage(rulebook(bindings=BINDINGS, agents=agents)).say("hi", sender=sender).turns
    assert turn.agent_id == agent
    assert turn.session_key.startswith(f"agent:{agent}:")


@pytest.mark.parametrize(
    ("scope", "key"),
    [
        ("main", "agent:main:main"),
        ("per-peer", "agent:main:direct:u1"),
        ("per-channel-peer", "agent:main:zalo:direct:u1"),
        ("per-account-channel-peer", "agent:main:zalo:shop:direct:u1"),
    ],
)
def test_each_dm_scope_makes_its_own_key(scope: str, key: str) -> None:
    (turn,) = Stage(rulebook(dm_scope=scope)).say("hi").turns
    assert turn.session_key == key


def test_a_group_message_is_answered_in_the_groups_own_session() -> None:
    (turn,) = Stage(rulebook(dm_scope="main")).say("hi", group="zgr-1", name="Ted").turns
    assert turn.session_key == "agent:main:zalo:group:zgr-1"
    assert turn.context.chat_type == "group"
    assert turn.context.from_ == "zalo:group:zgr-1"


def test_an_account_that_left_the_settings_admits_nobody() -> None:
    stage = Stage(rulebook(accounts={AccountKey("zalo", "other"): OPEN}))
    assert of(PutInbox, stage.say("hi"))[0].row.state == "dropped"


def test_room_is_counted_in_unfinished_messages() -> None:
    stage = Stage(rulebook(inbox_limit=2))
    first = stage.say("one").turns[0]
    assert stage.state.has_room(SHOP)
    stage.say("two")
    assert not stage.state.has_room(SHOP)
    stage.answer(first.turn_id, "done")
    assert stage.state.has_room(SHOP)
