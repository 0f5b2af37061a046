from __future__ import annotations

import os
from pathlib import Path

import pytest
from control_bench import CANARY, TOKEN

from actors.secret import Secret
from router.control.endpoint import Endpoint, NotRunning, new_token, published, read_endpoint, write_endpoint

HERE = Endpoint("ws://127.0.0.1:18790/", TOKEN, 4711)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    write_endpoint(tmp_path, HERE)
    assert read_endpoint(tmp_path) == HERE


def test_only_the_owner_can_read_the_token_whatever_the_umask(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        write_endpoint(tmp_path, HERE)
    finally:
        os.umask(umask)
    assert (tmp_path / "control.json").stat().st_mode & 0o777 == 0o600


def test_writing_replaces_an_older_file_and_its_wide_mode(tmp_path: Path) -> None:
    path = tmp_path / "control.json"
    path.write_text("old")
    path.chmod(0o644)
    write_endpoint(tmp_path, HERE)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["control.json"]


def test_a_failed_write_leaves_no_token_behind(tmp_path: Path) -> None:
    (tmp_path / "control.json").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_endpoint(tmp_path, HERE)
    assert [each.name for each in tmp_path.iterdir()] == ["control.json"]


def test_the_file_is_there_while_the_body_runs(tmp_path: Path) -> None:
    with published(tmp_path, HERE):
        assert read_endpoint(tmp_path) == HERE
    assert list(tmp_path.iterdir()) == []


def test_the_file_goes_when_the_body_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyError), published(tmp_path, HERE):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_the_file_of_another_router_is_left_alone(tmp_path: Path) -> None:
    other = Endpoint(HERE.url, Secret("another token"), 4712)
    with published(tmp_path, HERE):
        write_endpoint(tmp_path, other)
    assert read_endpoint(tmp_path) == other


def test_leaving_does_not_mind_that_the_file_is_gone_or_broken(tmp_path: Path) -> None:
    with published(tmp_path, HERE):
        (tmp_path / "control.json").unlink()
    with published(tmp_path, HERE):
        (tmp_path / "control.json").write_text("{")
    assert (tmp_path / "control.json").read_text() == "{"


@pytest.mark.parametrize("where", ["", "no/such/directory", "a file"])
def test_no_file_means_not_running_and_says_what_to_do(tmp_path: Path, where: str) -> None:
    (tmp_path / "a file").touch()
    with pytest.raises(NotRunning, match=r"there is no .*control\.json; start it with `router serve`"):
        read_endpoint(tmp_path / where)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff", f'{{"url":1,"token":"{CANARY}","pid":1}}'.encode(), b'{"url":"x","pid":1}']
)
def test_a_file_that_makes_no_sense_means_not_running_and_is_not_quoted(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "control.json").write_bytes(content)
    with pytest.raises(NotRunning, match="makes no sense") as caught:
        read_endpoint(tmp_path)
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None


def test_every_run_has_a_token_of_its_own() -> None:
    tokens = {new_token().reveal() for _ in range(10)}
    assert len(tokens) == 10
    assert all(len(token) == 43 and token.isascii() for token in tokens)


def test_the_token_does_not_show_in_the_repr() -> None:
    assert CANARY not in repr(HERE)
