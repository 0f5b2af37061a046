"""Command lines say to zca exactly what was meant, whatever people write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.errors import Rejected
from actors.messages import (
    AccountKey,
    Chat,
    Content,
    PhotoContent,
    PhotoFileContent,
    StickerContent,
    TextContent,
    VoiceContent,
)
from actors.testing.zca.arguments import Ends, understand
from actors.zalouser import commands

ALICE = Chat(AccountKey("zalouser", "work"), "2001")
TEAM = Chat(AccountKey("zalouser", "work"), "5300", "group")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (TextContent("xin chao"), "msg send -- 2001 xin chao"),
        (PhotoContent("https://x.test/a.jpg"), "msg image -u https://x.test/a.jpg -- 2001"),
        (PhotoContent("https://x.test/a,b.jpg", "sea"), "msg image -u https://x.test/a%2Cb.jpg -m sea -- 2001"),
        (PhotoFileContent("/tmp/a,b.png", "sea"), "msg image -m sea -- 2001 /tmp/a,b.png"),
        (VoiceContent("https://x.test/a.aac"), "msg voice -u https://x.test/a.aac -- 2001"),
        (StickerContent("23311"), "msg sticker -- 2001 23311"),
    ],
)
def test_each_content_has_its_command(content: Content, words: str) -> None:
    assert " ".join(commands.send(ALICE, content)) == words
    assert " ".join(commands.send(TEAM, content)) == words.replace("-- 2001", "-g -- 5300")


@given(
    st.sampled_from(["", "-", "- item", "--help", "-g", "-5", "--", "a\nb\n", "'\"$(x)`"]),
    st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30),
)
def test_a_text_arrives_as_it_was_written(beginning: str, rest: str) -> None:
    text = beginning + rest + "."
    for chat in (ALICE, TEAM):
        call = understand(commands.send(chat, TextContent(text)))
        assert (call.words, call.arguments) == ("msg send", {"threadId": chat.chat_id, "message": text})
        assert call.flags == ({"group"} if chat is TEAM else set())
        caption = understand(commands.send(chat, PhotoContent("https://x.test/a.jpg", text)))
        assert (caption.values, caption.arguments) == (
            {"url": ["https://x.test/a.jpg"], "message": [text]},
            {"threadId": chat.chat_id},
        )


@pytest.mark.parametrize("text", ["- item one", "-x", "--help", "-g"])
def test_the_stand_in_takes_such_texts_no_other_way(text: str) -> None:
    with pytest.raises(Ends):
        understand(["msg", "send", "2001", text])


@pytest.mark.parametrize("text", ["", "  \n ", "a\0b", "half \ud83d"])
def test_what_cannot_be_sent_is_rejected_before_anything_runs(text: str) -> None:
    with pytest.raises(Rejected):
        commands.send(ALICE, TextContent(text))


def test_a_caption_of_blanks_is_none() -> None:
    assert "-m" not in commands.send(ALICE, PhotoContent("https://x.test/a.jpg", "  "))


@pytest.mark.parametrize("words", [commands.ME, commands.FRIENDS, commands.GROUPS, commands.members("-g")])
def test_look_ups_are_understood_and_ask_for_json(words: commands.Words) -> None:
    assert understand(words).flags == {"json"}
