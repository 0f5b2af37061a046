"""Kills a real `router serve` with SIGKILL over and over, at random instants and at named points, and checks it.

    python tests/e2e/kill_loop.py --cycles 1000 --seed 7

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

import msgspec
import trio

sys.path.insert(0, str(Path(__file__).parents[2]))

from failpoints import POINTS
from running import Home, zalo_accounts

from actors.testing.bot_api.api import BotApi, run_bot_api

TOKENS = ("1000000000000000001:one", "1000000000000000002:two")
USERS = 7


class Report(msgspec.Struct):
    """What a run came to."""

    cycles: int
    kills_at_points: Counter[str]
    said: int
    accepted: int
    answered: int
    repeated: int
    resent_rows: int
    faults: list[str]


def home(directory: Path, url: str) -> Home:
    settings = {
        "channels": zalo_accounts(url, TOKENS, pollTimeoutSeconds=5),
        "session": {"dmScope": "per-account-channel-peer"},
        "agents": {"list": [{"id": "main", "kind": "echo"}]},
        "control": {"port": 0},
        "limits": {"pollGraceSeconds": 0},
    }
    return Home(directory, settings)


class KillLoop:
    """One run: a simulator that lives on, and a router that does not."""

    def __init__(self, api: BotApi, router: Home, seed: int) -> None:
        self._api = api
        self._router = router
        self._chance = random.Random(seed)
        self._spoken: Counter[str] = Counter()
        self.points: Counter[str] = Counter()
        self.said = 0

    async def cycle(self) -> None:
        """Some people write; the router starts, works, and is killed."""
        for _ in range(self._chance.randint(0, 25)):
            self._say()
        point = self._chance.choice([*POINTS, None, None, None])
        failpoint = f"{point}:{self._chance.randint(1, 12)}" if point else ""
        lifetime = self._chance.uniform(0.0, 0.6)
        async with self._router.running(failpoint=failpoint, wait=False) as child:
            with trio.move_on_after(0.35 + lifetime):
                await child.process.wait()
        if point and child.process.returncode is not None and not child.killed_from_outside:
            self.points[point] += 1

    def _say(self) -> None:
        token, user = self._chance.choice(TOKENS), f"user-{self._chance.randrange(USERS)}"
        self._spoken[token + user] += 1
        self._api.say(token, user, f"{user} says {self._spoken[token + user]}")
        self.said += 1

    async def finish(self) -> None:
        """Lets one last router live until everything accepted has been answered."""
        async with self._router.running() as child:
            await self._api.wait_until(lambda: not any(self._api.bot(token).queue for token in TOKENS))
            while True:
                status = await child.status()
                if not any(a.inbox_waiting or a.turns_running or a.outbox_queued for a in status.accounts):
                    break
                await trio.sleep(0.05)
            await child.stop()

    def judge(self, cycles: int) -> Report:
        """Holds what the simulator saw against what the router accepted."""
        with sqlite3.connect(self._router.state_dir / "router.db") as db:
            rows = db.execute(
                "SELECT account_id, sender_id, text FROM inbox JOIN inbox_content USING (inbox_id) ORDER BY inbox_id"
            ).fetchall()
            unfinished = db.execute("SELECT count(*) FROM inbox WHERE state != 'done'").fetchone()[0]
            (resent,) = db.execute("SELECT coalesce(sum(attempts - 1), 0) FROM outbox").fetchone()
            (twice,) = db.execute(
                "SELECT count(*) FROM (SELECT inbox_id FROM outbox GROUP BY inbox_id HAVING count(*) > 1)"
            ).fetchone()
        faults = [f"{unfinished} accepted messages are not answered"] if unfinished else []
        faults += [f"{twice} turns were finished more than once"] if twice else []
        repeated = answered = 0
        for index, token in enumerate(TOKENS):
            accepted = [(user, text) for account, user, text in rows if account == f"bot{index}"]
            found, again = self._judge_bot(token, accepted, faults)
            answered, repeated = answered + found, repeated + again
        if repeated > resent:
            faults.append(f"{repeated} messages were repeated, and only {resent} rows were sent again")
        return Report(cycles, self.points, self.said, len(rows), answered, repeated, resent, faults)

    def _judge_bot(self, token: str, accepted: list[tuple[str, str]], faults: list[str]) -> tuple[int, int]:
        answered = repeated = 0
        sent = self._api.bot(token).sent
        for user in {user for user, _ in accepted}:
            expected = [text for who, text in accepted if who == user]
            got = [message.text for message in sent if message.chat_id == user]
            firsts = list(dict.fromkeys(got))
            repeated += len(got) - len(firsts)
            answered += len(firsts)
            if firsts != expected:
                faults.append(f"{token.partition(':')[0]} {user}: expected {expected}, got {firsts}")
        return answered, repeated


async def run(cycles: int, seed: int, directory: Path) -> Report:
    """A whole run. Its report has no faults when every promise held."""
    async with run_bot_api(*TOKENS) as api:
        loop = KillLoop(api, home(directory, api.url), seed)
        for number in range(cycles):
            await loop.cycle()
            if sys.stderr.isatty():
                sys.stderr.write(f"\r{number + 1}/{cycles} cycles, {loop.said} said, {len(api.sent())} sent ")
        await loop.finish()
        return loop.judge(cycles)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cycles", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        report = trio.run(run, arguments.cycles, arguments.seed, Path(directory))
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
