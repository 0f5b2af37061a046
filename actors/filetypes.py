"""What kind of file some bytes are.

Rule 1: the bytes decide, by the marks at their beginning; what a server says about them is a hint for the rest.
Rule 2: only kinds that chats carry are known. Two marks are beyond what small detection libraries know: the bare ADTS
AAC of Zalo's voice notes, which is told by 12 set bits, and JPEG XL, in which Zalo keeps pictures.
Rule 3: whatever is not known is `application/octet-stream`, `.bin`.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

HEAD_BYTES: Final = 64
"""As much of a file as its kind is told by."""


class FileType(msgspec.Struct, frozen=True):
    """A kind of file."""

    mime_type: str
    extension: str
    """With its dot."""


UNKNOWN: Final = FileType("application/octet-stream", ".bin")
_JXL = FileType("image/jxl", ".jxl")
_TIFF = FileType("image/tiff", ".tiff")
_MP3 = FileType("audio/mpeg", ".mp3")
_AAC = FileType("audio/aac", ".aac")
_ZIP = FileType("application/zip", ".zip")
_HEIC = FileType("image/heic", ".heic")

_MARKS: Final[tuple[tuple[re.Pattern[bytes], FileType], ...]] = tuple(
    (re.compile(mark, re.DOTALL), found)
    for mark, found in (
        (rb"\xff\xd8\xff", FileType("image/jpeg", ".jpg")),
        (rb"\x89PNG\r\n\x1a\n", FileType("image/png", ".png")),
        (rb"GIF8[79]a", FileType("image/gif", ".gif")),
        (rb"RIFF....WEBP", FileType("image/webp", ".webp")),
        (rb"RIFF....WAVE", FileType("audio/wav", ".wav")),
        (rb"RIFF....AVI ", FileType("video/x-msvideo", ".avi")),
        (rb"BM....\x00\x00\x00\x00", FileType("image/bmp", ".bmp")),
        (rb"II\*\x00|MM\x00\*", _TIFF),
        (rb"\xff\x0a|\x00\x00\x00\x0cJXL \r\n\x87\n", _JXL),
        (rb"....ftyp(?:heic|heix|hevc|mif1|msf1)", _HEIC),
        (rb"....ftypavi[fs]", FileType("image/avif", ".avif")),
        (rb"....ftypM4[AB] ", FileType("audio/mp4", ".m4a")),
        (rb"....ftypqt  ", FileType("video/quicktime", ".mov")),
        (rb"....ftyp3g", FileType("video/3gpp", ".3gp")),
        (rb"....ftyp", FileType("video/mp4", ".mp4")),
        (rb"\x1aE\xdf\xa3", FileType("video/webm", ".webm")),
        (rb"OggS", FileType("audio/ogg", ".ogg")),
        (rb"fLaC", FileType("audio/flac", ".flac")),
        (rb"#!AMR", FileType("audio/amr", ".amr")),
        (rb"ID3", _MP3),
        # 12 bits of sync, then the layer: 00 is ADTS (AAC), 01 to 11 are layers III to I of MPEG audio.
        (rb"\xff[\xf0\xf1\xf8\xf9]", _AAC),
        (rb"\xff[\xf2-\xf7\xfa-\xff\xe2-\xe7]", _MP3),
        (rb"%PDF-", FileType("application/pdf", ".pdf")),
        (rb"PK\x03\x04", _ZIP),
    )
)

_BY_MIME: Final = {found.mime_type: found for _, found in _MARKS} | {
    "image/jpg": FileType("image/jpeg", ".jpg"),
    "audio/mp3": _MP3,
    "audio/x-aac": _AAC,
    "text/plain": FileType("text/plain", ".txt"),
    "text/csv": FileType("text/csv", ".csv"),
}

EXTENSIONS: Final = tuple(sorted({each.extension for each in (*_BY_MIME.values(), UNKNOWN)}))
"""Every extension that a file can be given here."""


def sniff(head: bytes) -> FileType | None:
    """The kind of the file that begins with `head` (`HEAD_BYTES` are enough); None when no mark is known."""
    return next((found for mark, found in _MARKS if mark.match(head)), None)


def declared(content_type: str) -> FileType | None:
    """The kind that a `Content-Type` names; None when it is not one of those known here."""
    return _BY_MIME.get(bare(content_type))


def bare(content_type: str) -> str:
    """A `Content-Type` without parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def by_extension(extension: str) -> FileType:
    """The kind that a file with this extension was given."""
    return next((each for each in _BY_MIME.values() if each.extension == extension), UNKNOWN)
