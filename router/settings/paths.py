"""Where the settings file and the state directory are. Light on purpose: every command of the CLI asks here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import platformdirs

APP_NAME = "zalo-router"
CONFIG_NAME = "router.json5"


def find_config(explicit: Path | None, env: Mapping[str, str]) -> Path | None:
    """The settings file: `--config`, `$ROUTER_CONFIG`, `./router.json5`, or the one in the platform's config directory.

    The first two are taken at their word, so that a wrong path is reported rather than passed over; the last two count
    only when they exist. None means that there is no settings file and the defaults hold.
    """
    named = _named(explicit, env.get("ROUTER_CONFIG", ""))
    if named is not None:
        return named
    candidates = (Path(CONFIG_NAME), platformdirs.user_config_path(APP_NAME, appauthor=False) / CONFIG_NAME)
    return next((path for path in candidates if path.is_file()), None)


def find_state_dir(explicit: Path | None, env: Mapping[str, str]) -> Path:
    """The state directory: `--state-dir`, `$ROUTER_STATE_DIR`, or the platform's. It need not exist yet."""
    named = _named(explicit, env.get("ROUTER_STATE_DIR", ""))
    return named if named is not None else platformdirs.user_state_path(APP_NAME, appauthor=False)


def _named(explicit: Path | None, from_env: str) -> Path | None:
    if explicit is not None:
        return at_home(explicit)
    return at_home(Path(from_env)) if from_env.strip() else None


def at_home(path: Path) -> Path:
    """The path with a leading `~` or `~user` replaced; as it is when there is no such home."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path
