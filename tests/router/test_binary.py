"""How the program of one file is built. That it runs is tried on the file itself, after the checks."""

from __future__ import annotations

import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from router import binary
from router.binary import arguments, main


def pairs(words: list[str]) -> set[tuple[str, str]]:
    return set(pairwise(words))


def test_the_whole_of_both_packages_goes_into_one_file_that_starts_like_the_module(tmp_path: Path) -> None:
    words = arguments(tmp_path / "dist", tmp_path / "build")
    assert "--onefile" in words
    assert {("--collect-submodules", "router"), ("--collect-submodules", "actors")} <= pairs(words)
    assert {("--distpath", str(tmp_path / "dist")), ("--workpath", str(tmp_path / "build"))} <= pairs(words)
    assert words[-1].endswith("router/__main__.py")
    assert Path(words[-1]).exists()


def test_without_pyinstaller_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(binary, "find_spec", lambda _name: None)
    assert main([]) == 1
    assert "pip install '.[binary]'" in capsys.readouterr().err


def test_more_than_one_word_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["a", "b"]) == 2
    assert "expected nothing, or the directory" in capsys.readouterr().err


@pytest.mark.parametrize(("builder_code", "code"), [(0, 0), (1, 1)])
def test_the_outcome_of_the_build_is_told(
    builder_code: int,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def build(_words: list[str], **_options: Any) -> subprocess.CompletedProcess[bytes]:
        (tmp_path / "router").write_bytes(b"x" * 1_500_000)
        return subprocess.CompletedProcess((), builder_code)

    monkeypatch.setattr(binary, "find_spec", lambda _name: object())
    monkeypatch.setattr(subprocess, "run", build)
    assert main([str(tmp_path)]) == code
    told = capsys.readouterr()
    assert ("1.5 MB" in told.out) == (code == 0)
    assert ("PyInstaller failed" in told.err) == (code == 1)
