"""Looks at a webhook from both sides, for a person who asks why nothing comes in. Changes nothing."""

from __future__ import annotations

from typing import Final, Protocol

import msgspec

from actors.errors import RouterError
from actors.net.answer import HttpAnswer
from actors.zalo import wire
from actors.zalo.settings import ZaloSettings
from actors.zalo.updates import PROBE

PROBE_SECONDS: Final = 10.0
PROBE_BODY: Final = msgspec.json.encode({"event_name": PROBE, "message": {"message_id": "webhook-test"}})
"""What Zalo posts when it tests a webhook; it comes without the secret (zalo-bot-api reference, section 2.3)."""


class WebhookCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What was found. Every `…_error` is empty when that step went well."""

    registered: bool = False
    """Whether Zalo has our address."""
    registration_error: str = ""
    probe_status: int | None = None
    """What our address answered to a probe from here; None when nothing came back."""
    probe_error: str = ""
    verification: wire.Verification | None = None
    """Zalo's own test; None when it was not asked for or not to be had."""
    verification_error: str = ""

    @property
    def ok(self) -> bool:
        """Whether all that was looked at is well."""
        errors = self.registration_error or self.probe_error or self.verification_error
        return self.registered and not errors and (self.verification is None or self.verification.ok)


class CheckApi(Protocol):
    """The methods that a check uses; `BotApi` has them."""

    async def get_webhook_info(self) -> wire.WebhookInfo:
        """See `BotApi.get_webhook_info`."""
        ...

    async def test_webhook(self) -> wire.Verification:
        """See `BotApi.test_webhook`."""
        ...


class Prober(Protocol):
    """What is needed of an HTTP client; `HttpClient` is one."""

    async def post(self, url: str, *, body: bytes, timeout_seconds: float) -> HttpAnswer:
        """See `HttpClient.post`."""
        ...


async def check_webhook(
    api: CheckApi, http: Prober, settings: ZaloSettings, *, ask_zalo_to_test: bool = False
) -> WebhookCheck:
    """Asks Zalo which address it has, and posts a probe to our own address as Zalo would.

    Zalo's own test is asked for only with `ask_zalo_to_test`: so many a day are allowed. Raises nothing that a peer
    does. ValueError for an account without a webhook.
    """
    url = settings.webhook_url
    if url is None:
        raise ValueError("the account has no webhookUrl")
    found = await _look_up(api, url)
    found = await _probe(http, url, found)
    return await _have_tested(api, found) if ask_zalo_to_test else found


async def _look_up(api: CheckApi, url: str) -> WebhookCheck:
    try:
        known = (await api.get_webhook_info()).url
    except RouterError as error:
        return WebhookCheck(registration_error=str(error))
    if known == url:
        return WebhookCheck(registered=True)
    other = "another address" if known else "no address"
    return WebhookCheck(registration_error=f"Zalo has {other} for this bot; a running router sets it within minutes")


async def _probe(http: Prober, url: str, found: WebhookCheck) -> WebhookCheck:
    try:
        status = (await http.post(url, body=PROBE_BODY, timeout_seconds=PROBE_SECONDS)).status
    except RouterError as error:
        return msgspec.structs.replace(found, probe_error=f"webhookUrl cannot be reached from here: {error}")
    error_text = "" if 200 <= status < 300 else f"expected 200 from webhookUrl, got {status}; {_hint(status)}"
    return msgspec.structs.replace(found, probe_status=status, probe_error=error_text)


async def _have_tested(api: CheckApi, found: WebhookCheck) -> WebhookCheck:
    try:
        return msgspec.structs.replace(found, verification=await api.test_webhook())
    except RouterError as error:
        return msgspec.structs.replace(found, verification_error=str(error))


def _hint(status: int) -> str:
    if status in (301, 302, 307, 308):
        return "Zalo may not follow redirects: write the address that they lead to"
    if status == 404:
        return "the path does not reach this router: see webhookPath and whatever stands in front"
    if status in (401, 403):
        return "something in front of the router asks for a login or blocks"
    if status in (502, 503, 504):
        return "the router is not running, the account is not started, or its store is in trouble"
    return "look at whatever stands in front of the router"
