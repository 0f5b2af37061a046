"""An echo bot on python-zalo-bot, written as its own documentation shows."""

from __future__ import annotations

import logging
from typing import Any

from zalo_bot.ext import ApplicationBuilder, MessageHandler, filters  # type: ignore[import-untyped]

from bench.orders import read_orders


async def echo(update: Any, _context: Any) -> None:
    """Answers with the text itself."""
    await update.message.reply_text(update.message.text)


def main() -> None:
    """Serves the first bot of the orders, forever."""
    logging.disable(logging.WARNING)
    orders = read_orders()
    application = ApplicationBuilder().token(orders.tokens[0]).base_url(orders.url).build()
    application.add_handler(MessageHandler(filters.TEXT, echo))
    application.run_polling()


if __name__ == "__main__":
    main()
