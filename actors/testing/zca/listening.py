"""`zca listen`: prints what its inbox file says, one order at a time, until an order or a signal ends it."""

from __future__ import annotations

import base64
import json
import sys
import time
from typing import Any

from actors.testing.zca import printing
from actors.testing.zca.arguments import Call, Ends
from actors.testing.zca.home import Home

POLL_SECONDS = 0.01
RECONNECT_SECONDS = 0.05
"""The real one takes 2 s after codes 1000 and 3000."""
RECYCLE_EXIT = 75


class Listener:
    """One `listen` process."""

    def __init__(self, home: Home, call: Call, own_id: str) -> None:
        self._home = home
        self._own_id = own_id
        self._supervised = {"supervised", "raw"} <= call.flags
        self._keep_alive = "keep-alive" in call.flags and "supervised" not in call.flags
        self._deaf = False

    def run(self) -> None:
        """Raises: Ends, sooner or later."""
        with self._home.listening():
            say("Listening... Press Ctrl+C to stop.")
            self._tell("session_id", session_id="stand-in")
            self._connected()
            inbox = self._home.inbox()
            while True:
                for order in inbox.waiting():
                    if self._deaf and order["do"] == "say":
                        break  # left for the next listener
                    inbox.done(order)
                    getattr(self, f"_do_{order['do']}")(order)
                time.sleep(POLL_SECONDS)

    def _do_say(self, order: dict[str, Any]) -> None:
        say(printing.line(order, self._own_id, like_zca_cli=self._home.like_zca_cli))

    def _do_print(self, order: dict[str, Any]) -> None:
        """Writes these very bytes, in one go."""
        sys.stdout.buffer.write(base64.b64decode(order["base64"]))
        sys.stdout.buffer.flush()

    def _do_complain(self, order: dict[str, Any]) -> None:
        print(order["text"], file=sys.stderr, flush=True)  # noqa: T201 it is a program that prints

    def _do_wait(self, order: dict[str, Any]) -> None:
        time.sleep(order["seconds"])

    def _do_connect(self, _: dict[str, Any]) -> None:
        self._connected()

    def _do_close(self, order: dict[str, Any]) -> None:
        """Zalo closes the connection. With `-k`, 1000 and 3000 reconnect; any other code leaves it alive and deaf."""
        code = order["code"]
        if self._supervised:
            self._tell("closed", code=code)
        else:
            say(printing.CLOSED.format(code=code))
        if not self._keep_alive:
            raise Ends(0)
        self._deaf = True
        if code in (1000, 3000):
            time.sleep(RECONNECT_SECONDS)
            self._connected()

    def _do_recycle(self, _: dict[str, Any]) -> None:
        say(printing.CLOSED.format(code=1000))
        raise Ends(RECYCLE_EXIT, stderr=printing.RECYCLED)

    def _do_exit(self, order: dict[str, Any]) -> None:
        raise Ends(order["code"], stderr=order.get("stderr", ""))

    def _connected(self) -> None:
        self._deaf = False
        if self._supervised:
            self._tell("connected")
        else:
            say("Connected to Zalo websocket.")

    def _tell(self, event: str, **fields: Any) -> None:
        if self._supervised:
            told = {"kind": "lifecycle", "event": event, "profile": self._home.profile, **fields}
            say(json.dumps(told | {"timestamp": int(time.time())}))  # noqa: TID251 a program of its own


def say(text: str) -> None:
    """One line, at once."""
    sys.stdout.buffer.write(text.encode() + b"\n")
    sys.stdout.buffer.flush()
