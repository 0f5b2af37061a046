"""Records to rows and back, without a database."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from store_material import approval, full_inbox_row, inbox_row, outbox_row, pairing, session

from actors.messages import PhotoContent
from router.store import rows


def columns(names: str) -> int:
    return len(names.split(", "))


def test_an_inbox_row_comes_back_from_its_two_halves() -> None:
    for row in (full_inbox_row(1), inbox_row(2)):
        state, content = rows.from_inbox(row), rows.from_inbox_content(row)
        assert (len(state), len(content)) == (columns(rows.INBOX), columns(rows.INBOX_CONTENT))
        assert rows.to_inbox((*state[:-1], *content[1:])) == row


def test_an_inbox_row_whose_content_is_gone_reads_as_empty() -> None:
    row = full_inbox_row(1)
    bare = msgspec.structs.replace(row.inbound, sender_name=None, text="", media=(), raw=b"")
    read = rows.to_inbox((*rows.from_inbox(row)[:-1], None, None, None, None))
    assert read == msgspec.structs.replace(row, inbound=bare)


def test_only_a_finished_row_has_an_end() -> None:
    assert rows.from_inbox(inbox_row(1))[-1] is None
    assert rows.from_inbox(inbox_row(1, state="dropped", received_at=7.0))[-1] == 7.0


def test_the_other_records_come_back_as_they_were() -> None:
    photo = outbox_row(1, content=PhotoContent("https://x/y.jpg", "chú thích"))
    assert rows.to_outbox(rows.from_outbox(photo)) == photo
    assert rows.to_pairing(rows.from_pairing(pairing())) == pairing()
    assert rows.to_approval(rows.from_approval(approval())) == approval()
    assert rows.to_session(rows.from_session(session())) == session()


@given(st.text())
def test_text_is_left_as_it_is_and_what_is_no_text_can_be_encoded(text: str) -> None:
    assert rows.mended(text) == text
    assert rows.mended(text + "\ud800") == text + "\\ud800"


def test_mending_reaches_every_string_and_nothing_else() -> None:
    row = full_inbox_row(1)
    assert rows.mended(row) == row
    broken = msgspec.structs.replace(row, inbound=msgspec.structs.replace(row.inbound, sender_name="\udfff"))
    assert rows.mended((broken,))[0].inbound.sender_name == "\\udfff"
    assert rows.mended((broken,))[0].inbound.raw == row.inbound.raw
