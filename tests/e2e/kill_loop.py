"""Kills a real `router serve` with SIGKILL over and over, at random instants and at named points, and checks it.

    python tests/e2e/kill_loop.py --mode polling|webhook|zca --cycles 1000 --seed 7

The same seed deals the same messages, instants and points (what the machine makes of an instant may differ).
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import get_args

import msgspec
import trio

sys.path.insert(0, str(Path(__file__).parents[2]))

from kill_worlds import Mode, World, open_world

USERS = 7


class Report(msgspec.Struct):
    """What a run came to."""

    mode: Mode
    cycles: int
    killed_from_outside: int
    kills_at_points: Counter[str]
    said: int
    accepted: int
    answered: int
    repeated: int
    resent_rows: int
    faults: list[str]


class KillLoop:
    """One run: a world that lives on, and a router that does not."""

    def __init__(self, world: World, mode: Mode, seed: int) -> None:
        self._world = world
        self._router = world.router
        self._mode = mode
        self._chance = random.Random(seed)
        self._spoken: Counter[str] = Counter()
        self._points: Counter[str] = Counter()
        self._killed_from_outside = 0
        self.said = 0

    async def cycle(self) -> None:
        """Some people write; the router starts, works, and is killed."""
        for _ in range(self._chance.randint(0, 25)):
            self._say(self._chance.choice(self._world.accounts), f"user-{self._chance.randrange(USERS)}")
        point = self._chance.choice([*self._world.points, None, None, None])
        failpoint = f"{point}:{self._chance.randint(1, 12)}" if point else ""
        lifetime = self._chance.uniform(0.0, 0.6)
        async with self._router.running(failpoint=failpoint, wait=False) as child:
            self._world.born(child)
            with trio.move_on_after(self._world.start_seconds + lifetime):
                await child.process.wait()
        if child.killed_from_outside:
            self._killed_from_outside += 1
        elif point:
            self._points[point] += 1

    def _say(self, account_id: str, user_id: str) -> str:
        self._spoken[account_id + user_id] += 1
        text = f"{user_id} says {self._spoken[account_id + user_id]}"
        self._world.say(account_id, user_id, text)
        self.said += 1
        return text

    async def finish(self) -> None:
        """Lets one last router live until everything accepted has been answered, the farewells included."""
        async with self._router.running() as child:
            self._world.born(child)
            while not all(account.state == "running" for account in (await child.status()).accounts):
                await trio.sleep(0.05)
            farewells = [(account_id, self._say(account_id, "user-0")) for account_id in self._world.accounts]
            for account_id, text in farewells:
                while ("user-0", text) not in self._world.sent(account_id):
                    await trio.sleep(0.05)
            while True:
                status = await child.status()
                if not any(a.inbox_waiting or a.turns_running or a.outbox_queued for a in status.accounts):
                    break
                await trio.sleep(0.05)
            await child.stop()

    def judge(self, cycles: int) -> Report:
        """Holds what the world saw against what the router accepted."""
        with sqlite3.connect(self._router.state_dir / "router.db") as db:
            rows = db.execute(
                "SELECT account_id, sender_id, text FROM inbox JOIN inbox_content USING (inbox_id) ORDER BY inbox_id"
            ).fetchall()
            unfinished = db.execute("SELECT count(*) FROM inbox WHERE state != 'done'").fetchone()[0]
            (resent,) = db.execute("SELECT coalesce(sum(attempts - 1), 0) FROM outbox").fetchone()
            (twice,) = db.execute(
                "SELECT count(*) FROM (SELECT inbox_id FROM outbox GROUP BY inbox_id HAVING count(*) > 1)"
            ).fetchone()
            (sound,) = db.execute("PRAGMA integrity_check").fetchone()
        faults = [] if sound == "ok" else [f"the database is damaged: {sound}"]
        faults += [f"{unfinished} accepted messages are not answered"] if unfinished else []
        faults += [f"{twice} turns were finished more than once"] if twice else []
        if self._world.loses_nothing and len(rows) != self.said:
            faults.append(f"{self.said} messages were said and {len(rows)} accepted")
        repeated = answered = 0
        for account_id in self._world.accounts:
            accepted = [(user, text) for account, user, text in rows if account == account_id]
            found, again = self._judge_account(account_id, accepted, faults)
            answered, repeated = answered + found, repeated + again
        if repeated > resent:
            faults.append(f"{repeated} messages were repeated, and only {resent} rows were sent again")
        return Report(
            mode=self._mode,
            cycles=cycles,
            killed_from_outside=self._killed_from_outside,
            kills_at_points=self._points,
            said=self.said,
            accepted=len(rows),
            answered=answered,
            repeated=repeated,
            resent_rows=resent,
            faults=faults,
        )

    def _judge_account(self, account_id: str, accepted: list[tuple[str, str]], faults: list[str]) -> tuple[int, int]:
        answered = repeated = 0
        sent = self._world.sent(account_id)
        for user in {user for user, _ in accepted} | {user for user, _ in sent}:
            expected = [text for who, text in accepted if who == user]
            got = [text for who, text in sent if who == user]
            firsts = list(dict.fromkeys(got))
            repeated += len(got) - len(firsts)
            answered += len(firsts)
            if firsts != expected:
                faults.append(f"{account_id} {user}: expected {expected}, got {firsts}")
        return answered, repeated


async def run(cycles: int, seed: int, directory: Path, mode: Mode = "polling") -> Report:
    """A whole run. Its report has no faults when every promise held."""
    async with open_world(mode, directory) as world:
        await world.prepare()
        loop = KillLoop(world, mode, seed)
        for number in range(cycles):
            await loop.cycle()
            if sys.stderr.isatty():
                sys.stderr.write(f"\r{number + 1}/{cycles} cycles, {loop.said} said ")
        await loop.finish()
        return loop.judge(cycles)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cycles", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--mode", choices=get_args(Mode), default="polling")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        report = trio.run(run, arguments.cycles, arguments.seed, Path(directory), arguments.mode)
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
