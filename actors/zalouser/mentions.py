"""Whether a group's message is meant for the account: by a mention, a reply to it, or its name behind an `@`.

Pure. The name counts because not every program tells whom a message mentions (zca reference, section 1.5).
"""

from __future__ import annotations

import re
from typing import Any, Final

from actors.messages import Identity
from actors.zalouser.fields import RawLine, as_text, as_word

_QUOTED: Final = "\n[reply context: "
"""Behind it stands what somebody said before."""


def is_mentioned(line: RawLine, own: Identity) -> bool:
    """Says so for the account that is `own`."""
    said = as_text(line.content).partition(_QUOTED)[0]
    return _by_id(line, own.user_id) or _by_reply(line, own.user_id) or _by_name(said, own.display_name)


def _by_id(line: RawLine, own_id: str) -> bool:
    # Of a sticker, openzca takes the sticker's own id for a mention.
    if not own_id or as_text(line.msg_type) == "chat.sticker":
        return False
    told: list[Any] = [ids for ids in (line.mention_ids, line.metadata.mention_ids) if isinstance(ids, list)]
    return any(as_word(each) == own_id for ids in told for each in ids)


def _by_reply(line: RawLine, own_id: str) -> bool:
    quotes = (line.quote, line.metadata.quote)
    return bool(own_id) and any(isinstance(quote, dict) and as_word(quote.get("ownerId")) == own_id for quote in quotes)


def _by_name(content: str, own_name: str) -> bool:
    name = own_name.strip()
    return bool(name) and re.search(rf"@{re.escape(name)}(?!\w)", content, re.IGNORECASE) is not None
