"""Locks between processes: with real processes, ended in every way."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from actors.errors import AlreadyRunning, StoreUnavailable
from actors.secret import Secret
from router.store.lock import lock_file, machine_lock_directory, token_lock_path

HOLDER = """
import sys
from pathlib import Path
from router.store.lock import lock_file
with lock_file(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its input ends."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "lock"


def test_a_lock_held_by_another_process_names_it(path: Path) -> None:
    with holder(path) as process:
        expected = f"process {process.pid} already uses this state directory .*{path}.*: stop it first"
        with pytest.raises(AlreadyRunning, match=expected), lock_file(path):
            raise AssertionError("locked twice")


def test_a_killed_holder_lets_go(path: Path) -> None:
    with holder(path) as process:
        process.kill()
        process.wait()
        with lock_file(path):
            assert path.read_text() == f"{os.getpid()}\n"


def test_a_holder_that_ends_well_lets_go_and_leaves_no_number(path: Path) -> None:
    with holder(path) as process:
        process.communicate()
        assert process.returncode == 0
        assert path.read_text() == ""
        with lock_file(path):
            pass


def test_the_same_process_cannot_take_it_twice(path: Path) -> None:
    with (
        lock_file(path),
        pytest.raises(AlreadyRunning, match=f"process {os.getpid()} already uses the bot"),
        lock_file(path, "the bot"),
    ):
        raise AssertionError("locked twice")
    with lock_file(path):
        pass


def test_a_failure_inside_lets_go(path: Path) -> None:
    with pytest.raises(KeyError), lock_file(path):
        raise KeyError("inside")
    with lock_file(path):
        pass


def test_a_loser_leaves_the_holder_its_number(path: Path) -> None:
    with holder(path) as process:
        with pytest.raises(AlreadyRunning), lock_file(path):
            raise AssertionError("locked twice")
        assert path.read_text() == f"{process.pid}\n"


def test_file_and_directory_are_for_their_owner_alone(path: Path) -> None:
    with lock_file(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_link_in_its_place_is_not_followed(path: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("keep me")
    path.parent.mkdir()
    path.symlink_to(precious)
    with pytest.raises(StoreUnavailable, match="cannot be opened"), lock_file(path):
        raise AssertionError("followed")
    assert precious.read_text() == "keep me"


def test_a_directory_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="cannot be opened"), lock_file(tmp_path / "file" / "lock"):
        raise AssertionError("locked")


def test_two_tokens_have_two_locks_and_neither_shows_its_token(tmp_path: Path) -> None:
    one = token_lock_path(tmp_path, Secret("12345689:abc-xyz"))
    other = token_lock_path(tmp_path, Secret("12345689:abc-xyZ"))
    assert one == token_lock_path(tmp_path, Secret("12345689:abc-xyz"))
    assert one != other
    assert one.parent == tmp_path
    assert "12345689" not in str(one)
    assert len(one.stem) == 64


def test_the_directory_of_machine_locks_does_not_depend_on_the_working_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = machine_lock_directory()
    monkeypatch.chdir(tmp_path)
    assert machine_lock_directory() == before
    assert before.is_absolute()
    assert not machine_lock_directory().is_relative_to(tmp_path)
