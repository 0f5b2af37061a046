from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec
import pytest
from cli_bench import Ran, run
from control_bench import HANDLERS, REQUEST

from router.cli.pairing import channel_and_code
from router.cli.words import channel_of
from router.control.connection import Handlers
from router.control.jsonrpc import ControlError, ErrorCode
from router.control.protocol.pairing import ApprovePairing, ListPairings, PairingApproved, PairingListResult


def listing(*requests: Any) -> Handlers:
    async def answer(params: ListPairings) -> PairingListResult:
        return PairingListResult(channel=params.channel, requests=requests)

    return {**HANDLERS, "pairing.list": answer}


async def test_pending_requests_are_a_table_headed_by_the_channels_id_label(tmp_path: Path) -> None:
    ran = await run(tmp_path, "pairing list zl")
    assert (ran.code, ran.err) == (0, "")
    title, heads, row = ran.out.splitlines()
    assert title == "Pairing requests (1)"
    assert heads.split() == ["Code", "Channel", "Account", "zaloUserId", "Name", "Requested", "Expires"]
    assert row.split() == [
        "7GVCMMUW",
        "zalo",
        "default",
        "6ede9afa66b88fe6d6a9",
        *["Chị", "Ba"],
        REQUEST.created_at,
        REQUEST.expires_at,
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("pairing list zalo", "No pending zalo pairing requests.\n"),
        ("pairing list --channel zlu --account work", "No pending zalouser pairing requests.\n"),
        ("pairing list", "No pending pairing requests.\n"),
    ],
)
async def test_nothing_pending_is_said_in_the_known_words(tmp_path: Path, words: str, told: str) -> None:
    assert await run(tmp_path, words, listing()) == Ran(0, told, "")


async def test_a_name_that_the_terminal_cannot_spell_is_escaped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    ran = await run(tmp_path, "pairing list")
    assert ran.code == 0
    assert "Ch\\u1ecb Ba" in ran.out


async def test_the_list_as_json_has_the_known_shape(tmp_path: Path) -> None:
    ran = await run(tmp_path, "pairing list zalo --json")
    assert msgspec.json.decode(ran.out) == {
        "channel": "zalo",
        "requests": [
            {
                "channel": "zalo",
                "accountId": "default",
                "id": "6ede9afa66b88fe6d6a9",
                "code": "7GVCMMUW",
                "createdAt": "2026-11-20T09:46:37.164Z",
                "lastSeenAt": "2026-11-20T09:46:37.164Z",
                "expiresAt": "2026-11-20T10:46:37.164Z",
                "meta": {"name": "Chị Ba"},
            }
        ],
    }


async def test_an_empty_list_as_json_is_an_object_too(tmp_path: Path) -> None:
    assert msgspec.json.decode((await run(tmp_path, "pairing list --json", listing())).out) == {"requests": []}


@pytest.mark.parametrize("words", ["pairing approve ZL 7gvcmmuw", "pairing approve --channel zalo 7gvcmmuw"])
async def test_approving_says_who_was_let_in(tmp_path: Path, words: str) -> None:
    asked: list[ApprovePairing] = []

    async def note(params: ApprovePairing) -> PairingApproved:
        asked.append(params)
        return PairingApproved(channel="zalo", account_id="shop", id="6ede", name="Ba")

    ran = await run(tmp_path, words + " --account shop", {**HANDLERS, "pairing.approve": note})
    assert ran == Ran(0, "Approved zalo sender 6ede.\n", "")
    assert asked == [ApprovePairing(channel="zalo", code="7gvcmmuw", account="shop")]


async def no_such_code(params: ApprovePairing) -> PairingApproved:
    raise ControlError(ErrorCode.NOT_FOUND, f"No pending pairing request found for code: {params.code}")


async def test_an_unknown_code_is_refused_in_the_known_words(tmp_path: Path) -> None:
    ran = await run(tmp_path, "pairing approve zalo ABCD2345", {**HANDLERS, "pairing.approve": no_such_code})
    assert ran == Ran(1, "", "No pending pairing request found for code: ABCD2345\n")


async def test_an_unknown_code_as_json_is_one_object_and_exit_1(tmp_path: Path) -> None:
    ran = await run(tmp_path, "pairing approve zalo ABCD2345 --json", {**HANDLERS, "pairing.approve": no_such_code})
    assert ran.code == 1
    assert msgspec.json.decode(ran.out)["error"]["code"] == "not-found"


@pytest.mark.parametrize(
    ("words", "named", "told"),
    [
        ((), None, "Usage: router pairing approve <channel> <code> (or: "),
        ((), "zalo", "Usage: router pairing approve <channel> <code> (or: "),
        (("zalo",), None, "Usage: router pairing approve <channel> <code> (or: "),
        (("7GVCMMUW",), None, "Channel required. Use --channel <channel> or pass it as the first argument "),
        (("zalo", "A", "B"), None, "Too many arguments. Use: router pairing approve --channel <channel> <code>"),
        (("zalo", "A"), "zalo", "Too many arguments. Use: router pairing approve --channel <channel> <code>"),
        (("bad!x", "A"), None, "Invalid channel: bad!x"),
        (("A",), "bad!x", "Invalid channel: bad!x"),
    ],
)
def test_wrong_words_are_answered_with_the_right_ones(words: tuple[str, ...], named: str | None, told: str) -> None:
    with pytest.raises(click.UsageError) as caught:
        channel_and_code(words, named)
    assert caught.value.message.startswith(told)


@pytest.mark.parametrize(
    ("word", "channel"),
    [("zalo", "zalo"), (" ZL ", "zalo"), ("zlu", "zalouser"), ("Zalouser", "zalouser"), ("my-chan_2", "my-chan_2")],
)
def test_channel_words_and_their_aliases(word: str, channel: str) -> None:
    assert channel_of(word) == channel


@pytest.mark.parametrize("word", ["", "1zalo", "bad!x", "a" * 65, "zalo:shop", "-zalo", "zalo zalo"])
def test_what_cannot_be_a_channel_is_refused(word: str) -> None:
    with pytest.raises(click.UsageError, match="Invalid channel"):
        channel_of(word)
