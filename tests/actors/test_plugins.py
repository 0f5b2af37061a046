"""Kinds from packages: which are taken, which are refused, and with what reason."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors import plugins
from actors.agents.contract import AgentKind
from actors.agents.echo import open_echo_agent
from actors.agents.kinds import KINDS
from actors.agents.settings import EchoSettings
from actors.kinds import CHANNEL_KINDS
from actors.plugins import GROUPS, Declared, Plugin, Role, installed_plugins, load_plugins
from actors.zalo.channel import KIND as ZALO

ROOT = Path(__file__).parents[2]
SHOUT = AgentKind("shout", EchoSettings, open_echo_agent)


class NoStruct:
    pass


class Lost(msgspec.Struct):
    """Settings whose annotation does not exist at run time."""

    path: NoSuchType  # type: ignore[name-defined]  # noqa: F821


def fails(error: BaseException) -> Callable[[], object]:
    def load() -> object:
        raise error

    return load


def declared(load: object, role: Role = "agent", name: str = "shout", package: str = "shouting") -> Declared:
    found = load if callable(load) and not isinstance(load, type) else lambda: load
    return Declared(role=role, name=name, package=package, version="1.2", load=found)


def only(found: plugins.Plugins, package: str = "shouting") -> Plugin:
    [row] = [row for row in found.rows if row.package == package]
    return row


def test_every_kind_of_the_tables_is_declared_in_the_project_file_and_leads_to_the_same() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    tables: dict[str, Any] = {"channel": CHANNEL_KINDS, "agent": KINDS}
    for group, role in GROUPS.items():
        entries = {
            name: EntryPoint(name, value, group).load() for name, value in project["entry-points"][group].items()
        }
        assert entries == dict(tables[role])


def test_without_any_metadata_there_are_the_kinds_of_the_tables() -> None:
    found = load_plugins(())
    assert (dict(found.channels), dict(found.agents)) == (dict(CHANNEL_KINDS), dict(KINDS))
    assert [(row.role, row.name) for row in found.rows] == [
        *(("channel", name) for name in CHANNEL_KINDS),
        *(("agent", name) for name in KINDS),
    ]
    assert found.broken == ()


def test_ours_that_are_declared_are_not_listed_twice() -> None:
    found = load_plugins([declared(KINDS["echo"], name="echo", package="zalo-router")])
    assert [row.version for row in found.rows if row.name == "echo"] == ["1.2"]
    assert len(found.rows) == len(CHANNEL_KINDS) + len(KINDS)


def test_a_kind_of_another_package_is_there_beside_ours() -> None:
    found = load_plugins([declared(SHOUT)])
    assert found.agents["shout"] is SHOUT
    assert set(found.agents) == {*KINDS, "shout"}
    assert str(only(found)) == "agent 'shout' of shouting 1.2"


@pytest.mark.parametrize(
    ("load", "error"),
    [
        (fails(ImportError("no\nlibrary")), "ImportError: no library"),
        (fails(SystemExit("bye")), "SystemExit: bye"),
        (EchoSettings(), "TypeError: its entry point must lead to a value of class AgentKind; got EchoSettings"),
        (ZALO, "TypeError: its entry point must lead to a value of class AgentKind; got ChannelKind"),
        (
            KINDS["echo"],
            "ValueError: its entry point says 'shout' and the kind itself 'echo'; they must be the same",
        ),
        (AgentKind("shout", NoStruct, open_echo_agent), "TypeError: "),  # type: ignore[arg-type]
        (AgentKind("shout", Lost, open_echo_agent), "NameError: name 'NoSuchType' is not defined"),
    ],
)
def test_what_cannot_be_used_is_named_with_the_reason_and_costs_nobody_else_anything(load: object, error: str) -> None:
    found = load_plugins([declared(load)])
    assert only(found).error.startswith(error)
    assert found.broken == (only(found),)
    assert (dict(found.channels), dict(found.agents)) == (dict(CHANNEL_KINDS), dict(KINDS))
    assert found.broken_one("agent", "shout") == only(found)
    assert found.broken_one("channel", "shout") is None


def test_an_interrupted_load_is_no_broken_plugin() -> None:
    with pytest.raises(KeyboardInterrupt):
        load_plugins([declared(fails(KeyboardInterrupt()))])


@pytest.mark.parametrize("name", ["Shout", "a b", "", "1st", "defaults", "x" * 65])
def test_a_name_that_the_settings_could_not_say_is_refused(name: str) -> None:
    found = load_plugins([declared(AgentKind(name, EchoSettings, open_echo_agent), name=name)])
    assert "its name must be small letters" in only(found).error


def test_nobody_replaces_a_kind_of_ours() -> None:
    other = AgentKind("echo", EchoSettings, open_echo_agent)
    found = load_plugins([declared(other, name="echo", package="a-first-one")])
    assert found.agents["echo"] is KINDS["echo"]
    assert only(found, "a-first-one").error.startswith("zalo-router brings a kind of this name already")
    assert found.broken_one("agent", "echo") is None


def test_of_two_packages_with_one_kind_the_first_by_name_has_it_whatever_their_order() -> None:
    mine, theirs = (
        declared(SHOUT, package="a"),
        declared(AgentKind("shout", EchoSettings, open_echo_agent), package="b"),
    )
    for order in ([mine, theirs], [theirs, mine]):
        found = load_plugins(order)
        assert found.agents["shout"] is SHOUT
        assert only(found, "b").error == "a brings a kind of this name already; remove one of the two packages"


def test_what_a_plugin_prints_while_it_is_loaded_is_no_answer(capsys: pytest.CaptureFixture[str]) -> None:
    def load() -> object:
        print("hello")  # noqa: T201
        return SHOUT

    load_plugins([declared(load)])
    assert capsys.readouterr() == ("", "hello\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of packages that are installed while the test runs."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(plugins, "installed_plugins", installed_plugins.__wrapped__)
    return tmp_path


def package(site: Path, name: str, entry_points: str) -> None:
    metadata = site / f"{name}-3.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 3\n")
    (metadata / "entry_points.txt").write_text(entry_points)


def test_packages_on_the_path_are_found(site: Path) -> None:
    package(site, "Shouting_Ones", "[zalo_router.agents]\nshout = plugin_of_this_test:KIND\n")
    package(site, "unconcerned", "[console_scripts]\nx = y:z\n")
    (site / "plugin_of_this_test.py").write_text(
        "from actors.agents.contract import AgentKind\n"
        "from actors.agents.echo import open_echo_agent\n"
        "from actors.agents.settings import EchoSettings\n"
        "KIND = AgentKind('shout', EchoSettings, open_echo_agent)\n"
    )
    found = plugins.installed_plugins()
    assert only(found, "shouting-ones") == Plugin(role="agent", name="shout", package="shouting-ones", version="3")
    assert "shout" in found.agents
    assert not [row for row in found.rows if row.package == "unconcerned"]


def test_a_package_whose_entry_points_cannot_be_read_is_named(site: Path) -> None:
    package(site, "garbled", "[zalo_router.agents]\nthis is no entry\n")
    [row] = [row for row in plugins.installed_plugins().broken if row.package == "garbled"]
    assert "its entry_points.txt cannot be read" in row.error


def test_an_entry_that_leads_nowhere_is_named(site: Path) -> None:
    package(site, "astray", "[zalo_router.channels]\nmatrix = no_such_module_at_all:KIND\n")
    row = only(plugins.installed_plugins(), "astray")
    assert (row.role, row.name) == ("channel", "matrix")
    assert row.error == "ModuleNotFoundError: No module named 'no_such_module_at_all'"
