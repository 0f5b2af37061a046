"""The connection against a hostile world: locks, full disks, torn files, other people's files."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from store_material import SHOP, put_inbox, put_outbox

from actors.errors import StoreUnavailable
from router.rules.records import AppendTranscript, Change, PutDeadLetter
from router.store import reads
from router.store.connection import Connection
from router.store.faults import StoreDamaged, StoreUnusable
from router.store.writes import write


@contextmanager
def connected(path: Path) -> Iterator[Connection]:
    connection = Connection(path, busy_timeout_seconds=0.0)
    try:
        yield connection
    finally:
        connection.close()


def commit(connection: Connection, *changes: Change) -> None:
    connection.write(partial(write, changes=changes))


def kept_ids(connection: Connection) -> list[int]:
    return [row.inbox_id for row in connection.run(reads.load).unfinished]


def pragma(connection: Connection, name: str) -> object:
    return connection.run(lambda db: db.execute(f"PRAGMA {name}").fetchone()[0])


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "store.db"


def test_a_commit_is_synced_to_a_write_ahead_log(path: Path) -> None:
    with connected(path) as connection:
        assert pragma(connection, "journal_mode") == "wal"
        assert pragma(connection, "synchronous") == 2  # FULL


def test_files_are_for_their_owner_alone_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        with connected(path) as connection:
            commit(connection, put_inbox(1))
            files = sorted(path.parent.iterdir())
            assert [file.name for file in files] == ["store.db", "store.db-shm", "store.db-wal"]
            assert [mode(file) for file in files] == [0o600] * 3
            assert mode(path.parent) == 0o700
    finally:
        os.umask(before)


def test_a_file_that_others_can_read_is_closed_to_them(path: Path) -> None:
    with connected(path) as connection:
        commit(connection, put_inbox(1))
    path.chmod(0o644)
    with connected(path) as connection:
        assert kept_ids(connection) == [1]
        assert mode(path) == 0o600
        assert mode(Path(f"{path}-wal")) == 0o600


def test_a_write_lock_held_by_another_is_unavailable_and_passes(path: Path) -> None:
    with connected(path) as connection, ExitStack() as stack:
        commit(connection, put_inbox(1))
        other = stack.enter_context(closing(sqlite3.connect(path, isolation_level=None)))
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="another program holds a write lock"):
            commit(connection, put_inbox(2))
        assert kept_ids(connection) == [1]
        other.execute("ROLLBACK")
        commit(connection, put_inbox(2))
        assert kept_ids(connection) == [1, 2]


def test_a_full_disk_leaves_nothing_of_the_batch_and_passes(path: Path) -> None:
    with connected(path) as connection:
        commit(connection, put_inbox(1))
        pragma(connection, f"max_page_count = {pragma(connection, 'page_count')}")
        big = AppendTranscript(session_id="s-1", role="user", text="x" * 100_000, at=1.0)
        with pytest.raises(StoreUnavailable, match="the disk is full"):
            commit(connection, put_inbox(2), put_outbox(2), big)
        assert kept_ids(connection) == [1]
        assert connection.run(reads.load).unsent == ()
        pragma(connection, "max_page_count = 1000000")
        commit(connection, put_inbox(2), big)
        assert kept_ids(connection) == [1, 2]


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_write_error_of_the_disk_leaves_nothing_of_the_batch_and_passes(path: Path) -> None:
    big = AppendTranscript(session_id="s-1", role="user", text="x" * 2_000_000, at=1.0)
    with connected(path) as connection:
        commit(connection, put_inbox(1))
        with files_no_longer_than(1_000_000), pytest.raises(StoreUnavailable, match="the disk does not answer"):
            commit(connection, put_inbox(2), big)
        assert kept_ids(connection) == [1]
        assert connection.run(lambda db: reads.history(db, "s-1", 1)) == ()
        commit(connection, put_inbox(2), big)
        assert kept_ids(connection) == [1, 2]


def test_a_mistake_of_ours_stays_visible_and_writes_nothing(path: Path) -> None:
    with connected(path) as connection:
        commit(connection, put_inbox(1))
        with pytest.raises(sqlite3.IntegrityError):
            commit(connection, put_outbox(1), put_inbox(1, "another message under a used id"))
        assert connection.run(reads.load).unsent == ()
        commit(connection, put_inbox(2))
        assert kept_ids(connection) == [1, 2]


def test_a_full_disk_keeps_the_connection_and_a_failing_disk_costs_it(path: Path) -> None:
    big = AppendTranscript(session_id="s-1", role="user", text="x" * 2_000_000, at=1.0)
    with connected(path) as connection:
        limit = pragma(connection, f"max_page_count = {pragma(connection, 'page_count')}")
        with pytest.raises(StoreUnavailable, match="full"):
            commit(connection, big)
        assert pragma(connection, "max_page_count") == limit
        pragma(connection, "max_page_count = 5000")
        with files_no_longer_than(1_000_000), pytest.raises(StoreUnavailable, match="does not answer"):
            commit(connection, big)
        assert pragma(connection, "max_page_count") != 5000


def test_a_transaction_left_open_by_an_error_is_gone_before_the_next_work(path: Path) -> None:
    def careless(db: sqlite3.Connection) -> None:
        db.execute("BEGIN IMMEDIATE")
        write(db, [put_inbox(1)])
        db.execute("NONSENSE")

    with connected(path) as connection:
        with pytest.raises(sqlite3.OperationalError, match="NONSENSE"):
            connection.run(careless)
        commit(connection, put_inbox(2))
        assert kept_ids(connection) == [2]


def test_work_that_raises_is_rolled_back(path: Path) -> None:
    def half(db: sqlite3.Connection) -> None:
        write(db, [put_inbox(1)])
        raise KeyError("half way")

    with connected(path) as connection:
        with pytest.raises(KeyError):
            connection.write(half)
        assert kept_ids(connection) == []
        commit(connection, put_inbox(1))


def test_a_file_taken_away_is_missed_and_not_replaced_by_an_empty_one(path: Path) -> None:
    with connected(path) as connection:
        commit(connection, put_inbox(1))
        connection.close()
        path.rename(path.with_name("elsewhere"))
        with pytest.raises(StoreUnavailable, match="is gone"):
            commit(connection, put_inbox(2))
        assert not path.exists()
        path.with_name("elsewhere").rename(path)
        commit(connection, put_inbox(2))
        assert kept_ids(connection) == [1, 2]


def test_a_connection_that_may_not_make_the_file_does_not(path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="is gone"):
        Connection(path, may_make_file=False).run(reads.load)
    assert not path.exists()


def test_a_path_that_cannot_be_a_file_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory")
    for path in (tmp_path, tmp_path / "file" / "store.db", tmp_path / ("x" * 300)):
        with connected(path) as connection, pytest.raises(StoreUnavailable, match="cannot be"):
            connection.run(reads.load)


def test_a_file_that_is_no_database_is_damaged_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"Dear diary, " * 1000)
    with connected(path) as connection, pytest.raises(StoreDamaged, match=r"store\.db is damaged"):
        connection.run(reads.load)
    assert path.read_bytes() == b"Dear diary, " * 1000
    assert [file.name for file in path.parent.iterdir()] == ["store.db"]


def test_damage_inside_the_file_is_told_and_left_alone(path: Path) -> None:
    with connected(path) as connection:
        commit(connection, *map(put_inbox, range(1, 200)))
    content = path.read_bytes()
    damaged = content[:4096] + b"\xaa" * (len(content) - 4096)
    path.write_bytes(damaged)
    with connected(path) as connection:
        with pytest.raises(StoreDamaged, match="restore a copy"):
            connection.run(reads.load)
        with pytest.raises(StoreDamaged):
            commit(connection, put_inbox(200))
    assert path.read_bytes() == damaged


def test_a_row_that_makes_no_sense_is_damage(path: Path) -> None:
    with connected(path) as connection:
        commit(connection, put_outbox(1))
        connection.run(lambda db: db.execute("UPDATE outbox SET content = '{'"))
        with pytest.raises(StoreDamaged, match="restore a copy"):
            connection.run(reads.load)
        commit(connection, put_inbox(1))


def test_a_database_of_another_program_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with connected(path) as connection, pytest.raises(StoreUnusable, match="another program"):
        connection.run(reads.load)
    assert path.read_bytes() == before


def test_the_log_stays_bounded_under_lasting_load(path: Path) -> None:
    with connected(path) as connection:
        for number in range(40):
            letter = PutDeadLetter(account=SHOP, raw=os.urandom(1_000_000), reason="too big", at=float(number))
            commit(connection, letter)
        assert Path(f"{path}-wal").stat().st_size < 20_000_000
        assert path.stat().st_size > 20_000_000


class Torn:
    """Twelve commits in a log that was never copied back, and where in the log each of them ends."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        path = directory / "whole.db"
        log = Path(f"{path}-wal")
        self.ends: list[int] = []
        with connected(path) as connection:
            pragma(connection, "wal_checkpoint(TRUNCATE)")
            for number in range(1, 13):
                commit(connection, put_inbox(number), put_outbox(number))
                self.ends.append(log.stat().st_size)
            self.database, self.log = path.read_bytes(), log.read_bytes()

    def committed_before(self, offset: int) -> list[int]:
        return [number for number, end in enumerate(self.ends, start=1) if end <= offset]

    def kept_with(self, log: bytes) -> list[int]:
        path = self.directory / "torn.db"
        path.write_bytes(self.database)
        Path(f"{path}-wal").write_bytes(log)
        with connected(path) as connection:
            assert pragma(connection, "integrity_check") == "ok"
            remembered = connection.run(reads.load)
            assert [row.outbox_id for row in remembered.unsent] == [row.inbox_id for row in remembered.unfinished]
            ids = kept_ids(connection)
            commit(connection, put_inbox(remembered.next_inbox_id))
        return ids


@pytest.fixture(scope="module")
def torn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Torn]:
    directory = tmp_path_factory.mktemp("torn")
    yield Torn(directory)
    shutil.rmtree(directory)


def _offsets(torn: Torn) -> list[int]:
    size = len(torn.log)
    return [0, 1, 31, 32, 55, *range(100, size, size // 17), torn.ends[5] - 1, torn.ends[5], torn.ends[5] + 1, size - 1]


def test_a_log_cut_anywhere_keeps_exactly_the_commits_before_the_cut(torn: Torn) -> None:
    assert torn.kept_with(torn.log) == list(range(1, 13))
    for offset in _offsets(torn):
        assert torn.kept_with(torn.log[:offset]) == torn.committed_before(offset), offset


def test_a_log_with_one_wrong_byte_keeps_exactly_the_commits_before_it(torn: Torn) -> None:
    for offset in _offsets(torn):
        log = bytearray(torn.log)
        log[offset] ^= 0x40
        assert torn.kept_with(bytes(log)) == torn.committed_before(offset), offset
