"""`router configure`: an account set up question by question (zca reference, sections 5.11 and 5.12)."""

from __future__ import annotations

from pathlib import Path

import click

from router.cli.options import config_option

EPILOG = """\b
Examples:
  router configure
  router configure --channel zalo --account shop
"""


@click.command(epilog=EPILOG)
@config_option
@click.option("--channel", metavar="CHANNEL", help="zalo (zl) or zalouser (zlu); asked for when not given.")
@click.option("--account", metavar="ID", help="Which account; asked for when the channel has some already.")
def configure(config: Path | None, channel: str | None, account: str | None) -> None:
    """Set up an account, question by question.

    A bot's token is tried out before it is saved. Of a settings file that is there, only what you change changes;
    comments stay, and what it was is kept as FILE.bak. Nothing is written before the last question is answered.
    """
    from router.cli.drafting import open_draft
    from router.cli.wizard import Wizard
    from router.cli.words import channel_of

    wizard = Wizard(open_draft(config))
    wizard.run(channel_of(channel) if channel else None, account)
