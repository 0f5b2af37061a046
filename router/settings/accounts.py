"""Accounts: the blocks of `channels` merged, checked and given their credentials.

Which accounts a channel has: every key of `accounts`, and `default` when the channel has no `accounts`, holds
credentials of its own, or names it as `defaultAccount`. So a top-level token goes on working after `accounts` is
added, and `accounts.default` is an account like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from actors.messages import AccountKey
from router.rules.sessions import normalize_account_id
from router.settings.build import as_object, build_part, check_part, key_names, refuse_unknown, report_missing
from router.settings.checks import check_addresses, check_policy, check_shared_webhooks
from router.settings.draft import DEFAULT_ACCOUNT, Credentials, Draft, Surroundings, repeated
from router.settings.kinds import ChannelRow, channel_rows, unknown_kind
from router.settings.problems import Report, did_you_mean, join, quoted
from router.settings.schema import Account, ChannelDefaults, PolicySettings
from router.settings.values import Text

ENGLISH_OF = {"appairage": "pairing"}
"""A published translation of the manual translated this value as well."""


class ChannelSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Keys of `channels.<id>` that its accounts do not have."""

    accounts: dict[str, Any] = {}
    default_account: Text | None = None


class Accounts(msgspec.Struct, frozen=True):
    """What `channels` says."""

    resolved: tuple[Account, ...]
    """By channel and id, without those that have problems."""
    known: frozenset[AccountKey]
    """All that are configured, also the broken ones."""


def resolve_accounts(channels: Any, around: Surroundings) -> Accounts:
    """All accounts of all channels. What is wrong with them is in the report."""
    report = around.report
    blocks = as_object(channels, "channels", report)
    rows = channel_rows()
    for key in blocks:
        if key not in rows and key != "defaults":
            report.problem(join("channels", key), unknown_kind("channel", "channel", key, {**rows, "defaults": None}))
    defaults = _defaults(blocks.get("defaults", {}), report)
    resolved: list[Account] = []
    known: set[AccountKey] = set()
    for channel, row in rows.items():
        if channel in blocks or (row.env_token and around.env.get(row.env_token, "").strip()):
            block = Channel(channel, row, blocks.get(channel, {}), around)
            resolved += block.accounts(defaults)
            known |= block.known
    check_shared_webhooks(resolved, report)
    return Accounts(tuple(resolved), frozenset(known))


def _defaults(raw: Any, report: Report) -> ChannelDefaults:
    block = as_object(raw, "channels.defaults", report)
    refuse_unknown(block, key_names(ChannelDefaults), "channels.defaults", report)
    return build_part(block, ChannelDefaults, "channels.defaults", report) or ChannelDefaults()


