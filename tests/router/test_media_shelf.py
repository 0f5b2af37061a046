from __future__ import annotations

import os
from pathlib import Path

import pytest
import trio

from router.media.shelf import MediaShelf


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "media" / "inbound"


async def put(directory: Path, stem: str = "7-0-abc", extension: str = ".jpg", age: float = 0.0) -> Path:
    async with MediaShelf(directory).draft(stem) as draft:
        await draft.write(b"abc")
        path = await draft.keep(extension)
    os.utime(path, (1000.0 - age, 1000.0 - age))
    return path


async def test_a_kept_file_is_private_and_whole(directory: Path) -> None:
    async with MediaShelf(directory).draft("7-0-abc") as draft:
        await draft.write(b"abc")
        await draft.write(b"x" * 100)
        assert [path.name for path in directory.iterdir()] == ["7-0-abc.part"]
        path = await draft.keep(".jpg")
    assert path.read_bytes() == b"abc" + b"x" * 100
    assert (draft.head, draft.bytes) == (b"abc" + b"x" * 61, 103)
    assert path.stat().st_mode & 0o777 == 0o600
    assert directory.stat().st_mode & 0o777 == 0o700
    assert list(directory.iterdir()) == [path]


async def test_an_open_directory_is_shut(directory: Path) -> None:
    directory.mkdir(parents=True, mode=0o755)
    await put(directory)
    assert directory.stat().st_mode & 0o777 == 0o700


async def test_a_draft_that_is_not_kept_is_gone(directory: Path) -> None:
    async with MediaShelf(directory).draft("7-0-abc") as draft:
        await draft.write(b"abc")
    assert list(directory.iterdir()) == []


async def test_a_draft_is_gone_after_a_cancellation_too(directory: Path) -> None:
    with trio.move_on_after(5) as scope:
        async with MediaShelf(directory).draft("7-0-abc") as draft:
            await draft.write(b"abc")
            scope.cancel()
            await trio.sleep_forever()
    assert list(directory.iterdir()) == []


async def test_a_draft_that_a_dead_process_left_is_begun_anew(directory: Path) -> None:
    directory.mkdir(parents=True)
    (directory / "7-0-abc.part").write_bytes(b"left over")
    assert (await put(directory)).read_bytes() == b"abc"


async def test_a_link_that_somebody_put_there_is_not_written_through(directory: Path, tmp_path: Path) -> None:
    directory.mkdir(parents=True)
    (tmp_path / "precious").write_text("keep me")
    (directory / "7-0-abc.part").symlink_to(tmp_path / "precious")
    await put(directory)
    assert (tmp_path / "precious").read_text() == "keep me"


async def test_a_file_is_found_whatever_its_extension_and_a_draft_is_not(directory: Path) -> None:
    shelf = MediaShelf(directory)
    assert await shelf.find("7-0-abc") is None
    path = await put(directory, extension=".aac")
    assert await shelf.find("7-0-abc") == path
    assert await shelf.find("7-0") is None
    (directory / "8-0-abc.part").write_bytes(b"")
    assert await shelf.find("8-0-abc") is None


async def test_old_files_go_and_young_ones_stay(directory: Path) -> None:
    await put(directory, "1-0-abc", age=500)
    young = await put(directory, "2-0-abc", age=499)
    assert await MediaShelf(directory).prune(500.5, set()) == 1
    assert list(directory.iterdir()) == [young]


async def test_files_of_messages_that_are_not_answered_stay_however_old(directory: Path) -> None:
    kept = await put(directory, "1-0-abc", age=900)
    also_kept = await put(directory, "1-1-abc", age=900)
    await put(directory, "11-0-abc", age=900)
    assert await MediaShelf(directory).prune(500.0, {1}) == 1
    assert set(directory.iterdir()) == {kept, also_kept}


async def test_old_drafts_and_strange_files_go_and_directories_stay(directory: Path) -> None:
    folder = directory / "4-0-folder"
    folder.mkdir(parents=True)
    for name in ("3-0-abc.part", "notes"):
        (directory / name).touch()
        os.utime(directory / name, (1.0, 1.0))
    os.utime(folder, (1.0, 1.0))
    assert await MediaShelf(directory).prune(500.0, {4}) == 2
    assert list(directory.iterdir()) == [folder]


async def test_without_a_directory_there_is_nothing_to_prune(directory: Path) -> None:
    assert await MediaShelf(directory).prune(500.0, set()) == 0
