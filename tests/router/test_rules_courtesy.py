from __future__ import annotations

import pytest
from playbook import OPEN, SHOP, Stage, of, rulebook, sent_texts

from actors.messages import Chat, MessageKind
from router.rules import courtesy
from router.rules.courtesy import EVERY_SECONDS, Courtesy
from router.rules.policy import AccountPolicy
from router.rules.records import PutInbox, PutOutbox

WORDS = "In words, please."
CHAT, OTHER = Chat(SHOP, "u1"), Chat(SHOP, "u2")


def stage_of(policy: AccountPolicy = OPEN, words: str = WORDS) -> Stage:
    stage = Stage(rulebook(policy, unsupported_reply=words))
    stage.open()
    return stage


def said(stage: Stage, kind: MessageKind, sender: str = "u1", group: str | None = None) -> int:
    return len(of(PutOutbox, stage.say("", sender=sender, group=group, kind=kind)))


@pytest.mark.parametrize("kind", ["sticker", "unsupported"])
def test_who_sends_what_nobody_can_answer_is_told_so(kind: MessageKind) -> None:
    decision = stage_of().say("", kind=kind)
    assert sent_texts(decision) == [WORDS]
    (put,) = of(PutInbox, decision)
    assert (put.row.state, put.row.reason) == ("dropped", f"{kind}: this kind of message is not answered")


def test_it_is_said_once_in_ten_minutes_and_in_each_chat() -> None:
    stage = stage_of()
    assert [said(stage, "sticker") for _ in range(3)] == [1, 0, 0]
    assert said(stage, "unsupported") == 0
    assert said(stage, "sticker", sender="u2") == 1
    assert said(stage, "sticker", group="zgr-1") == 1
    stage.now += EVERY_SECONDS - 1
    assert said(stage, "sticker") == 0
    stage.now += 1
    assert said(stage, "sticker") == 1


def test_nothing_is_said_unless_the_settings_say_so() -> None:
    assert said(stage_of(words=""), "sticker") == 0


@pytest.mark.parametrize(
    "policy", [AccountPolicy(dm_policy="allowlist"), AccountPolicy(dm_policy="disabled"), AccountPolicy()]
)
def test_who_may_not_speak_is_told_nothing_of_it(policy: AccountPolicy) -> None:
    decision = stage_of(policy).say("", kind="sticker")
    assert WORDS not in sent_texts(decision)


@pytest.mark.parametrize("kind", ["unknown", "text", "image"])
def test_an_empty_message_or_one_of_an_unknown_kind_is_passed_over_in_silence(kind: MessageKind) -> None:
    assert said(stage_of(), kind) == 0


def test_of_very_many_chats_the_longest_quiet_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courtesy, "MAX_CHATS", 2)
    remembered = Courtesy()
    for number, name in enumerate(("a", "b", "c")):
        assert remembered.is_due(Chat(SHOP, name), "sticker", float(number))
    assert not remembered.is_due(Chat(SHOP, "c"), "sticker", 3.0)
    assert not remembered.is_due(Chat(SHOP, "b"), "sticker", 3.0)
    assert remembered.is_due(Chat(SHOP, "a"), "sticker", 3.0)


def test_a_chat_that_was_told_again_counts_as_told_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courtesy, "MAX_CHATS", 2)
    remembered = Courtesy()
    for name, at in (("a", 0.0), ("b", 1.0), ("a", EVERY_SECONDS), ("c", EVERY_SECONDS)):
        assert remembered.is_due(Chat(SHOP, name), "sticker", at)
    assert not remembered.is_due(Chat(SHOP, "a"), "sticker", EVERY_SECONDS + 1)


def test_a_refusal_does_not_put_the_next_word_off() -> None:
    remembered = Courtesy()
    times = [0.0, 500.0, EVERY_SECONDS, EVERY_SECONDS + 1, 2 * EVERY_SECONDS]
    assert [remembered.is_due(CHAT, "sticker", at) for at in times] == [True, False, True, False, True]
    assert remembered.is_due(OTHER, "sticker", 1.0)
