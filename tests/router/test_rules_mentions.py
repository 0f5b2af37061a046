from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playbook import SHOP, Stage, of, rulebook

from actors.messages import TextContent
from router.rules.mentions import without_mention
from router.rules.policy import AccountPolicy
from router.rules.records import AppendTranscript, PutOutbox

BOSS = AccountPolicy(group_policy="open", allow_from=frozenset({"boss"}))


@pytest.mark.parametrize(
    ("text", "name", "left"),
    [
        ("@Bot Demo giá bao nhiêu?", "Bot Demo", "giá bao nhiêu?"),
        ("@Bot Demo  hi", "Bot Demo", "hi"),
        (" @bot  demo hi", "Bot Demo", "hi"),
        ("@BOT DEMO\nhi\nthere", "Bot Demo", "hi\nthere"),
        ("@Bot Demo, hi", "Bot Demo", "hi"),
        ("@Bot Demo: hi", "Bot Demo", "hi"),
        ("@Bot Demo /new", "Bot Demo", "/new"),
        ("@Bot Demo @Bot Demo hi", "Bot Demo", "@Bot Demo hi"),
        ("@Bot Cà Phê Sữa (1) hi", "Bot Cà Phê Sữa (1)", "hi"),
        (unicodedata.normalize("NFD", "@Bot Cà Phê hi"), "Bot Cà Phê", "hi"),
        (unicodedata.normalize("NFC", "@Bot Cà Phê hi"), unicodedata.normalize("NFD", "Bot Cà Phê"), "hi"),
        ("@Bot ĐỨC hi", "Bot Đức", "hi"),
        ("@B.t hi", "B.t", "hi"),
    ],
)
def test_the_bots_own_name_in_front_is_taken_off(text: str, name: str, left: str) -> None:
    assert without_mention(text, name) == left


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("hi @Bot Demo", "Bot Demo"),
        ("Bot Demo hi", "Bot Demo"),
        ("@Bot hi", "Bot Demo"),
        ("@Bot Demo hi", "Bot De"),
        ("@Bot Demo2 hi", "Bot Demo"),
        (unicodedata.normalize("NFD", "@Bot Bé hi"), "Bot Be"),
        ("@Bot Demo", "Bot Demo"),
        ("@Bot Demo ,: ", "Bot Demo"),
        ("@Bxt hi", "B.t"),
        ("@ hi", ""),
        ("@ hi", "  "),
        ("", "Bot Demo"),
        ("@Bot", "Bot Demo"),
    ],
)
def test_everything_else_stays(text: str, name: str) -> None:
    assert without_mention(text, name) == text


@given(st.text(max_size=20), st.text(max_size=10))
def test_whatever_is_said_something_is_left_of_it(text: str, name: str) -> None:
    left = without_mention(text, name)
    assert left in text
    assert bool(left) == bool(text)


def group_stage() -> Stage:
    stage = Stage(rulebook(BOSS))
    stage.state.own_names[SHOP] = "Bot Demo"
    return stage


def test_the_agent_reads_the_words_and_the_raw_body_keeps_the_name() -> None:
    stage = group_stage()
    (turn,) = stage.say("@Bot Demo what does it cost?", group="zgr-1", name="Ted").turns
    context = turn.context
    assert turn.text == context.body_for_agent == context.command_body == "what does it cost?"
    assert context.raw_body == "@Bot Demo what does it cost?"
    assert context.body.endswith("] Ted: what does it cost?")
    lines = of(AppendTranscript, stage.answer(turn.turn_id, "5"))
    assert [line.text for line in lines] == ["what does it cost?", "5"]


def test_a_command_works_behind_the_name() -> None:
    stage = group_stage()
    (before,) = stage.say("@Bot Demo hi", sender="boss", group="zgr-1").turns
    stage.answer(before.turn_id, "hello")
    decision = stage.say("@Bot Demo /new", sender="boss", group="zgr-1")
    assert [put.row.content for put in of(PutOutbox, decision)] == [TextContent("A new conversation has begun.")]
    (after,) = stage.say("@Bot Demo /new and now?", sender="boss", group="zgr-1").turns
    assert (after.text, after.session_id != before.session_id) == ("and now?", True)


def test_in_a_direct_chat_and_before_the_name_is_known_nothing_is_taken_off() -> None:
    stage = Stage()
    assert [turn.text for turn in stage.say("@Bot Demo hi", group="zgr-1").turns] == ["@Bot Demo hi"]
    stage.state.own_names[SHOP] = "Bot Demo"
    assert [turn.text for turn in stage.say("@Bot Demo hi").turns] == ["@Bot Demo hi"]
