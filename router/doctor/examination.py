"""The whole examination: everything that can be looked at, side by side, each within its time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

import trio
from msgspec.structs import replace

from actors.errors import RouterError
from router.control.client import open_control
from router.control.endpoint import read_endpoint
from router.control.protocol.channels import GetChannelsStatus
from router.control.protocol.overview import Ping
from router.doctor import machine, outside
from router.doctor.findings import Finding, Patient, Running, warn
from router.settings.load import read_settings
from router.store.lock import machine_lock_directory

CHECK_SECONDS = 30.0
"""How long one look may take."""

Check = Callable[[], Awaitable[Iterable[Finding]]]

ON_THE_MACHINE = (
    machine.settings,
    machine.permissions,
    machine.space,
    machine.store,
    machine.logins,
    machine.commands,
)
PER_ACCOUNT = {"zalo": outside.bot, "zalouser": outside.personal}


async def examine(config: Path | None, state_dir: Path, env: Mapping[str, str]) -> tuple[Finding, ...]:
    """Everything that was found, in the order of the checks. Works with the router up or down; changes nothing."""
    reading = await trio.to_thread.run_sync(partial(read_settings, config, env=env))
    bare = Patient(config=config, reading=reading, state_dir=state_dir, locks=machine_lock_directory(), env=env)
    patient = await _awake(bare)
    checks = list(_checks(patient))
    found: list[list[Finding]] = [[] for _ in checks]

    async def look(index: int, name: str, check: Check) -> None:
        found[index] = await _looked(name, check)

    async with trio.open_nursery() as nursery:
        for index, (name, check) in enumerate(checks):
            nursery.start_soon(look, index, name, check)
    return tuple(finding for findings in found for finding in findings)


def _checks(patient: Patient) -> Iterator[tuple[str, Check]]:
    yield "router", partial(outside.router, patient)
    for blocking in ON_THE_MACHINE:
        yield blocking.__name__, partial(_in_thread, blocking, patient)
    for channel, check in PER_ACCOUNT.items():
        for account in patient.accounts(channel):
            yield str(account.key), partial(check, account, patient)
    yield "agents", partial(outside.models, patient)


async def _in_thread(check: Callable[[Patient], Iterator[Finding]], patient: Patient) -> list[Finding]:
    return await trio.to_thread.run_sync(lambda: list(check(patient)), abandon_on_cancel=True)


async def _looked(name: str, check: Check) -> list[Finding]:
    with trio.move_on_after(CHECK_SECONDS):
        try:
            return list(await check())
        except (RouterError, OSError) as error:
            return [warn(name, f"could not be looked at: {error}")]
    return [warn(name, f"could not be looked at within {CHECK_SECONDS:g} s")]


async def _awake(patient: Patient) -> Patient:
    """The patient with what the running router says, or with why it says nothing."""
    try:
        with trio.fail_after(CHECK_SECONDS):
            async with open_control(read_endpoint(patient.state_dir)) as control:
                pid = (await control.call(Ping())).pid
                channels = await control.call(GetChannelsStatus())
    except (RouterError, OSError, trio.TooSlowError) as error:
        return replace(patient, not_running=str(error) or "the router does not answer")
    return replace(patient, running=Running(pid=pid, channels=channels))
