"""Whom a group's message is meant for."""

from __future__ import annotations

from typing import Any

import pytest
from zalouser_lines import BOT, DM, IN_GROUP, ME, OWN, line, with_metadata

from actors.messages import Inbound
from actors.zalouser.wire import decode_line


def mentioned(raw: bytes) -> bool | None:
    found = decode_line(raw, ME, BOT)
    assert isinstance(found, Inbound)
    return found.mentioned


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, False),
        ({"mentionIds": [OWN]}, True),
        ({"mentionIds": [int(OWN)]}, True),
        ({"mentionIds": ["2002"]}, False),
        ({"mentionIds": ["2002", OWN]}, True),
        ({"mentionIds": OWN}, False),
        ({"mentionIds": [OWN], "msgType": "chat.sticker", "content": "<non-text:chat.sticker>"}, False),
        ({"quote": {"ownerId": OWN}}, True),
        ({"quote": {"ownerId": "2002"}}, False),
        ({"content": "@bot me, are you there?"}, True),
        ({"content": "hey @Bot Me"}, True),
        ({"content": "hey @Bot Mellow"}, False),
        ({"content": "hey Bot Me"}, False),
        ({"content": "I agree\n[reply context: Bob: ask @Bot Me]"}, False),
    ],
)
def test_in_a_group(changed: dict[str, Any], expected: bool) -> None:
    assert mentioned(line(IN_GROUP, **changed)) is expected


@pytest.mark.parametrize("changed", [{"mentionIds": [OWN]}, {"quote": {"ownerId": OWN}}])
def test_the_metadata_may_say_it_alone(changed: dict[str, Any]) -> None:
    assert mentioned(line(with_metadata(IN_GROUP, **changed))) is True


def test_in_private_there_is_nothing_to_mention() -> None:
    assert mentioned(line(DM, mentionIds=[OWN])) is None


def test_an_account_that_does_not_know_itself_is_never_mentioned() -> None:
    found = decode_line(line(IN_GROUP, mentionIds=[""], content="@ you"), ME)
    assert isinstance(found, Inbound)
    assert found.mentioned is False
