"""Settings of one personal account, as its actor needs them: already merged over the channel's."""

from __future__ import annotations

from typing import Annotated

import msgspec


class ZalouserSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Keys of `channels.zalouser` and `channels.zalouser.accounts.<id>` that the account itself obeys."""

    name: str = ""
    enabled: bool = True
    profile: str | None = None
    """The zca profile; from `ZCA_PROFILE`, then the account id, when not given."""
    program: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)] = ("zca",)
    """The program to run, with leading arguments if it needs any."""
    listen_args: tuple[str, ...] = ("-r", "-k")
    media_max_mb: Annotated[float, msgspec.Meta(gt=0)] = 5.0
    silence_seconds: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """Restart the listener after so long without a line; 0 never does."""
    reconnect_seconds: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    """How long a listener that said `Listener closed` may take to come back."""
    send_timeout_seconds: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    """Of one send. Some versions hang when they upload (zca reference, section 2); then the outcome is not known."""
