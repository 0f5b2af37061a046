"""A bot's own name at the beginning of what is said to it in a group.

Zalo gives a bot in a group only what mentions it, with the literal `@Bot Name ` in front (zalo-bot-api reference,
section 3.3), and no list of mentions from which to know where it ends. So it ends where the bot's own name does.

Rule 1: only the very beginning counts, and only the whole name: `@Bot Demo` does not name the bot `Bot De`.
Rule 2: case, the width of white space and the two Unicode spellings of Vietnamese letters make no difference.
Rule 3: of a message that is nothing but the name, the name stays: silence is no question.
"""

from __future__ import annotations

import functools
import re
import unicodedata


def without_mention(text: str, own_name: str) -> str:
    """`text` without the mention of `own_name` in front of it; as it is when there is none, or no name is known."""
    if not own_name.strip() or not text.lstrip().startswith("@"):
        return text
    found = _mention(own_name).match(text)
    return (text[found.end() :].strip() or text) if found else text


@functools.lru_cache(maxsize=256)
def _mention(own_name: str) -> re.Pattern[str]:
    spellings = (unicodedata.normalize(form, own_name) for form in ("NFC", "NFD"))
    names = "|".join(r"\s+".join(map(re.escape, spelling.split())) for spelling in spellings)
    # A combining mark goes on with the letter before it, though the regular expression does not count it as one.
    return re.compile(rf"\s*@(?:{names})(?![\w\u0300-\u036f])[\s,:]*", re.IGNORECASE)
