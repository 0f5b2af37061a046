"""What the router itself says to people, in the languages it knows."""

from __future__ import annotations

from typing import Literal

import msgspec

Locale = Literal["en", "vi"]


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """One language. `{...}` are filled by `str.format`."""

    pairing: str
    approved: str
    """When an operator let somebody in and asked for them to be told."""
    broken: str
    """When an agent stays broken; never anything about why."""
    unsupported: str
    """To a sticker and the like."""
    new_session: str
    status: str
    help: str


ENGLISH = Texts(
    pairing=(
        "Zalo Router: access not configured.\n\n"
        "Your Zalo user id: {user_id}\n\n"
        "Pairing code: {code}\n\n"
        "Ask the bot owner to approve with:\nrouter pairing approve {channel} {code}"
    ),
    approved="You have been let in. Write something and you will be answered.",
    broken="Sorry, something went wrong and I could not answer. Please try again later.",
    unsupported="Sorry, I cannot see this kind of message. Please write to me in words.",
    new_session="A new conversation has begun.",
    status="Agent: {agent}\nConversation since: {since}\nWaiting messages: {waiting}",
    help="/new begins a new conversation (so does /reset)\n/status shows who answers\n/help shows this",
)

VIETNAMESE = Texts(
    pairing=(
        "Zalo Router: bạn chưa được cấp quyền.\n\n"
        "ID Zalo của bạn: {user_id}\n\n"
        "Mã ghép nối: {code}\n\n"
        "Hãy nhờ chủ bot duyệt bằng lệnh:\nrouter pairing approve {channel} {code}"
    ),
    approved="Bạn đã được cấp quyền. Hãy nhắn tin để bắt đầu trò chuyện.",
    broken="Xin lỗi, đã có lỗi xảy ra nên tôi chưa trả lời được. Vui lòng thử lại sau.",
    unsupported="Xin lỗi, tôi không xem được loại tin nhắn này. Bạn hãy nhắn bằng chữ nhé.",
    new_session="Đã bắt đầu cuộc trò chuyện mới.",
    status="Tác tử: {agent}\nTrò chuyện từ: {since}\nTin nhắn đang chờ: {waiting}",
    help="/new bắt đầu cuộc trò chuyện mới (/reset cũng vậy)\n/status xem ai đang trả lời\n/help xem hướng dẫn này",
)

BY_LOCALE: dict[Locale, Texts] = {"en": ENGLISH, "vi": VIETNAMESE}
