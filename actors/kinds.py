"""The table of channel kinds. A new channel is a folder beside this module, a row here, and an entry point."""

from __future__ import annotations

from collections.abc import Mapping

from actors.channel import ChannelKind
from actors.zalo.channel import KIND as ZALO
from actors.zalouser.channel import KIND as ZALOUSER

CHANNEL_KINDS: Mapping[str, ChannelKind] = {kind.name: kind for kind in (ZALO, ZALOUSER)}
"""By the channel id of the settings."""
