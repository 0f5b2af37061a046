"""Where the settings file and the state directory are looked for, in which order."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from router.settings.paths import find_config, find_state_dir


@pytest.fixture
def user_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The platform's directories, moved under `tmp_path`; the working directory is an empty one beside them."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setattr(platformdirs, "user_config_path", lambda name, appauthor: tmp_path / "config" / name)
    monkeypatch.setattr(platformdirs, "user_state_path", lambda name, appauthor: tmp_path / "state" / name)
    return tmp_path


def platform_config(user_dir: Path) -> Path:
    path = user_dir / "config" / "zalo-router" / "router.json5"
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    return path


def test_the_option_wins_even_when_the_file_is_missing(user_dir: Path) -> None:
    Path("router.json5").write_text("{}")
    assert find_config(Path("mine.json5"), {"ROUTER_CONFIG": "env.json5"}) == Path("mine.json5")


def test_then_the_environment(user_dir: Path) -> None:
    Path("router.json5").write_text("{}")
    assert find_config(None, {"ROUTER_CONFIG": "env.json5"}) == Path("env.json5")


@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_variable_is_none(user_dir: Path, value: str) -> None:
    assert find_config(None, {"ROUTER_CONFIG": value}) is None
    assert find_state_dir(None, {"ROUTER_STATE_DIR": value}) == user_dir / "state" / "zalo-router"


def test_then_the_working_directory(user_dir: Path) -> None:
    platform_config(user_dir)
    Path("router.json5").write_text("{}")
    assert find_config(None, {}) == Path("router.json5")


def test_then_the_platforms_own(user_dir: Path) -> None:
    path = platform_config(user_dir)
    assert find_config(None, {}) == path


def test_no_file_anywhere_is_no_error(user_dir: Path) -> None:
    assert find_config(None, {}) is None


def test_a_tilde_means_home(user_dir: Path) -> None:
    assert find_config(None, {"ROUTER_CONFIG": "~/r.json5"}) == Path.home() / "r.json5"
    assert find_state_dir(Path("~/state"), {}) == Path.home() / "state"


def test_a_home_that_does_not_exist_is_taken_as_written(user_dir: Path) -> None:
    assert find_config(Path("~nobody-here/r.json5"), {}) == Path("~nobody-here/r.json5")


def test_the_state_directory_is_the_option_then_the_environment_then_the_platforms(user_dir: Path) -> None:
    env = {"ROUTER_STATE_DIR": "/srv/state"}
    assert find_state_dir(Path("/mine"), env) == Path("/mine")
    assert find_state_dir(None, env) == Path("/srv/state")
    assert find_state_dir(None, {}) == user_dir / "state" / "zalo-router"


def test_looking_creates_nothing(user_dir: Path) -> None:
    find_state_dir(None, {})
    find_config(None, {})
    assert [path.name for path in user_dir.iterdir()] == ["work"]
