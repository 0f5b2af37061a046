"""What is examined outside: Zalo, webhooks as the world sees them, models, and the running router itself."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import trio

from actors.agents.settings import HttpSettings, OpenaiSettings
from actors.errors import BadCredentials, RouterError, SettingsError
from actors.net.client import open_http_client
from actors.zalo.client import BotApi
from actors.zalo.settings import ZaloSettings
from actors.zalouser.settings import ZalouserSettings
from router.doctor.findings import Finding, Patient, fail, ok, warn
from router.settings.schema import Account

PROGRAM_SECONDS = 10.0
CONNECT_SECONDS = 5.0
NEW_TOKEN = "copy the token again from https://bot.zaloplatforms.com, or make a new one there"
REFUSALS = frozenset({401, 403, 429})
"""What our own listener says to a request without the right secret."""


@asynccontextmanager
async def bot_api(settings: ZaloSettings) -> AsyncIterator[BotApi]:
    """The Bot API as this account calls it. Raises SettingsError without a token or with an impossible proxy."""
    if settings.bot_token is None:
        raise SettingsError(("there is no token",))
    async with open_http_client(base_url=settings.api_url, proxy=settings.proxy, max_connections=1) as http:
        yield BotApi(http, http, settings.bot_token, settings.request_timeout_seconds)


async def bot(account: Account, patient: Patient) -> list[Finding]:
    """One bot: who its token is, and whether Zalo delivers to where the settings say."""
    where, settings = f"token of {account.key}", account.settings
    assert isinstance(settings, ZaloSettings)  # noqa: S101 what the channel zalo has
    try:
        async with bot_api(settings) as api:
            me = await api.get_me()
            found = [ok(where, f"Zalo knows it as {me.display_name or me.account_name or me.id}")]
            return [*found, *await _webhook(account, settings, api, patient)]
    except BadCredentials as error:
        return [fail(where, str(error), NEW_TOKEN)]
    except RouterError as error:
        return [fail(where, f"Zalo could not be asked: {error}", "look at the network, apiUrl and proxy")]


async def _webhook(account: Account, settings: ZaloSettings, api: BotApi, patient: Patient) -> list[Finding]:
    where, registered = f"webhook of {account.key}", (await api.get_webhook_info()).url
    if settings.webhook_url is None:
        if registered:
            return [warn(where, "one is set at Zalo, so polls get nothing", "start the router: it takes it away")]
        return [ok(where, "none is set, as polling needs it")]
    if registered != settings.webhook_url:
        told = "Zalo has another address than the settings" if registered else "none is set at Zalo"
        if patient.running is not None:
            return [fail(where, told, "`router channels status` and `router logs` say why it was not registered")]
        return [warn(where, told, "start the router: it registers its own")]
    if patient.running is None:
        return [ok(where, "registered; whether it is reached shows only while the router runs")]
    return [await _reached(where, settings.webhook_url)]


async def _reached(where: str, url: str) -> Finding:
    """Knocks at the public address without the secret: our own listener is known by its refusal."""
    fix = "have the proxy or tunnel pass this path to the listener (webhook.host, webhook.port)"
    try:
        async with open_http_client(max_connections=1) as http:
            answer = await http.post(url, body=b"{}", timeout_seconds=PROGRAM_SECONDS)
    except RouterError as error:
        return fail(where, f"its public address cannot be reached from here: {error}", fix)
    if answer.status in REFUSALS:
        return ok(where, "registered, and reached from here at its public address")
    return fail(where, f"its public address answers {answer.status}, which is not this router", fix)


async def personal(account: Account, _: Patient) -> list[Finding]:
    """One personal account: whether its zca program runs."""
    where, settings = f"zca of {account.key}", account.settings
    assert isinstance(settings, ZalouserSettings)  # noqa: S101 what the channel zalouser has
    name = settings.program[0]
    fix = f"install it, or say in {account.path}.program where it is"
    try:
        with trio.fail_after(PROGRAM_SECONDS):
            done = await trio.run_process(
                [*settings.program, "--version"],
                stdin=subprocess.DEVNULL,
                capture_stdout=True,
                capture_stderr=True,
                check=False,
            )
    except OSError as error:
        return [fail(where, f"{name} cannot be run: {error.strerror}", fix)]
    except trio.TooSlowError:
        return [fail(where, f"{name} --version does not end", fix)]
    if done.returncode != 0:
        return [fail(where, f"{name} --version ended with {done.returncode}", fix)]
    version = done.stdout.decode(errors="replace").strip().splitlines()[:1]
    return [ok(where, f"{name} {''.join(version)[:60]}; whether it is logged in: `router channels status --probe`")]


async def models(patient: Patient) -> list[Finding]:
    """Whether the services behind `http` and `openai` agents can be connected to."""
    found = []
    for agent in patient.settings.agents:
        settings = agent.settings
        if isinstance(settings, HttpSettings | OpenaiSettings):
            url = settings.url if isinstance(settings, HttpSettings) else settings.base_url
            found.append(await _connected(f"agent {agent.id}", settings.proxy or url))
    return found


async def _connected(where: str, url: str) -> Finding:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with trio.fail_after(CONNECT_SECONDS):
            stream = await trio.open_tcp_stream(host, port)
            await stream.aclose()
    except (OSError, trio.TooSlowError) as error:
        reason = "no answer" if isinstance(error, trio.TooSlowError) else "refused or unknown"
        return fail(where, f"cannot be connected to at {host}:{port}: {reason}", "start it, or mend its address")
    return ok(where, f"can be connected to at {host}:{port}")


async def router(patient: Patient) -> list[Finding]:
    """The running router, and what it says of its accounts."""
    if patient.running is None:
        return [warn("router", patient.not_running, "start it with `router serve`")]
    found = [ok("router", f"running, process {patient.running.pid}")]
    for status in patient.running.channels.accounts:
        where = f"account {status.account.channel}:{status.account.account_id}"
        if status.answers:
            found.append(ok(where, f"{status.account.state}"))
        elif status.enabled:
            found.append(fail(where, status.reason, "`router logs` says more"))
    return found
