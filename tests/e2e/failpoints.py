"""`router serve` that kills itself at a named point: `FAILPOINT=<name>:<n>` means the n-th time that it comes by.

The points are put around the program's own functions from outside, so that the program itself has none in it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from actors.intake import AccountIntake
from actors.zalo.client import BotApi
from actors.zalo.webhook import WebhookReceiver
from actors.zalouser.channel import ZalouserChannel
from actors.zalouser.hearing import Hearing
from router.agent_pool import AgentPool
from router.cli import main
from router.store.sqlite import SqliteStore

Method = Callable[..., Awaitable[Any]]

POINTS: dict[str, tuple[type, str, bool]] = {
    "before-known": (SqliteStore, "known", True),
    "before-commit": (SqliteStore, "commit", True),
    "after-commit": (SqliteStore, "commit", False),
    "after-poll": (BotApi, "get_updates", False),
    "before-accept": (AccountIntake, "accept", True),
    "after-accept": (AccountIntake, "accept", False),
    "before-send": (BotApi, "send_message", True),
    "after-send": (BotApi, "send_message", False),
    "before-turn": (AgentPool, "_answer", True),
    "after-turn": (AgentPool, "_answer", False),
    "before-take": (WebhookReceiver, "take", True),
    "after-take": (WebhookReceiver, "take", False),
    "before-line": (Hearing, "_take_once", True),
    "after-line": (Hearing, "_take_once", False),
    "before-zca": (ZalouserChannel, "send", True),
    "after-zca": (ZalouserChannel, "send", False),
}
"""Name to the class, its method, and whether the point is before the call or after it."""


def arm(name: str, passes: int) -> None:
    """Has this process killed with SIGKILL at the `passes`-th time that it comes by the point."""
    owner, method, before = POINTS[name]
    original: Method = getattr(owner, method)
    left = passes

    def come_by() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    async def instrumented(*args: Any, **kwargs: Any) -> Any:
        if before:
            come_by()
        result = await original(*args, **kwargs)
        if not before:
            come_by()
        return result

    setattr(owner, method, instrumented)


if __name__ == "__main__":
    if order := os.environ.get("FAILPOINT"):
        point, _, number = order.partition(":")
        arm(point, int(number))
    sys.exit(main())