class Channel:
    """One block of `channels` while its accounts are made."""

    def __init__(self, channel: str, row: ChannelRow, raw: Any, around: Surroundings) -> None:
        self._id = channel
        self._row = row
        self._around = around
        self._report = around.report
        self.known: set[AccountKey] = set()
        """Filled by `accounts`: every account that is configured, also a broken one."""
        self._path = join("channels", channel)
        self._block = self._translated(as_object(raw, self._path, self._report), self._path)

    def accounts(self, defaults: ChannelDefaults) -> list[Account]:
        """The channel's accounts by id, without those that have problems."""
        self._check_block(self._block, self._path, key_names(ChannelSettings))
        settings = build_part(self._block, ChannelSettings, self._path, self._report) or ChannelSettings()
        whole = build_part(self._block, PolicySettings, self._path, Report())
        if whole is not None:
            check_policy(whole, lambda key: join(self._path, key), self._report)
        drafts = self._drafts(settings)
        self.known = {AccountKey(self._id, account_id) for account_id in drafts}
        default_id = self._default_id(settings, drafts)
        made = [self._account(draft, defaults, draft.account_id == default_id) for draft in drafts.values()]
        accounts = [account for account, _ in made if account is not None]
        twins = ((each.identity, account.path) for account, each in made if account is not None and account.enabled)
        for first, second in repeated(twins):
            self._report.problem(second, f"same {self._row.credential_name} as {first}; one account cannot run twice")
        return accounts

    def _check_block(self, block: dict[str, Any], path: str, further: tuple[str, ...] = ()) -> None:
        """Reports what is wrong with one block as it is written."""
        refuse_unknown(block, (*key_names(PolicySettings, self._row.settings), *further), path, self._report)
        check_part(block, PolicySettings, path, self._report)
        check_part(block, self._row.settings, path, self._report)

    def _translated(self, block: dict[str, Any], path: str) -> dict[str, Any]:
        policy = block.get("dmPolicy")
        if not isinstance(policy, str) or policy not in ENGLISH_OF:
            return block
        meant = ENGLISH_OF[policy]
        self._report.warn(join(path, "dmPolicy"), f"{quoted(policy)} is taken for {quoted(meant)}; write that")
        return {**block, "dmPolicy": meant}

    def _drafts(self, settings: ChannelSettings) -> dict[str, Draft]:
        """The accounts that exist, by id, each with its merged keys."""
        written: dict[str, tuple[str, dict[str, Any]]] = {}
        for key, raw in settings.accounts.items():
            path = join(join(self._path, "accounts"), key)
            block = self._translated(as_object(raw, path, self._report), path)
            self._check_block(block, path)
            account_id = normalize_account_id(key)
            if account_id in written:
                self._report.problem(path, f"same account id as {written[account_id][0]}: {quoted(account_id)}")
            written.setdefault(account_id, (path, block))
        if DEFAULT_ACCOUNT not in written and self._has_default(settings):
            written[DEFAULT_ACCOUNT] = (self._path, {})
        return {each: self._draft(each, *written[each]) for each in sorted(written)}

    def _has_default(self, settings: ChannelSettings) -> bool:
        named = (
            settings.default_account is not None and normalize_account_id(settings.default_account) == DEFAULT_ACCOUNT
        )
        return named or not settings.accounts or any(key in self._block for key in self._row.credential_keys)

    def _draft(self, account_id: str, path: str, own: dict[str, Any]) -> Draft:
        keys = self._row.credential_keys
        has_own = any(key in own for key in keys)
        left_out = {"accounts", "defaultAccount"}
        if account_id != DEFAULT_ACCOUNT:
            left_out |= {"name", *keys}
        elif has_own:
            left_out |= set(keys)
            for key in (key for key in keys if key in self._block):
                self._report.warn(join(self._path, key), f"not used; {path} has its own")
        shared = {key: value for key, value in self._block.items() if key not in left_out}
        return Draft(account_id, path, self._path, own, shared)

    def _default_id(self, settings: ChannelSettings, drafts: Mapping[str, Draft]) -> str:
        wanted = settings.default_account
        if wanted is not None and normalize_account_id(wanted) not in drafts:
            hint = did_you_mean(wanted, drafts) or f"known: {', '.join(drafts)}"
            self._report.problem(join(self._path, "defaultAccount"), f"no account {quoted(wanted)}; {hint}")
        if wanted is not None:
            return normalize_account_id(wanted)
        return DEFAULT_ACCOUNT if DEFAULT_ACCOUNT in drafts else next(iter(drafts))

    def _account(self, draft: Draft, defaults: ChannelDefaults, is_default: bool) -> tuple[Account | None, Credentials]:
        credentials = self._row.find_credentials(draft, self._around)
        enabled = self._block.get("enabled") is not False and draft.values.get("enabled") is not False
        if credentials.missing and enabled:
            self._report.problem("", credentials.missing)
        policy, settings = self._typed(draft, defaults, credentials)
        if policy is not None:
            check_policy(policy, draft.place, self._report)
        if settings is not None:
            self._check_settings(settings, draft)
        if policy is None or settings is None:
            return None, credentials
        label = getattr(settings, "name", "") or f"{self._row.label} {draft.account_id}"
        account = Account(
            key=AccountKey(self._id, draft.account_id),
            label=label,
            enabled=enabled,
            is_default=is_default,
            settings=settings,
            policy=policy,
            token_source=credentials.source,
            path=draft.path,
            unusable=credentials.missing,
        )
        return account, credentials

    def _typed(
        self, draft: Draft, defaults: ChannelDefaults, credentials: Credentials
    ) -> tuple[PolicySettings | None, msgspec.Struct | None]:
        """The two structs of one account. What is wrong in a block was reported where it stands, so not again here."""
        from_env = {key: self._around.env[name] for name, key in self._row.env_keys if self._around.env.get(name)}
        group_policy = defaults.group_policy or self._row.default_group_policy
        values = {"groupPolicy": group_policy, **from_env, **draft.values, **credentials.keys}
        report_missing(values, self._row.settings, draft.path, self._report)
        unheard = Report()
        policy = build_part(values, PolicySettings, draft.path, unheard)
        return policy, build_part(values, self._row.settings, draft.path, unheard)

    def _check_settings(self, settings: msgspec.Struct, draft: Draft) -> None:
        check_addresses(settings, draft.place, self._report)
        if self._row.check is not None:
            self._row.check(settings, draft.place, self._report)
