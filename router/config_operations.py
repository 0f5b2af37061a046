"""What the control socket can ask about settings, done."""

from __future__ import annotations

import trio

from router.control.connection import Handlers
from router.control.jsonrpc import ControlError, ErrorCode
from router.control.protocol.config import (
    ConfigReloaded,
    ConfigShown,
    ConfigVerdict,
    GetConfig,
    ReloadConfig,
    ValidateConfig,
)
from router.reload import Applied, Reloader
from router.settings.load import read_settings
from router.settings.shown import shown
from router.settings_file import SettingsFile


def config_handlers(reloader: Reloader) -> Handlers:
    """By the names of the protocol's methods."""
    operations = ConfigOperations(reloader)
    return {
        "config.validate": operations.validate,
        "config.reload": operations.reload,
        "config.get": operations.get,
    }


class ConfigOperations:
    """The settings of a running router as its operators see them."""

    def __init__(self, reloader: Reloader) -> None:
        self._reloader = reloader

    async def validate(self, _: ValidateConfig) -> ConfigVerdict:
        """See the protocol."""
        file = self._file()
        path = file.path()
        reading = await trio.to_thread.run_sync(lambda: read_settings(path, env=file.env))
        return ConfigVerdict(
            ok=not reading.problems,
            file=None if path is None else str(path),
            problems=reading.problems,
            warnings=reading.warnings,
        )

    async def reload(self, _: ReloadConfig) -> ConfigReloaded:
        """See the protocol."""
        file = self._file()
        done = await self._reloader.reload()
        if not isinstance(done, Applied):
            raise ControlError(ErrorCode.REFUSED, "\n".join(done))
        return ConfigReloaded(
            file=None if file.path() is None else str(file.path()),
            changes=done.changes,
            needs_restart=done.needs_restart,
            warnings=done.warnings,
        )

    async def get(self, _: GetConfig) -> ConfigShown:
        """See the protocol."""
        file, loaded = self._reloader.file, self._reloader.in_force()
        path = None if file is None else file.path()
        return ConfigShown(
            file=None if path is None else str(path),
            settings=shown(loaded.settings),
            warnings=loaded.warnings,
        )

    def _file(self) -> SettingsFile:
        if self._reloader.file is None:
            raise ControlError(ErrorCode.REFUSED, "this router was started without a settings file")
        return self._reloader.file
