"""The settings file as it is watched: every way in which a file changes is seen, and none twice."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from router.settings.fingerprints import fingerprints
from router.settings_file import SettingsFile


def replaced(file: Path) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_text("{ }")
    fresh.rename(file)


def same_size_and_time(file: Path) -> None:
    """As `cp --preserve` over it does: only the inode tells."""
    before = file.stat()
    fresh = file.with_suffix(".new")
    fresh.write_text("x" * before.st_size)
    os.utime(fresh, ns=(before.st_atime_ns, before.st_mtime_ns))
    fresh.rename(file)


def turned_link(file: Path) -> None:
    """As mounted secrets change."""
    target = file.with_name("elsewhere")
    target.write_text(file.read_text())
    file.unlink()
    file.symlink_to(target)


@pytest.mark.parametrize(
    "change", [replaced, same_size_and_time, turned_link, Path.unlink, lambda file: file.write_text("{ /**/ }")]
)
def test_every_way_to_change_a_file_shows(tmp_path: Path, change: Callable[[Path], object]) -> None:
    file = tmp_path / "router.json5"
    file.write_text("{}")
    before = fingerprints([file])
    assert fingerprints([file]) == before
    change(file)
    assert fingerprints([file]) != before


def test_what_is_not_there_has_a_mark_too(tmp_path: Path) -> None:
    assert fingerprints([tmp_path / "none", Path("nul\0")]) == {tmp_path / "none": None, Path("nul\0"): None}


async def changed_within(file: SettingsFile, seconds: float) -> bool:
    with trio.move_on_after(seconds) as patience:
        await file.wait_until_changed()
    return not patience.cancelled_caught


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("router.settings_file.LOOK_EVERY_SECONDS", 0.01)
    monkeypatch.setattr("router.settings_file.SETTLED_AFTER_SECONDS", 0.02)


async def test_includes_and_token_files_are_watched_too(tmp_path: Path, quick: None) -> None:
    main, part, token = tmp_path / "router.json5", tmp_path / "part.json5", tmp_path / "token"
    part.write_text('{ zalo: { tokenFile: "token" } }')
    token.write_text("1:one")
    main.write_text('{ channels: { $include: "part.json5" } }')
    file = SettingsFile(lambda: main, {})
    assert file.read().sources == (main, part, token)
    for each, text in ((part, '{ zalo: { tokenFile: "token" } } '), (token, "1:two"), (main, main.read_text() + " ")):
        assert not await changed_within(file, 0.1)
        each.write_text(text)
        with trio.fail_after(5):
            await file.wait_until_changed()
        assert file.read().problems == ()


async def test_a_file_that_is_missing_is_waited_for(tmp_path: Path, quick: None) -> None:
    main = tmp_path / "router.json5"
    main.write_text('{ channels: { $include: "later.json5" } }')
    file = SettingsFile(lambda: main, {})
    assert "cannot be read" in file.read().problems[0]
    (tmp_path / "later.json5").write_text("{}")
    with trio.fail_after(5):
        await file.wait_until_changed()
    assert file.read().problems == ()


async def test_what_changes_while_it_is_read_counts_as_changed(tmp_path: Path, quick: None) -> None:
    main = tmp_path / "router.json5"
    main.write_text("{}")
    seen: list[Path] = []

    def find() -> Path:
        seen.append(main)
        main.write_text("{ /* " + "x" * len(seen) + " */ }")
        return main

    file = SettingsFile(find, {}, [main])
    file.read()
    with trio.fail_after(5):
        await file.wait_until_changed()


async def test_a_bell_ends_the_wait_at_once_and_rings_once(tmp_path: Path) -> None:
    file = SettingsFile(lambda: None, {})
    file.ring()
    with trio.fail_after(0.5):
        await file.wait_until_changed()
    assert not await changed_within(file, 0.05)


def test_secrets_are_told_before_anybody_else_hears_of_them(tmp_path: Path) -> None:
    main = tmp_path / "router.json5"
    main.write_text('{ channels: { zalo: { botToken: "1:hidden" } } }')
    learnt: list[str] = []
    SettingsFile(lambda: main, {}, learn=lambda secret: learnt.append(secret.reveal())).read()
    assert learnt == ["1:hidden"]
