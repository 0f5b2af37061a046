"""Steady traffic through a real `router serve`, with what it costs: memory, open files and the size of the WAL.

    python tests/e2e/soak.py --minutes 30 --per-second 20

Prints a line for each sample, then how the figures moved over the last two thirds: the first third warms up. Exits with
1 when a message was lost, repeated or answered out of its order.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import trio

sys.path.insert(0, str(Path(__file__).parents[2]))

from running import Child, Home, zalo_accounts
from traffic import Line, judge, lines

from actors.testing.bot_api.api import BotApi, run_bot_api

TOKENS = ("1000000000000000001:one", "1000000000000000002:two")
USERS_PER_BOT = 25
SAMPLE_SECONDS = 10.0


class Sample(msgspec.Struct, frozen=True):
    """The router's process at one instant."""

    at_seconds: float
    rss_kib: int
    open_files: int
    wal_kib: int
    answered: int


class Trend(msgspec.Struct, frozen=True):
    """How the figures moved, and what was promised and not kept."""

    samples: int
    answered: int
    rss_kib_per_minute: float
    open_files_per_minute: float
    largest_wal_kib: int
    faults: tuple[str, ...]


def slope_per_minute(points: Sequence[tuple[float, float]]) -> float:
    """Of the line that fits best, by least squares; x is in seconds. Zero for fewer than two points."""
    if len(points) < 2:
        return 0.0
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return 60 * sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def home(directory: Path, url: str) -> Home:
    """Two open bots and the echo agent."""
    settings = {
        "channels": zalo_accounts(url, TOKENS),
        "session": {"dmScope": "per-account-channel-peer"},
        "control": {"port": 0},
        "limits": {"pollGraceSeconds": 0.2},
    }
    return Home(directory, settings)


def look_at(child: Child, at_seconds: float, answered: int) -> Sample:
    """Reads the figures of a child that lives."""
    process = Path(f"/proc/{child.process.pid}")
    status = (process / "status").read_text()
    (rss,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))
    wal = child.state_dir / "router.db-wal"
    return Sample(
        at_seconds=round(at_seconds, 1),
        rss_kib=int(rss),
        open_files=len(list((process / "fd").iterdir())),
        wal_kib=wal.stat().st_size // 1024 if wal.exists() else 0,
        answered=answered,
    )


async def speak(api: BotApi, said: Sequence[Line], seconds: float) -> None:
    """Says the lines one after the other, evenly. Late for one, it catches up."""
    began = trio.current_time()
    for number, line in enumerate(said):
        await trio.sleep_until(began + seconds * number / len(said))
        api.say(line.token, line.user_id, line.text)


def faults_of(api: BotApi, said: Sequence[Line]) -> tuple[str, ...]:
    """What was lost, repeated or late, in words, with an example of each."""
    verdicts = [judge([line for line in said if line.token == token], api.bot(token).sent) for token in TOKENS]
    wrongs = {"not answered": "lost", "answered twice": "repeated", "answered out of order": "out_of_order"}
    return tuple(
        f"{len(found)} {words}, the first: {found[0]}"
        for verdict in verdicts
        for words, name in wrongs.items()
        if (found := getattr(verdict, name))
    )


def trend(samples: Sequence[Sample], faults: tuple[str, ...]) -> Trend:
    """Over the last two thirds of the samples."""
    warm = samples[len(samples) // 3 :]
    return Trend(
        samples=len(samples),
        answered=samples[-1].answered,
        rss_kib_per_minute=round(slope_per_minute([(each.at_seconds, each.rss_kib) for each in warm]), 1),
        open_files_per_minute=round(slope_per_minute([(each.at_seconds, each.open_files) for each in warm]), 2),
        largest_wal_kib=max(each.wal_kib for each in samples),
        faults=faults,
    )


async def soak(
    directory: Path,
    *,
    seconds: float,
    per_second: float,
    show: Callable[[Sample], None],
    sample_seconds: float = SAMPLE_SECONDS,
) -> Trend:
    """A whole run; `show` is given each sample as it is taken."""
    said = lines(TOKENS, USERS_PER_BOT, max(1, round(seconds * per_second)))
    samples: list[Sample] = []
    async with run_bot_api(*TOKENS) as api, home(directory, api.url).running() as child:
        began = trio.current_time()

        def take() -> None:
            samples.append(look_at(child, trio.current_time() - began, len(api.sent())))
            show(samples[-1])

        async def keep_looking() -> None:
            while True:
                await trio.sleep(sample_seconds)
                take()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(keep_looking)
            await speak(api, said, seconds)
            # What has not come by then is told as lost, be it only late: traffic that is too much is no soak.
            with trio.move_on_after(60):
                await api.wait_until(lambda: len(api.sent()) >= len(said))
            nursery.cancel_scope.cancel()
        take()
        code = await child.stop()
        ended = () if code == 0 else (f"it ended with {code}",)
        return trend(samples, faults_of(api, said) + ended)


def print_sample(sample: Sample) -> None:
    """One line of the table."""
    words = (sample.at_seconds, sample.rss_kib, sample.open_files, sample.wal_kib, sample.answered)
    sys.stdout.write("{:>8} s {:>9} KiB {:>6} files {:>8} KiB WAL {:>9} answered\n".format(*words))
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--per-second", type=float, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:

        async def run() -> Trend:
            seconds = arguments.minutes * 60
            return await soak(Path(directory), seconds=seconds, per_second=arguments.per_second, show=print_sample)

        found = trio.run(run)
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(main())
