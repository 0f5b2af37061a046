"""Files of our own under an address: who may have them, and how long."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.errors import Rejected
from actors.hosting import FileHost
from actors.net.http import Request, Response

NAME = f"{'0123456789abcdef' * 2}.png"
BYTES = b"\x89PNG not really"


class Bench:
    """A host of one file, and the time."""

    def __init__(self, directory: Path, public_url: str | None = "https://bot.example.com") -> None:
        self.now = 1000.0
        self.host = FileHost(directory, public_url, 600.0, lambda: self.now)
        self.picture = directory / NAME
        self.picture.write_bytes(BYTES)

    async def get(self, name: str = NAME, method: str = "GET") -> Response:
        return await self.host.answer(Request(method, f"/media/{name}"))


async def test_a_hosted_file_is_answered_as_often_as_it_is_asked_for(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert bench.host.address_of(str(bench.picture)) == f"https://bot.example.com/media/{NAME}"
    for method in ("GET", "GET", "HEAD"):
        answer = await bench.get(method=method)
        assert (answer.status, answer.body, answer.content_type) == (200, BYTES, "image/png")
        assert (b"x-content-type-options", b"nosniff") in answer.headers


async def test_an_address_lives_its_time_and_begins_anew_when_it_is_asked_for_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.host.address_of(str(bench.picture))
    bench.now += 599.0
    assert (await bench.get()).status == 200
    bench.now += 1.0
    assert (await bench.get()).status == 404
    bench.host.address_of(str(bench.picture))
    assert (await bench.get()).status == 200


async def test_a_file_that_is_not_hosted_is_not_there(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert (await bench.get()).status == 404


async def test_a_hosted_file_that_was_removed_is_not_there(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.host.address_of(str(bench.picture))
    bench.picture.unlink()
    assert (await bench.get()).status == 404


@pytest.mark.parametrize("name", ["", "..", "../router.db", f"{NAME}/", NAME.upper(), "%2e%2e", "/etc/passwd"])
async def test_no_name_leads_out_of_the_directory(tmp_path: Path, name: str) -> None:
    bench = Bench(tmp_path)
    bench.host.address_of(str(bench.picture))
    (tmp_path.parent / "router.db").write_bytes(b"secret")
    assert (await bench.get(name)).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_it_can_only_be_read(tmp_path: Path, method: str) -> None:
    bench = Bench(tmp_path)
    bench.host.address_of(str(bench.picture))
    answer = await bench.get(method=method)
    assert (answer.status, answer.headers) == (405, ((b"allow", b"GET, HEAD"),))


@pytest.mark.parametrize(
    ("public_url", "address"),
    [("https://a.example/", "https://a.example/media/"), ("https://a.example/zalo", "https://a.example/zalo/media/")],
)
def test_the_public_address_may_have_a_path(tmp_path: Path, public_url: str, address: str) -> None:
    bench = Bench(tmp_path, public_url)
    assert bench.host.address_of(str(bench.picture)) == address + NAME


def test_without_a_public_address_the_reason_names_the_setting(tmp_path: Path) -> None:
    bench = Bench(tmp_path, public_url=None)
    with pytest.raises(Rejected, match=r"set webhook\.publicUrl"):
        bench.host.address_of(str(bench.picture))


@pytest.mark.parametrize("name", ["picture.png", f"{'a' * 32}.html", f"{'a' * 31}.png", f"../{NAME}"])
def test_only_files_kept_for_sending_are_hosted(tmp_path: Path, name: str) -> None:
    bench = Bench(tmp_path)
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(Rejected, match="not among the files"):
        bench.host.address_of(str(tmp_path / name))


def test_a_file_that_is_gone_is_refused(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.picture.unlink()
    with pytest.raises(Rejected, match="gone"):
        bench.host.address_of(str(bench.picture))
