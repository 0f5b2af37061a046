from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.filetypes import EXTENSIONS, HEAD_BYTES, UNKNOWN, by_extension, declared, sniff

HEADS = [
    (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg", ".jpg"),
    (b"\xff\xd8\xff\xdb\x00\x43", "image/jpeg", ".jpg"),
    (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "image/png", ".png"),
    (b"GIF87a\x01\x00", "image/gif", ".gif"),
    (b"GIF89a\x01\x00", "image/gif", ".gif"),
    (b"RIFF\x24\x00\n\x00WEBPVP8 ", "image/webp", ".webp"),
    (b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav", ".wav"),
    (b"RIFF\x24\x00\x00\x00AVI LIST", "video/x-msvideo", ".avi"),
    (b"BM\x36\x00\x0c\x00\x00\x00\x00\x00\x36\x00", "image/bmp", ".bmp"),
    (b"II*\x00\x08\x00", "image/tiff", ".tiff"),
    (b"MM\x00*\x00\x08", "image/tiff", ".tiff"),
    (b"\xff\x0a\xfa\x7f", "image/jxl", ".jxl"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "image/jxl", ".jxl"),
    (b"\x00\x00\x00\x18ftypheic\x00\x00", "image/heic", ".heic"),
    (b"\x00\x00\x00\x1cftypavif\x00\x00", "image/avif", ".avif"),
    (b"\x00\x00\x00\x20ftypM4A \x00\x00", "audio/mp4", ".m4a"),
    (b"\x00\x00\x00\x14ftypqt  \x00\x00", "video/quicktime", ".mov"),
    (b"\x00\x00\x00\x18ftyp3gp4\x00\x00", "video/3gpp", ".3gp"),
    (b"\x00\x00\x00\x18ftypmp42\x00\x00", "video/mp4", ".mp4"),
    (b"\x00\x00\x00\nftypisom\x00\x00", "video/mp4", ".mp4"),
    (b"\x1aE\xdf\xa3\x9fB\x86", "video/webm", ".webm"),
    (b"OggS\x00\x02", "audio/ogg", ".ogg"),
    (b"fLaC\x00\x00", "audio/flac", ".flac"),
    (b"#!AMR\n", "audio/amr", ".amr"),
    (b"ID3\x04\x00", "audio/mpeg", ".mp3"),
    (b"\xff\xfb\x90\x64", "audio/mpeg", ".mp3"),
    (b"\xff\xf3\x40\xc0", "audio/mpeg", ".mp3"),
    (b"\xff\xf1\x60\x40", "audio/aac", ".aac"),
    (b"\xff\xf9\x60\x40", "audio/aac", ".aac"),
    (b"%PDF-1.7", "application/pdf", ".pdf"),
    (b"PK\x03\x04\x14\x00", "application/zip", ".zip"),
]


@pytest.mark.parametrize(("head", "mime_type", "extension"), HEADS)
def test_the_first_bytes_tell_the_kind(head: bytes, mime_type: str, extension: str) -> None:
    found = sniff(head)
    assert found is not None
    assert (found.mime_type, found.extension) == (mime_type, extension)
    assert sniff(head + b"\n" * HEAD_BYTES) == found


@pytest.mark.parametrize(
    "head",
    [b"", b"<!DOCTYPE html>", b"hello", b"\xff\xd8", b"\xff", b"RIFF\x24\0\0\0XXXX", b" GIF89a", b"BMW is a"],
)
def test_without_a_mark_the_kind_is_not_known(head: bytes) -> None:
    assert sniff(head) is None


@pytest.mark.parametrize(
    ("content_type", "extension"),
    [
        ("image/jpeg", ".jpg"),
        ("image/jpg", ".jpg"),
        ("IMAGE/PNG; charset=binary", ".png"),
        (" audio/mp3 ", ".mp3"),
        ("text/plain; charset=utf-8", ".txt"),
    ],
)
def test_a_content_type_is_a_hint(content_type: str, extension: str) -> None:
    found = declared(content_type)
    assert found is not None
    assert found.extension == extension


@pytest.mark.parametrize("content_type", ["", "application/octet-stream", "text/html", "../../etc/passwd"])
def test_a_content_type_that_names_no_known_kind_is_no_hint(content_type: str) -> None:
    assert declared(content_type) is None


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_an_extension_leads_back_to_its_kind(extension: str) -> None:
    found = by_extension(extension)
    assert found.extension == extension


def test_an_extension_of_nobody_is_unknown() -> None:
    assert by_extension(".exe") == UNKNOWN


@given(st.binary(max_size=2 * HEAD_BYTES))
def test_whatever_comes_gets_an_extension_that_the_shelf_looks_for(head: bytes) -> None:
    assert (sniff(head) or UNKNOWN).extension in EXTENSIONS
