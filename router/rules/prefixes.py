"""Words that are put in front of what an agent says, and of what it is told.

Which prefix holds is the settings' affair: the account's, else its channel's, else `messages.responsePrefix`. How it
reads is this module's (openclaw-gateway reference, section 4.6).
"""

from __future__ import annotations

import re

import msgspec

_VARIABLE = re.compile(r"\{([a-zA-Z.]+)\}")


class AgentFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a prefix can say of an agent; empty is not known."""

    name: str = ""
    model: str = ""
    provider: str = ""


NOBODY = AgentFacts()


def response_prefix(template: str, agent: AgentFacts) -> str:
    """The prefix in words. `auto` is `[name]`; `{model}` and the like are filled in, whatever their case.

    A variable that means nothing here, or that this agent has no value for, is left as it is.
    """
    if template.strip().lower() == "auto":
        return f"[{agent.name}]" if agent.name else ""
    values = {
        "model": agent.model,
        "modelfull": f"{agent.provider}/{agent.model}" if agent.provider and agent.model else agent.model,
        "provider": agent.provider,
        "identity.name": agent.name,
    }
    return _VARIABLE.sub(lambda found: values.get(found[1].lower()) or found[0], template)


def with_prefix(text: str, prefix: str) -> str:
    """`prefix`, a space, `text`. A text that begins with the prefix, or is blank, is left as it is."""
    words = prefix.strip()
    return f"{words} {text}" if words and text.strip() and not text.startswith(words) else text
