"""An OpenClaw settings file as one of ours: what both know is taken over, the rest is named with the reason.

Both files have `channels.zalo`, `channels.zalouser`, `bindings`, `session` and `messages` in common, key by key
(openclaw-gateway reference, sections 3.5, 4 and 5). Values are copied as they are written, `${NAME}` included.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_origin

import msgspec

from router.settings.accounts import ChannelSettings
from router.settings.build import fields_of
from router.settings.kinds import CHANNELS
from router.settings.problems import item, join, quoted
from router.settings.schema import ChannelDefaults, PolicySettings
from router.settings.sections import BindingSettings, MessagesSettings, SessionSettings
from router.settings.words import members, unwrap

Shape = tuple[type[msgspec.Struct], ...]
"""The structs whose keys an object may have."""

UNKNOWN = "this router has no such setting"


class Taken(msgspec.Struct, frozen=True):
    """Settings of ours, and what they leave out."""

    tree: dict[str, Any]
    left_out: tuple[str, ...]
    """One line each: where it was, and why it is not here."""
    notes: tuple[str, ...]
    """What behaves otherwise here, one line each."""


def take_over(tree: dict[str, Any]) -> Taken:
    """From the tree of an OpenClaw file. Whether the outcome can be used is for `settings_of` to say."""
    return _Import(tree).taken()


class _Import:
    def __init__(self, tree: dict[str, Any]) -> None:
        self._tree = tree
        self._left_out: list[str] = []
        self._notes: list[str] = []

    def taken(self) -> Taken:
        bindings = self._bindings(self._tree.get("bindings", []))
        found: dict[str, Any] = {
            "channels": self._channels(self._part("channels")),
            "agents": self._agents(bindings),
            "bindings": bindings,
            "session": self._kept(self._part("session"), (SessionSettings,), "session"),
            "messages": self._kept(self._part("messages"), (MessagesSettings,), "messages"),
        }
        for key in self._tree:
            if key not in found:
                self._leave(key, "this router has no such section")
        self._note_differences()
        return Taken({key: value for key, value in found.items() if value}, tuple(self._left_out), tuple(self._notes))

    def _part(self, key: str) -> dict[str, Any]:
        value = self._tree.get(key, {})
        return value if isinstance(value, dict) else {}

    def _leave(self, path: str, reason: str) -> None:
        self._left_out.append(f"{path}: {reason}")

    def _channels(self, channels: dict[str, Any]) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for name, block in channels.items():
            path = join("channels", name)
            if not isinstance(block, dict):
                self._leave(path, "not an object")
            elif name == "defaults":
                kept[name] = self._kept(block, (ChannelDefaults,), path)
            elif name in CHANNELS:
                kept[name] = self._channel(block, path, (PolicySettings, CHANNELS[name].settings))
            else:
                self._leave(path, "this router speaks to Zalo only")
        return {name: block for name, block in kept.items() if block or name != "defaults"}

    def _channel(self, block: dict[str, Any], path: str, shape: Shape) -> dict[str, Any]:
        accounts = block.get("accounts", {})
        kept = self._kept({k: v for k, v in block.items() if k != "accounts"}, (*shape, ChannelSettings), path)
        if isinstance(accounts, dict) and accounts:
            place = join(path, "accounts")
            kept["accounts"] = {
                name: self._kept(account, shape, join(place, name))
                for name, account in accounts.items()
                if isinstance(account, dict)
            }
        return kept

    def _kept(self, block: dict[str, Any], shape: Shape, path: str) -> dict[str, Any]:
        """The keys that one of the structs has; in objects below likewise."""
        known = {field.encode_name: field.type for each in shape for field in fields_of(each)}
        kept: dict[str, Any] = {}
        for key, value in block.items():
            place = join(path, key)
            if key not in known:
                self._leave(place, UNKNOWN)
            elif (found := self._value(value, known[key], place)) is not None:
                kept[key] = found
        return kept

    def _value(self, value: Any, wanted: Any, path: str) -> Any:
        if not isinstance(value, dict):
            return value
        if {"source", "id"} <= set(value):
            return self._secret(value, path)
        inner = next(_structs(wanted), None)
        if inner is None:
            return value
        if get_origin(unwrap(wanted)[0]) is dict:
            each = {key: self._value(entry, inner, join(path, key)) for key, entry in value.items()}
            return {key: entry for key, entry in each.items() if entry is not None}
        return self._kept(value, (inner,), path)

    def _secret(self, reference: dict[str, Any], path: str) -> str | None:
        if reference["source"] == "env" and isinstance(reference["id"], str):
            return f"${{{reference['id']}}}"
        self._leave(path, f"secrets of source {quoted(str(reference['source']))}; use ${{NAME}} or tokenFile")
        return None

    def _bindings(self, entries: Any) -> list[dict[str, Any]]:
        kept = []
        for index, entry in enumerate(entries if isinstance(entries, list) else []):
            match = entry.get("match") if isinstance(entry, dict) else None
            path = item("bindings", index)
            if not isinstance(match, dict) or match.get("channel") not in CHANNELS:
                self._leave(path, "it is about another channel")
            else:
                kept.append(self._kept(entry, (BindingSettings,), path))
        return kept

    def _agents(self, bindings: list[dict[str, Any]]) -> dict[str, Any]:
        """An agent for every name that a binding needs, and the default one; what answers is not comparable."""
        section = self._part("agents")
        entries = section.get("list", [])
        listed = [each for each in entries if isinstance(each, dict) and isinstance(each.get("id"), str)]
        ids = dict.fromkeys([each["id"] for each in listed if each.get("default")])
        ids |= dict.fromkeys([each["id"] for each in listed])
        ids |= dict.fromkeys([str(each["agentId"]) for each in bindings if "agentId" in each])
        if not ids:
            return {}
        self._notes.append(
            f"agents.list: {', '.join(ids)} only repeat what people write; say for each what answers (kind, baseUrl, …)"
        )
        return {"list": [{"id": agent_id, "kind": "echo"} for agent_id in ids]}

    def _note_differences(self) -> None:
        session = self._part("session")
        if not {"reset", "resetByType", "resetByChannel", "idleMinutes"} & set(session):
            self._notes.append("session.reset: OpenClaw begins anew every day at 4:00; here only when told to")
        zalo = self._part("channels").get("zalo", {})
        if isinstance(zalo, dict) and "groupPolicy" not in zalo:
            self._notes.append(
                'channels.zalo.groupPolicy: not given, OpenClaw admits every group; here "allowlist" holds'
            )


def _structs(wanted: Any) -> Iterator[type[msgspec.Struct]]:
    plain = unwrap(wanted)[0]
    if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        yield plain
    elif get_origin(plain) is dict:
        yield from _structs(get_args(plain)[1])
    elif members(plain) != (plain,):
        for each in members(plain):
            yield from _structs(each)
