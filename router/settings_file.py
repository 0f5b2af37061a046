"""The settings file of a running router: read again when it, an include or a token file has changed, or on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import trio

from actors.secret import Secret
from router.settings.fingerprints import Mark, fingerprints
from router.settings.load import Reading, read_settings
from router.settings.secrets import secrets_in

LOOK_EVERY_SECONDS = 1.0
SETTLED_AFTER_SECONDS = 0.3
"""Files that look the same twice, so long apart, are taken for written to the end."""


class SettingsFile:
    """Where settings come from, and a bell to have them read again."""

    def __init__(
        self,
        find: Callable[[], Path | None],
        env: Mapping[str, str],
        sources: Iterable[Path] = (),
        learn: Callable[[Secret], None] = lambda _secret: None,
    ) -> None:
        """`find` says where the file is now, if anywhere; `sources` had a say when it was read last; `learn` is given
        every secret before anybody else is."""
        self._find = find
        self.env = env
        """What `${NAME}` is looked up in."""
        self._learn = learn
        self._seen: Mapping[Path, Mark] = fingerprints(sources)
        self._rung = trio.Event()

    def path(self) -> Path | None:
        """The settings file; None when there is none and the defaults hold."""
        return self._find()

    def read(self) -> Reading:
        """Reads everything again. Blocks; from here on `wait_until_changed` waits for what changes after this."""
        before = fingerprints(self._seen)
        reading = read_settings(self._find(), env=self.env)
        # What changes while it is read must count as changed, so the look before it is the one that is kept.
        self._seen = {
            **fingerprints(reading.sources),
            **{path: before[path] for path in reading.sources if path in before},
        }
        for secret in secrets_in(reading.settings):
            self._learn(secret)
        return reading

    def ring(self) -> None:
        """Has whoever waits in `wait_until_changed` go on at once. Safe to call at any time, from Trio's thread."""
        self._rung.set()

    async def wait_until_changed(self) -> None:
        """Returns when somebody rang, or a file changed and has settled since."""
        while not await self._rings_within(LOOK_EVERY_SECONDS):
            looks = await self._look()
            if looks != self._seen:
                await self._settled(looks)
                break
        self._rung = trio.Event()

    async def _settled(self, looks: Mapping[Path, Mark]) -> None:
        while not await self._rings_within(SETTLED_AFTER_SECONDS):
            looks, before = await self._look(), looks
            if looks == before:
                return

    async def _rings_within(self, seconds: float) -> bool:
        with trio.move_on_after(seconds):
            await self._rung.wait()
        return self._rung.is_set()

    async def _look(self) -> Mapping[Path, Mark]:
        # In a thread: a network share that hangs must not hold the router up.
        return await trio.to_thread.run_sync(fingerprints, tuple(self._seen), abandon_on_cancel=True)
