"""What happened (the log file) and what is happening (events)."""

from __future__ import annotations

from functools import partial

import trio

from router.control.connection import Peer
from router.control.jsonrpc import ControlError, ErrorCode
from router.control.protocol.journal import EventNotice, LogTail, Subscribed, SubscribeEvents, TailLogs
from router.control.times import iso_time
from router.log_tail import LogQuery, read_tail
from router.operations.inside import Inside
from router.telemetry import TABLE, Record


class Journal:
    """`logs.tail` and `events.subscribe`."""

    def __init__(self, inside: Inside) -> None:
        self._inside = inside

    async def tail(self, params: TailLogs) -> LogTail:
        """See the protocol. The file is read in a thread."""
        query = LogQuery(limit=params.limit, level=params.level, account=params.account or "")
        return await trio.to_thread.run_sync(
            read_tail, self._inside.around.state_dir / "logs", params.cursor, query, abandon_on_cancel=True
        )

    async def subscribe(self, params: SubscribeEvents, peer: Peer) -> Subscribed:
        """See the protocol."""
        for name in params.names:
            if not any(_names(name, row.name) for row in TABLE.values()):
                known = ", ".join(sorted({row.name.partition(".")[0] for row in TABLE.values()}))
                raise ControlError(ErrorCode.NOT_FOUND, f"no event is named {name!r}; names begin with {known}")
        sink = partial(self._tell, peer, params.names)
        peer.replace_subscription(self._inside.around.telemetry.add_sink(sink, params.level))
        return Subscribed(names=params.names)

    def _tell(self, peer: Peer, names: tuple[str, ...], record: Record) -> None:
        if names and not any(_names(name, record.row.name) for name in names):
            return
        account = record.fields().get("account", "")
        notice = EventNotice(
            name=record.row.name,
            at=iso_time(record.at),
            level=record.level,
            text=self._inside.around.redact(record.text()),
            account=str(account),
        )
        peer.notify(notice)


def _names(wanted: str, name: str) -> bool:
    return name == wanted or name.startswith(f"{wanted}.")
