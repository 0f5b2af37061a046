"""Bindings: which agent answers where. An entry that can never match is a problem, not a silence."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import msgspec

from actors.messages import AccountKey
from router.rules.sessions import normalize_account_id, normalize_agent_id
from router.settings.build import INVALID, build, build_struct
from router.settings.kinds import channel_rows
from router.settings.problems import Report, did_you_mean, item, join, quoted
from router.settings.sections import BindingSettings

ANY_ACCOUNT = "*"


def resolve_bindings(
    raw: Any, agent_ids: Collection[str], accounts: Collection[AccountKey], report: Report
) -> tuple[BindingSettings, ...]:
    """The bindings in the order of the file, with ids and channels as the router spells them."""
    entries = build(raw, tuple[dict[str, Any], ...], "bindings", report)
    if entries is INVALID:
        return ()
    bindings: list[BindingSettings] = []
    for index, entry in enumerate(entries):
        path = item("bindings", index)
        built = build_struct(entry, BindingSettings, path, report)
        if built is not None:
            bindings.append(_normalized(built))
            _check(bindings[-1], path, agent_ids, accounts, report)
    return tuple(bindings)


def _normalized(binding: BindingSettings) -> BindingSettings:
    match = binding.match
    account_id = match.account_id
    if account_id is not None and account_id != ANY_ACCOUNT:
        account_id = normalize_account_id(account_id)
    match = msgspec.structs.replace(match, channel=match.channel.strip().lower(), account_id=account_id)
    return msgspec.structs.replace(binding, agent_id=normalize_agent_id(binding.agent_id), match=match)


def _check(
    binding: BindingSettings, path: str, agent_ids: Collection[str], accounts: Collection[AccountKey], report: Report
) -> None:
    match, place, rows = binding.match, join(path, "match"), channel_rows()
    _must_exist(join(path, "agentId"), "agent", binding.agent_id, agent_ids, report)
    _must_exist(join(place, "channel"), "channel", match.channel, rows, report)
    if match.channel in rows and match.account_id not in (None, ANY_ACCOUNT):
        known = [key.account_id for key in accounts if key.channel == match.channel]
        _must_exist(join(place, "accountId"), "account", match.account_id or "", known, report)


def _must_exist(path: str, what: str, name: str, names: Iterable[str], report: Report) -> None:
    known = sorted(names)
    if name not in known:
        hint = did_you_mean(name, known) or (f"known: {', '.join(known)}" if known else "none is configured")
        report.problem(path, f"no {what} {quoted(name)}; {hint}")
