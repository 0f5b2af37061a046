"""What every store promises. A new engine is one more line in `ENGINES`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path

import msgspec
import pytest
from store_material import (
    SHOP,
    WORK,
    approval,
    full_inbox_row,
    inbox_row,
    outbox_row,
    pairing,
    put_inbox,
    put_outbox,
    session,
)
from store_model import ModelStore

from actors.messages import AccountKey, Chat, HistoryEntry, PhotoContent
from router.rules.records import (
    AppendTranscript,
    DropApproval,
    DropPairing,
    InboxState,
    OutboxState,
    PutApproval,
    PutDeadLetter,
    PutInbox,
    PutOutbox,
    PutPairing,
    PutSession,
    Remembered,
    SetInboxState,
    SetOutboxState,
)
from router.store.contract import Counts, Retention, Store
from router.store.sqlite import open_sqlite

Open = Callable[[], AbstractAsyncContextManager[Store]]
"""Opens the same store each time it is called, as the next process would."""

DAY = 86_400.0
OPEN_INBOX: tuple[InboxState, ...] = ("waiting", "running")
FINISHED_INBOX: tuple[InboxState, ...] = ("done", "dead", "dropped", "handled")
OPEN_OUTBOX: tuple[OutboxState, ...] = ("queued", "sending", "retry", "unknown")
FINISHED_OUTBOX: tuple[OutboxState, ...] = ("sent", "dead", "dropped")


def _sqlite(directory: Path) -> Open:
    return lambda: open_sqlite(directory / "store.db")


def _model(_directory: Path) -> Open:
    model = ModelStore()
    return lambda: nullcontext(model)


ENGINES: dict[str, Callable[[Path], Open]] = {"sqlite": _sqlite, "model": _model}


@pytest.fixture(params=ENGINES)
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    return ENGINES[request.param](tmp_path)


async def reloaded(open_store: Open) -> Remembered:
    async with open_store() as store:
        return await store.load()


async def test_a_new_store_remembers_nothing_and_counts_from_one(open_store: Open) -> None:
    async with open_store() as store:
        assert await store.load() == Remembered(next_inbox_id=1, next_outbox_id=1)
        assert await store.counts() == Counts(inbox={}, outbox={}, dead_letters=0)


async def test_every_field_of_an_open_message_survives_a_restart(open_store: Open) -> None:
    rows = (full_inbox_row(1), inbox_row(2))
    async with open_store() as store:
        await store.commit(map(PutInbox, rows))
    assert (await reloaded(open_store)).unfinished == rows


@pytest.mark.parametrize("state", OPEN_INBOX)
async def test_open_messages_are_loaded(open_store: Open, state: InboxState) -> None:
    async with open_store() as store:
        await store.commit([put_inbox(1, state=state)])
    assert [row.state for row in (await reloaded(open_store)).unfinished] == [state]


@pytest.mark.parametrize("state", FINISHED_INBOX)
async def test_messages_finished_on_arrival_are_known_and_not_loaded(open_store: Open, state: InboxState) -> None:
    async with open_store() as store:
        await store.commit([put_inbox(1, state=state)])
        assert await store.known([(SHOP, "m1")]) == {(SHOP, "m1")}
        assert (await store.load()).unfinished == ()


@pytest.mark.parametrize("state", FINISHED_INBOX)
async def test_a_message_that_ends_is_no_longer_loaded(open_store: Open, state: InboxState) -> None:
    async with open_store() as store:
        await store.commit([put_inbox(1), put_inbox(2)])
        await store.commit([SetInboxState(inbox_id=1, state=state, at=2000.0)])
    assert [row.inbox_id for row in (await reloaded(open_store)).unfinished] == [2]


async def test_a_state_change_sets_reason_and_starts_and_leaves_the_rest(open_store: Open) -> None:
    row = full_inbox_row(1)
    async with open_store() as store:
        await store.commit([PutInbox(row)])
        await store.commit([SetInboxState(inbox_id=1, state="waiting", at=2000.0, reason="again", starts=7)])
        await store.commit([SetInboxState(inbox_id=1, state="running", at=2001.0)])
    expected = msgspec.structs.replace(row, state="running", reason="", starts=7)
    assert (await reloaded(open_store)).unfinished == (expected,)


async def test_changes_of_one_commit_take_effect_in_their_order(open_store: Open) -> None:
    async with open_store() as store:
        await store.commit(
            [
                put_inbox(1),
                SetInboxState(inbox_id=1, state="running", at=1.0, starts=1),
                put_outbox(1),
                SetOutboxState(outbox_id=1, state="sending", at=1.0, attempts=1),
                SetInboxState(inbox_id=1, state="done", at=2.0),
                put_inbox(2),
                SetOutboxState(outbox_id=1, state="retry", at=2.0, attempts=1, not_before=9.0),
            ]
        )
    remembered = await reloaded(open_store)
    assert [row.inbox_id for row in remembered.unfinished] == [2]
    assert [(row.state, row.not_before) for row in remembered.unsent] == [("retry", 9.0)]


async def test_open_rows_come_by_rising_id_whatever_order_they_were_put_in(open_store: Open) -> None:
    async with open_store() as store:
        await store.commit([put_inbox(3), put_outbox(3), put_inbox(1), put_outbox(1)])
        await store.commit([put_inbox(2, state="running"), put_outbox(2, state="unknown")])
    remembered = await reloaded(open_store)
    assert [row.inbox_id for row in remembered.unfinished] == [1, 2, 3]
    assert [row.outbox_id for row in remembered.unsent] == [1, 2, 3]


async def test_every_field_of_an_unsent_row_survives_a_restart(open_store: Open) -> None:
    row = outbox_row(
        4,
        chat=Chat(WORK, "g-7", "group"),
        content=PhotoContent("https://x/y.jpg", "chú thích\0'"),
        state="unknown",
        inbox_id=12,
        attempts=2,
        not_before=1234.5,
        message_id="zgr-1",
        error="no answer",
    )
    async with open_store() as store:
        await store.commit([PutOutbox(row), put_outbox(5)])
    assert (await reloaded(open_store)).unsent == (row, outbox_row(5))


@pytest.mark.parametrize("state", OPEN_OUTBOX)
async def test_unsent_rows_are_loaded_as_they_were_left(open_store: Open, state: OutboxState) -> None:
    change = SetOutboxState(
        outbox_id=1, state=state, at=5.0, attempts=3, not_before=6.0, message_id="id", error="trouble"
    )
    async with open_store() as store:
        await store.commit([put_outbox(1), change])
    expected = outbox_row(1, state=state, attempts=3, not_before=6.0, message_id="id", error="trouble")
    assert (await reloaded(open_store)).unsent == (expected,)


@pytest.mark.parametrize("state", FINISHED_OUTBOX)
async def test_rows_sent_or_dead_are_not_loaded(open_store: Open, state: OutboxState) -> None:
    async with open_store() as store:
        await store.commit([put_outbox(1), SetOutboxState(outbox_id=1, state=state, at=5.0, attempts=1)])
    assert (await reloaded(open_store)).unsent == ()


async def test_a_pairing_request_is_kept_once_for_each_sender_and_account(open_store: Open) -> None:
    async with open_store() as store:
        await store.commit([PutPairing(pairing(code="OLD")), PutPairing(pairing(account=WORK))])
        await store.commit([PutPairing(pairing(code="NEW"))])
    found = {request.account: request for request in (await reloaded(open_store)).pairings}
    assert found == {SHOP: pairing(code="NEW"), WORK: pairing(account=WORK)}


async def test_putting_and_dropping_a_pairing_in_one_commit_keep_their_order(open_store: Open) -> None:
    drop = DropPairing(account=SHOP, sender_id="ted")
    async with open_store() as store:
        await store.commit([PutPairing(pairing(code="OLD")), drop, PutPairing(pairing(code="NEW"))])
        assert [request.code for request in (await store.load()).pairings] == ["NEW"]
        await store.commit([PutPairing(pairing(code="LAST")), drop])
    assert (await reloaded(open_store)).pairings == ()


async def test_an_approval_lasts_until_it_is_dropped_for_that_account(open_store: Open) -> None:
    async with open_store() as store:
        await store.commit([PutApproval(approval()), PutApproval(approval(account=WORK)), PutApproval(approval())])
        assert set((await store.load()).approvals) == {approval(), approval(account=WORK)}
        await store.commit([DropApproval(account=SHOP, sender_id="ted")])
    assert (await reloaded(open_store)).approvals == (approval(account=WORK),)


async def test_a_session_key_holds_its_last_meaning(open_store: Open) -> None:
    other = session("agent:main:zalo:7")
    async with open_store() as store:
        await store.commit([PutSession(session()), PutSession(other), PutSession(session(session_id="s-2"))])
        await store.commit([PutSession(session(session_id="s-2", updated_at=77.0))])
    found = {kept.session_key: kept for kept in (await reloaded(open_store)).sessions}
    assert found == {
        "agent:main:main": session(session_id="s-2", updated_at=77.0),
        "agent:main:zalo:7": other,
    }


async def test_history_is_the_last_lines_of_that_session_oldest_first(open_store: Open) -> None:
    async with open_store() as store:
        for turn in range(3):
            await store.commit(
                [
                    AppendTranscript(session_id="s-1", role="user", text=f"q{turn}", at=1.0),
                    AppendTranscript(session_id="other", role="user", text="not this", at=1.0),
                    AppendTranscript(session_id="s-1", role="assistant", text=f"a{turn}", at=1.0),
                ]
            )
        assert await store.history("s-1", 3) == (
            HistoryEntry("assistant", "a1"),
            HistoryEntry("user", "q2"),
            HistoryEntry("assistant", "a2"),
        )
        assert len(await store.history("s-1", 100)) == 6


@pytest.mark.parametrize("limit", [0, -1])
async def test_a_history_of_no_lines_is_empty(open_store: Open, limit: int) -> None:
    async with open_store() as store:
        await store.commit([AppendTranscript(session_id="s-1", role="user", text="q", at=1.0)])
        assert await store.history("s-1", limit) == ()


async def test_dead_letters_come_newest_first_byte_for_byte(open_store: Open) -> None:
    letters = [
        PutDeadLetter(account=SHOP, raw=b"\xff\x00{", reason="not JSON", at=1.0),
        PutDeadLetter(account=WORK, raw=b"", reason="empty", at=2.0),
        PutDeadLetter(account=SHOP, raw=b"3", reason="no object", at=3.0),
    ]
    async with open_store() as store:
        await store.commit(letters)
    async with open_store() as store:
        found = await store.dead_letters(limit=2)
        assert [(letter.account, letter.raw, letter.reason, letter.at) for letter in found] == [
            (SHOP, b"3", "no object", 3.0),
            (WORK, b"", "empty", 2.0),
        ]
        assert [letter.raw for letter in await store.dead_letters()] == [b"3", b"", b"\xff\x00{"]


async def test_a_message_is_known_by_its_account_and_its_exact_id(open_store: Open) -> None:
    ids = ["a", "A", " a", "a ", "a\0", "á", "a\u0301", "1", "01", "1.0", "", "zalo:1"]
    accounts = [SHOP, AccountKey("zalo", "Shop"), AccountKey("zalouser", "shop"), AccountKey("zalo", "shop:a")]
    keys = [(account, message_id) for account in accounts for message_id in ids]
    accepted = keys[::2]
    async with open_store() as store:
        for number, (account, message_id) in enumerate(accepted, start=1):
            inbound = msgspec.structs.replace(inbox_row(number).inbound, chat=Chat(account, "c"), message_id=message_id)
            await store.commit([put_inbox(number, inbound=inbound)])
        assert await store.known(keys) == frozenset(accepted)
        assert await store.known([]) == frozenset()


async def test_the_same_message_under_a_second_id_is_passed_over(open_store: Open) -> None:
    again = inbox_row(2, "same")
    again = msgspec.structs.replace(again, inbound=msgspec.structs.replace(again.inbound, text="forged"))
    async with open_store() as store:
        await store.commit([put_inbox(1, "same"), PutInbox(again)])
        await store.commit([PutInbox(again)])
        await store.commit([put_inbox(2, "another")])
    assert (await reloaded(open_store)).unfinished == (inbox_row(1, "same"), inbox_row(2, "another"))


async def test_the_same_change_twice_is_harmless(open_store: Open) -> None:
    async with open_store() as store:
        await store.commit([PutInbox(full_inbox_row(1)), PutInbox(full_inbox_row(1))])
        await store.commit([PutInbox(full_inbox_row(1))])
    assert (await reloaded(open_store)).unfinished == (full_inbox_row(1),)


async def test_a_change_of_state_for_a_row_that_is_not_there_is_harmless(open_store: Open) -> None:
    async with open_store() as store:
        await store.commit(
            [
                SetInboxState(inbox_id=9, state="running", at=1.0),
                SetOutboxState(outbox_id=9, state="sending", at=1.0, attempts=1),
                DropPairing(account=SHOP, sender_id="nobody"),
                DropApproval(account=SHOP, sender_id="nobody"),
            ]
        )
        assert await store.counts() == Counts(inbox={}, outbox={}, dead_letters=0)


async def test_a_commit_of_nothing_is_no_commit(open_store: Open) -> None:
    async with open_store() as store:
        await store.commit([])
        assert await store.load() == Remembered()


async def test_text_that_is_no_unicode_is_spelled_out_and_holds_up_nobody(open_store: Open) -> None:
    lone = inbox_row(1, "id\ud800")
    lone = msgspec.structs.replace(lone, inbound=msgspec.structs.replace(lone.inbound, text="half \ud83d"))
    async with open_store() as store:
        await store.commit([PutInbox(lone), put_inbox(2)])
        assert [row.inbound.text for row in (await store.load()).unfinished] == ["half \\ud83d", "xin chao"]
        assert await store.known([(SHOP, "id\ud800"), (SHOP, "id\ud801")]) == {(SHOP, "id\ud800")}


async def test_counts_are_by_state(open_store: Open) -> None:
    async with open_store() as store:
        await store.commit([put_inbox(1), put_inbox(2), put_inbox(3, state="dropped"), put_outbox(1)])
        await store.commit([SetInboxState(inbox_id=1, state="done", at=1.0)])
        await store.commit([PutDeadLetter(account=SHOP, raw=b"?", reason="?", at=1.0)])
        assert await store.counts() == Counts(
            inbox={"waiting": 1, "done": 1, "dropped": 1}, outbox={"queued": 1}, dead_letters=1
        )


async def test_ids_go_on_after_a_restart(open_store: Open) -> None:
    async with open_store() as store:
        await store.commit([put_inbox(7), put_outbox(41)])
    remembered = await reloaded(open_store)
    assert (remembered.next_inbox_id, remembered.next_outbox_id) == (8, 42)


async def test_ids_are_never_used_again_even_when_all_rows_were_forgotten(open_store: Open) -> None:
    async with open_store() as store:
        await store.commit([put_inbox(7, state="done"), put_outbox(41, state="sent")])
        await store.prune(1e9, Retention())
        assert (await store.counts()).inbox == {}
    remembered = await reloaded(open_store)
    assert (remembered.next_inbox_id, remembered.next_outbox_id) == (8, 42)


async def test_an_accepted_message_is_known_until_the_last_second_of_its_time(open_store: Open) -> None:
    keep = Retention(dedupe_seconds=30 * DAY, content_seconds=7 * DAY)
    async with open_store() as store:
        await store.commit([put_inbox(1), SetInboxState(inbox_id=1, state="done", at=5000.0)])
        await store.prune(5000.0 + 30 * DAY - 1, keep)
        assert await store.known([(SHOP, "m1")])
        await store.prune(5000.0 + 30 * DAY, keep)
        assert not await store.known([(SHOP, "m1")])


async def test_open_rows_are_never_forgotten(open_store: Open) -> None:
    waiting = [put_inbox(number, state=state) for number, state in enumerate(OPEN_INBOX, 1)]
    unsent = [put_outbox(number, state=state) for number, state in enumerate(OPEN_OUTBOX, 1)]
    async with open_store() as store:
        await store.commit([*waiting, *unsent, PutSession(session()), PutApproval(approval())])
        before = await store.load()
        assert await store.prune(1e12, Retention(dedupe_seconds=0.0, content_seconds=0.0)) == 0
    assert await reloaded(open_store) == before


async def test_what_was_sent_goes_with_its_content_and_what_died_stays_as_long_as_its_message(
    open_store: Open,
) -> None:
    keep = Retention(dedupe_seconds=30 * DAY, content_seconds=7 * DAY)
    async with open_store() as store:
        await store.commit([put_outbox(1), put_outbox(2)])
        await store.commit([SetOutboxState(outbox_id=1, state="sent", at=5000.0, attempts=1)])
        await store.commit([SetOutboxState(outbox_id=2, state="dead", at=5000.0, attempts=1)])
        assert await store.prune(5000.0 + 7 * DAY - 1, keep) == 0
        assert await store.prune(5000.0 + 7 * DAY, keep) == 1
        assert (await store.counts()).outbox == {"dead": 1}
        assert await store.prune(5000.0 + 30 * DAY, keep) == 1
        assert (await store.counts()).outbox == {}


async def test_transcripts_and_dead_letters_go_by_age(open_store: Open) -> None:
    keep = Retention(transcript_seconds=10.0, dead_letter_seconds=20.0)
    async with open_store() as store:
        for at in (1.0, 2.0):
            await store.commit(
                [
                    AppendTranscript(session_id="s-1", role="user", text=f"at {at}", at=at),
                    PutDeadLetter(account=SHOP, raw=b"?", reason=f"at {at}", at=at),
                ]
            )
        assert await store.prune(11.0, keep) == 1
        assert await store.history("s-1", 9) == (HistoryEntry("user", "at 2.0"),)
        assert await store.prune(21.0, keep) == 2
        assert [letter.reason for letter in await store.dead_letters()] == ["at 2.0"]
        assert await store.prune(21.0, keep) == 0


async def test_dead_things_are_counted_for_each_account(open_store: Open) -> None:
    async with open_store() as store:
        rows = [
            outbox_row(1, state="dead"),
            outbox_row(2, state="dead"),
            outbox_row(3, state="sent"),
            outbox_row(4, state="dead", chat=Chat(WORK, "w")),
        ]
        await store.commit([PutOutbox(row) for row in rows])
        assert dict(await store.dead_by_account()) == {SHOP: 2, WORK: 1}
