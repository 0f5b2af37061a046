"""Settings of one personal account, as its actor needs them: already merged over the channel's."""

from __future__ import annotations

import msgspec


class ZalouserSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Keys of `channels.zalouser` and `channels.zalouser.accounts.<id>` that the account itself obeys."""

    name: str = ""
    enabled: bool = True
    profile: str | None = None
    """The zca profile; from `ZCA_PROFILE`, then the account id, when not given."""
    program: tuple[str, ...] = ("zca",)
    """The program to run, with leading arguments if it needs any."""
    listen_args: tuple[str, ...] = ("-r", "-k")
    media_max_mb: float = 5.0
    silence_seconds: float = 0.0
    """Restart the listener after so long without a line; 0 never does."""
    reconnect_seconds: float = 60.0
    """How long a listener that said `Listener closed` may take to come back."""
