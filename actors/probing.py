"""Asking a network, just now, whether it knows an account: how long that took, and what came of it."""

from __future__ import annotations

import trio

from actors.channel import Probe, Probes
from actors.errors import RouterError


async def probed(channel: Probes, timeout_seconds: float) -> Probe:
    """Asks once; whatever is wrong is in the answer."""
    began = trio.current_time()
    ok, detail = False, f"no answer within {timeout_seconds:g} s"
    with trio.move_on_after(timeout_seconds):
        try:
            identity = await channel.probe()
        except RouterError as error:
            detail = str(error)
        else:
            ok, detail = True, identity.display_name or identity.user_id
    return Probe(ok=ok, latency_ms=(trio.current_time() - began) * 1000.0, detail=detail)
