"""Rules that one key alone cannot break: what must hold between the keys of an account, and between sections."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from actors.zalo.settings import ZaloSettings, webhook_path, webhook_secrets
from router.settings.build import fields_of
from router.settings.draft import repeated
from router.settings.problems import Report, join
from router.settings.schema import Account, AgentEntry, PolicySettings
from router.settings.sections import ControlSettings, WebhookSettings

Place = Callable[[str], str]
"""Where a key of the block in question stands in the file."""
Check = Callable[[Any, Place, Report], None]

_SCHEMES = {
    "api_url": ("https://", "http://"),
    "base_url": ("https://", "http://"),
    "proxy": ("http://", "https://"),
    "public_url": ("https://",),
    "url": ("https://", "http://"),
    "webhook_url": ("https://",),
}
"""Fields that hold an address, in whichever settings, and what it may begin with."""
_SECRET_LENGTH = range(8, 257)


def check_policy(policy: PolicySettings, place: Place, report: Report) -> None:
    """`open` has to be said twice (reference, section 2.5)."""
    if policy.dm_policy == "open" and "*" not in policy.allow_from:
        report.problem(place("allowFrom"), f'must contain "*" because {place("dmPolicy")} is "open"')


def check_addresses(settings: msgspec.Struct, place: Place, report: Report) -> None:
    """Whatever is an address by its name must be one; it is not shown, since it may hold a password."""
    for field in fields_of(type(settings)):
        schemes = _SCHEMES.get(field.name)
        value = getattr(settings, field.name)
        if schemes is not None and value is not None and not _is_url(value, schemes):
            report.problem(place(field.encode_name), f"expected an address with {' or '.join(schemes)}")


def check_zalo(settings: ZaloSettings, place: Place, report: Report) -> None:
    """The webhook keys belong together, and the secret is one that setWebhook takes (zalo-bot-api reference, 2.3)."""
    if (settings.webhook_url is None) != (settings.webhook_secret is None):
        missing, given = ("webhookSecret", "webhookUrl") if settings.webhook_url else ("webhookUrl", "webhookSecret")
        report.problem(place(missing), f"missing; {place(given)} needs it")
    if settings.webhook_path is not None and not settings.webhook_path.startswith("/"):
        report.problem(place("webhookPath"), 'expected a path that begins with "/"')
    for secret in webhook_secrets(settings):
        text = secret.reveal()
        if len(text) not in _SECRET_LENGTH or not (text.isascii() and text.isprintable()):
            report.problem(place("webhookSecret"), "expected 8 to 256 printable ASCII characters")
    if settings.webhook_secret == () or len(webhook_secrets(settings)) > 2:
        report.problem(place("webhookSecret"), "expected one secret, or two while it is being changed")


def check_shared_webhooks(accounts: Sequence[Account], report: Report) -> None:
    """On one path the secret tells accounts apart, so it must be able to (reference, section 7.2)."""
    doors = (
        (f"{webhook_path(account.settings)} {secret.reveal()}", account.path)
        for account in accounts
        if account.enabled and isinstance(account.settings, ZaloSettings) and account.settings.webhook_url
        for secret in dict.fromkeys(webhook_secrets(account.settings))
    )
    for first, second in repeated(doors):
        wanted = "give one of them its own webhookPath or webhookSecret"
        report.problem(second, f"same webhook path and secret as {first}; {wanted}")


def _is_url(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(text)
        return text.lower().startswith(schemes) and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def check_listeners(webhook: WebhookSettings, control: ControlSettings, report: Report) -> None:
    """The two listeners need two ports, TLS needs both of its files, and Zalo calls https only."""
    if webhook.port == control.port != 0 and webhook.host == control.host:
        report.problem("control.port", f"same as webhook.port ({webhook.port}); each needs its own")
    if (webhook.tls_cert is None) != (webhook.tls_key is None):
        missing, given = ("tlsKey", "tlsCert") if webhook.tls_cert else ("tlsCert", "tlsKey")
        report.problem(f"webhook.{missing}", f"missing; webhook.{given} needs it")
    check_addresses(webhook, lambda key: join("webhook", key), report)


def check_default_agents(agents: Sequence[AgentEntry], report: Report) -> None:
    """Agent ids are unique, and at most one agent says `default: true`."""
    for first, second in repeated((agent.id, agent.path) for agent in agents):
        report.problem(join(second, "id"), f"same id as {first}")
    marked = [agent.path for agent in agents if agent.is_default]
    for path in marked[1:]:
        report.problem(join(path, "default"), f"{marked[0]} is the default already; keep one")
