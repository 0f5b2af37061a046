from __future__ import annotations

import pytest
from playbook import Stage, of, rulebook

from actors.messages import Content, Media, PhotoContent, Reply, TextContent
from router.rules.policy import AccountPolicy
from router.rules.prefixes import NOBODY, AgentFacts, response_prefix, with_prefix
from router.rules.records import AppendTranscript, PutOutbox
from router.rules.state import Decision

LINH = AgentFacts(name="Linh", model="gpt-5", provider="openai")
POLICY = AccountPolicy(dm_policy="open", allow_from=frozenset({"*"}), response_prefix="auto", text_limit=20)


@pytest.mark.parametrize(
    ("template", "agent", "words"),
    [
        ("", LINH, ""),
        ("Shop:", LINH, "Shop:"),
        ("auto", LINH, "[Linh]"),
        (" AUTO ", LINH, "[Linh]"),
        ("auto", NOBODY, ""),
        ("[{model}]", LINH, "[gpt-5]"),
        ("{modelFull} {Provider} {IDENTITY.NAME}", LINH, "openai/gpt-5 openai Linh"),
        ("{thinkingLevel} {nonsense} {}", LINH, "{thinkingLevel} {nonsense} {}"),
        ("{model}", NOBODY, "{model}"),
        ("{identity.name}", AgentFacts(name="{model}", model="m"), "{model}"),
    ],
)
def test_a_prefix_in_words(template: str, agent: AgentFacts, words: str) -> None:
    assert response_prefix(template, agent) == words


@pytest.mark.parametrize(
    ("text", "prefix", "result"),
    [
        ("hi", "Shop:", "Shop: hi"),
        ("hi", " Shop: ", "Shop: hi"),
        ("Shop: hi", "Shop:", "Shop: hi"),
        ("hi", "", "hi"),
        ("hi", "  ", "hi"),
        ("", "Shop:", ""),
        (" ", "Shop:", " "),
    ],
)
def test_a_prefix_in_front_of_a_text(text: str, prefix: str, result: str) -> None:
    assert with_prefix(text, prefix) == result


def stage_of(policy: AccountPolicy) -> Stage:
    return Stage(rulebook(policy, agent_facts={"main": LINH}))


def contents(decision: Decision) -> list[Content]:
    return [put.row.content for put in of(PutOutbox, decision)]


def test_a_reply_is_said_with_its_prefix_and_remembered_without() -> None:
    stage = stage_of(POLICY)
    (turn,) = stage.say("hi").turns
    decision = stage.answer(turn.turn_id, "hello")
    assert contents(decision) == [TextContent("[Linh] hello")]
    assert [line.text for line in of(AppendTranscript, decision)] == ["hi", "hello"]


def test_the_prefix_counts_when_a_reply_is_cut_and_stands_before_the_first_part_only() -> None:
    stage = stage_of(POLICY)
    (turn,) = stage.say("hi").turns
    assert contents(stage.answer(turn.turn_id, "one two three four")) == [
        TextContent("[Linh] one two three"),
        TextContent("four"),
    ]


def test_silence_and_pictures_without_words_have_no_prefix() -> None:
    stage = stage_of(POLICY)
    (turn,) = stage.say("hi").turns
    assert contents(stage.answer(turn.turn_id, Reply())) == []
    (turn,) = stage.say("hi").turns
    picture = Reply(media=(Media(kind="image", url="https://a/1.jpg"),))
    assert contents(stage.answer(turn.turn_id, picture)) == [PhotoContent("https://a/1.jpg")]


def test_what_the_router_itself_says_has_no_prefix() -> None:
    stage = stage_of(POLICY)
    assert contents(stage.say("/new")) == [TextContent("A new conversation has begun.")]


def test_an_agent_that_nothing_is_known_of_gets_the_prefix_as_it_is_written() -> None:
    stage = Stage(rulebook(AccountPolicy(dm_policy="open", allow_from=frozenset({"*"}), response_prefix="{model}:")))
    (turn,) = stage.say("hi").turns
    assert contents(stage.answer(turn.turn_id, "hello")) == [TextContent("{model}: hello")]


def test_a_message_prefix_goes_before_what_the_agent_reads_and_not_before_commands() -> None:
    stage = Stage(rulebook(AccountPolicy(dm_policy="open", allow_from=frozenset({"*"}), message_prefix="[zalo]")))
    decision = stage.say("/new")
    assert decision.turns == []
    (turn,) = stage.say("/new hi").turns
    assert turn.text == turn.context.body_for_agent == "[zalo] hi"
    assert (turn.context.raw_body, turn.context.command_body) == ("/new hi", "hi")
    assert turn.context.body.endswith("] [zalo] hi")
    assert [line.text for line in of(AppendTranscript, stage.answer(turn.turn_id, "5"))][1] == "5"
