"""Finding out who a bot's token is, before it is written down."""

from __future__ import annotations

import os

import click
import trio

from actors.errors import BadCredentials, RouterError
from actors.secret import Secret
from actors.zalo.settings import DEFAULT_API_URL, ZaloSettings
from router.cli.drafting import SettingsDraft
from router.doctor.outside import bot_api
from router.printable import printable

CHECK_SECONDS = 20.0


class Refused(click.ClickException):
    """Zalo does not know this token."""


def check_token(draft: SettingsDraft, token: str) -> None:
    """Asks Zalo who the token is, and says it.

    Raises: Refused when Zalo does not accept it; another click.ClickException when Zalo cannot be asked now.
    """
    url = draft.get(("channels", "zalo", "apiUrl")) or os.environ.get("ZALO_API_URL") or DEFAULT_API_URL
    proxy = draft.get(("channels", "zalo", "proxy"))
    settings = ZaloSettings(
        bot_token=Secret(token), api_url=str(url), proxy=proxy, request_timeout_seconds=CHECK_SECONDS
    )
    click.echo("Asking Zalo who this token is …")
    try:
        name = trio.run(_name, settings)
    except BadCredentials as error:
        raise Refused(f"Zalo does not accept this token: {error}") from None
    except (RouterError, OSError) as error:
        raise click.ClickException(f"Zalo could not be asked: {error}") from None
    click.echo(printable(f"It is {name}."))


async def _name(settings: ZaloSettings) -> str:
    async with bot_api(settings) as api:
        me = await api.get_me()
    return me.display_name or me.account_name or str(me.id)
