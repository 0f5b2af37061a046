"""Channel kinds and agent kinds of installed packages, found by their entry points.

A package brings a kind by an entry point in the group `zalo_router.channels` or `zalo_router.agents`: its name is the
word that the settings use, its value a `ChannelKind` or an `AgentKind`. The kinds that come with this package are
declared the same way; run from a checkout, where no metadata is installed, they are taken from the tables instead.

A package that cannot be loaded costs its own kinds only, and is remembered with the reason.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from functools import cache, partial
from typing import TYPE_CHECKING, Final, Literal, TypeVar

import msgspec

from actors.agents.contract import AgentKind
from actors.agents.kinds import KINDS as AGENT_KINDS
from actors.channel import ChannelKind
from actors.kinds import CHANNEL_KINDS

if TYPE_CHECKING:
    from importlib.metadata import Distribution

Role = Literal["channel", "agent"]
K = TypeVar("K", ChannelKind, AgentKind)

GROUPS: Final[Mapping[str, Role]] = {"zalo_router.channels": "channel", "zalo_router.agents": "agent"}
"""Group of entry points -> what is found in it."""
OURS: Final = "zalo-router"
"""The package whose kinds nobody may replace."""

_ANY_GROUP = "zalo_router."
_NAME = re.compile(r"(?!defaults$)[a-z][a-z0-9_-]{0,63}")
"""`defaults` stands beside the channels in the settings and cannot be one."""


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """What a package says it brings."""

    role: Role
    name: str
    package: str
    version: str = ""
    load: Callable[[], object]
    """Imports it. May raise anything: it is the package's own code."""


class Plugin(msgspec.Struct, frozen=True, kw_only=True):
    """One kind that was found, and what became of it."""

    role: Role
    name: str
    package: str
    version: str
    """Empty when the package is not installed and its own table was used."""
    error: str = ""
    """Why it cannot be used, one line; empty when it can."""

    def __str__(self) -> str:
        return f"{self.role} {self.name!r} of {' '.join(filter(None, (self.package, self.version)))}"


class Plugins(msgspec.Struct, frozen=True, kw_only=True):
    """All kinds that there are."""

    rows: tuple[Plugin, ...]
    channels: Mapping[str, ChannelKind]
    agents: Mapping[str, AgentKind]

    @property
    def broken(self) -> tuple[Plugin, ...]:
        """Those that cannot be used."""
        return tuple(row for row in self.rows if row.error)

    def broken_one(self, role: Role, name: str) -> Plugin | None:
        """The broken plugin that would have brought this kind, if there is one and nobody else brings it."""
        if name in (self.channels if role == "channel" else self.agents):
            return None
        return next((row for row in self.broken if (row.role, row.name) == (role, name)), None)


@cache
def installed_plugins() -> Plugins:
    """The kinds of this package and of every other that is installed, loaded once in the life of the process.

    Imports the packages, and blocks while it does. Raises nothing: see `Plugins.broken`.
    """
    return load_plugins(_declared())


def load_plugins(declared: Iterable[Declared]) -> Plugins:
    """Loads what is declared: first ours, then ours that no metadata names, then the rest in alphabetical order."""
    shelf = _Shelf()
    found = list(declared)
    others = sorted((one for one in found if one.package != OURS), key=lambda one: (one.role, one.name, one.package))
    for one in (*(one for one in found if one.package == OURS), *_built_in(), *others):
        shelf.add(one)
    return Plugins(rows=tuple(shelf.rows), channels=shelf.channels, agents=shelf.agents)


class _Shelf:
    def __init__(self) -> None:
        self.rows: list[Plugin] = []
        self.channels: dict[str, ChannelKind] = {}
        self.agents: dict[str, AgentKind] = {}

    def add(self, one: Declared) -> None:
        if one.role == "channel":
            self._put(one, ChannelKind, self.channels)
        else:
            self._put(one, AgentKind, self.agents)

    def _put(self, one: Declared, wanted: type[K], table: dict[str, K]) -> None:
        if one.package == OURS and one.name in table:
            return
        error = ""
        if one.name in table:
            holder = next(row for row in self.rows if (row.role, row.name, row.error) == (one.role, one.name, ""))
            error = f"{holder.package} brings a kind of this name already; remove one of the two packages"
        else:
            try:
                table[one.name] = _loaded(one, wanted)
            except (Exception, SystemExit) as failure:  # noqa: BLE001 other people's code, and no reason for us to end
                error = _in_one_line(failure)
        self.rows.append(
            Plugin(role=one.role, name=one.name, package=one.package, version=one.version, error=error),
        )


def _loaded(one: Declared, wanted: type[K]) -> K:
    with redirect_stdout(sys.stderr):  # standard output is for answers, perhaps for a program that reads JSON
        kind = one.load()
    if not _NAME.fullmatch(one.name):
        raise ValueError("its name must be small letters, digits, '-' and '_', a letter first, and not 'defaults'")
    if not isinstance(kind, wanted):
        raise TypeError(f"its entry point must lead to a value of class {wanted.__name__}; got {type(kind).__name__}")
    if kind.name != one.name:
        raise ValueError(f"its entry point says {one.name!r} and the kind itself {kind.name!r}; they must be the same")
    # Raises for what is no Struct, and for annotations whose names do not exist at run time.
    msgspec.structs.fields(kind.settings)
    return kind


def _in_one_line(failure: BaseException) -> str:
    return " ".join(f"{type(failure).__name__}: {failure}".split())[:300]


def _built_in() -> Iterator[Declared]:
    for channel in CHANNEL_KINDS.values():
        yield Declared(role="channel", name=channel.name, package=OURS, load=partial(_itself, channel))
    for agent in AGENT_KINDS.values():
        yield Declared(role="agent", name=agent.name, package=OURS, load=partial(_itself, agent))


def _itself(kind: object) -> object:
    return kind


def _declared() -> Iterator[Declared]:
    # Slow to import, and many commands never ask.
    from importlib.metadata import distributions

    seen: set[str] = set()
    for package in distributions():
        if _ANY_GROUP not in (package.read_text("entry_points.txt") or ""):
            continue
        name = str(package.name).lower().replace("_", "-")
        if name not in seen:
            # The first on the path is the one that is imported; another of its name is hidden behind it.
            seen.add(name)
            yield from _of_package(name, package)


def _of_package(name: str, package: Distribution) -> list[Declared]:
    version = str(package.version or "")
    try:
        return [
            Declared(role=role, name=entry.name, package=name, version=version, load=entry.load)
            for group, role in GROUPS.items()
            for entry in package.entry_points.select(group=group)
        ]
    except (TypeError, ValueError) as error:  # a line of the file is no entry
        failure = ValueError(f"its entry_points.txt cannot be read: {error}")
        return [Declared(role="agent", name=name, package=name, version=version, load=partial(_fail, failure))]


def _fail(failure: Exception) -> object:
    raise failure
