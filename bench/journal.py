"""How many messages a second become durable, beside SQLite left to itself."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from pathlib import Path

from bench.contract import Figure, Scale, Tell
from bench.desk import RAW, open_desk

PRODUCERS = (1, 8, 64, 256)


async def run(scale: Scale, tell: Tell) -> list[Figure]:
    """Producers that each wait until their message is durable before they bring the next."""
    figures = []
    for producers in PRODUCERS:
        case = f"{producers} waiting"
        tell(f"{case}: router actor and store")
        durable = await _durable_a_second(producers, scale)
        tell(f"{case}: sqlite3 alone")
        raw = _raw_a_second(producers, scale)
        figures += [
            Figure(case, "durable", durable, "/s"),
            Figure(case, "sqlite3 alone, rows", raw, "/s"),
            Figure(case, "router is", durable / raw, "x"),
        ]
    return figures


async def _durable_a_second(producers: int, scale: Scale) -> float:
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        async with open_desk(Path(directory), answering=False) as desk:
            users = [f"user{number}" for number in range(producers)]
            return await desk.accept_for(scale.seconds, users) / scale.seconds


def _raw_a_second(rows: int, scale: Scale) -> float:
    """Transactions of `rows` inserts, as durable as the router's, from the thread that waits for them."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        db = sqlite3.connect(Path(directory) / "raw.db", isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("CREATE TABLE message (id INTEGER PRIMARY KEY, user TEXT, raw BLOB)")
        batch = [(f"user{number}", RAW) for number in range(rows)]
        transactions, began = 0, time.perf_counter()
        while (seconds := time.perf_counter() - began) < min(scale.seconds, 2.0):
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT INTO message (user, raw) VALUES (?, ?)", batch)
            db.execute("COMMIT")
            transactions += 1
        db.close()
        return transactions * rows / seconds
