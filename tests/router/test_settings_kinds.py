"""The rows of the settings and the rows of the kinds themselves say the same."""

from __future__ import annotations

from actors.agents.kinds import KINDS
from actors.zalo.channel import KIND as ZALO
from router.settings.kinds import AGENTS, CHANNELS


def test_the_zalo_row_says_what_its_kind_says() -> None:
    row = CHANNELS[ZALO.name]
    assert (row.label, row.settings) == (ZALO.label, ZALO.settings)


def test_every_agent_kind_that_exists_can_be_configured_with_its_own_settings() -> None:
    assert {name: AGENTS.get(name) for name in KINDS} == {name: kind.settings for name, kind in KINDS.items()}
