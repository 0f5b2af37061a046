"""`sessions`, `inbox`, `logs`, `control` and the newer words of `pairing`, against a whole router."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import trio
from cli_bench import PROGRAM, ROOT
from cli_stage import command, terminal
from operations_bench import TED, TOKEN, one_bot

from router.control.protocol import METHODS
from router.control.schema import protocol_schema
from router.rules.texts import ENGLISH


async def test_the_life_of_a_stranger_from_the_command_line(tmp_path: Path) -> None:
    async with terminal(tmp_path, zalo={"botToken": TOKEN, "dmPolicy": "pairing"}) as run:
        api = run.served.api
        assert (await run("pairing", "list", "--approved")).out == "Nobody was let in by pairing.\n"
        for number, verb in ((1, "reject"), (2, "approve")):
            api.say(TOKEN, TED, "hello")
            await api.wait_for_sent(number)
            (request,) = (await run.json("pairing", "list"))["requests"]
            more = ("--notify",) if verb == "approve" else ()
            done = await run("pairing", verb, "zalo", request["code"].lower(), *more)
            assert (done.code, done.out) == (0, f"{verb.capitalize().rstrip('e')}ed zalo sender {TED}.\n")
        assert (await api.wait_for_sent(3))[2].text == ENGLISH.approved
        listed = await run("pairing", "list", "--approved", "zl")
        assert listed.out.splitlines()[0] == "Let in by pairing (1)"
        assert TED in listed.out
        assert (await run.json("pairing", "list", "--approved"))["approved"][0]["id"] == TED
        assert (await run("pairing", "revoke", "zalo", TED)).out == f"Revoked zalo sender {TED} (default).\n"
        gone = await run("pairing", "revoke", "zalo", TED, "--json")
        assert (gone.code, json.loads(gone.out)["error"]["code"]) == (1, "not-found")
        usage = await run("pairing", "reject", "zalo")
        assert (usage.code, "router pairing reject <channel> <code>" in usage.err) == (2, True)


async def test_conversations_from_the_command_line(tmp_path: Path) -> None:
    async with terminal(tmp_path, zalo=one_bot()) as run:
        assert (await run("sessions", "list")).out == "No conversations.\n"
        run.served.api.say(TOKEN, TED, "one\ntwo")
        await run.served.api.wait_for_sent(1)
        (session,) = (await run.json("sessions", "list"))["sessions"]
        shown = await run("sessions", "show", session["key"])
        assert shown.out.splitlines()[1:] == [
            "     user> one",
            "           two",
            "assistant> one",
            "           two",
        ]
        assert (await run("sessions", "reset", session["key"])).out == f"{session['key']} begins anew.\n"
        assert (await run.json("sessions", "show", session["key"]))["lines"] == []
        assert (await run("sessions", "show", "nobody")).code == 1
        assert (await run("sessions", "list")).out.splitlines()[0] == "Sessions (1)"


async def test_the_inbox_and_its_shelf_from_the_command_line(tmp_path: Path) -> None:
    async with terminal(tmp_path, zalo=one_bot()) as run:
        assert (await run("inbox", "list")).out == "No message is dead.\n"
        assert (await run("inbox", "shelf")).out == "Everything that arrived could be decoded.\n"
        run.served.api.inject(TOKEN, b'{"event_name": 5}')
        run.served.api.say(TOKEN, TED, "hello")
        await run.served.api.wait_for_sent(1)
        done = await run("inbox", "list", "--state", "done")
        assert done.out.splitlines()[0] == "Inbox (1)"
        assert "hello" not in done.out
        shelf = await run("inbox", "shelf", "--raw")
        assert shelf.out.splitlines()[0] == "Shelf (1)"
        assert '"event_name"' in shelf.out
        refused = await run("inbox", "retry", "1", "--json")
        assert (refused.code, json.loads(refused.out)["error"]["code"]) == (1, "refused")


async def test_the_log_is_read_with_the_router_up_down_and_over_its_socket(tmp_path: Path) -> None:
    from router.control.endpoint import read_endpoint

    async with terminal(tmp_path, zalo=one_bot()) as run:
        await run.served.wait_for_state("running")
        up = await run("logs", "--account", "default", "--level", "info")
        assert up.code == 0
        assert all("zalo:default is" in line for line in up.out.splitlines())
        endpoint = read_endpoint(run.state_dir)
        words = ("logs", "--account", "default", "--level", "info", "--url", endpoint.url)
        assert (await run(*words, env={"ROUTER_TOKEN": endpoint.token.reveal()})).out == up.out
    down = await command(tmp_path / "state", "logs", "--json", "--limit", "1000")
    names = [line["name"] for line in json.loads(down.out)["lines"]]
    assert (down.code, names[0], "router.draining" in names) == (0, "account.state", True)
    nothing = await command(tmp_path / "empty", "logs")
    assert (nothing.code, nothing.out) == (0, "")


async def test_following_the_log_survives_its_rotation(tmp_path: Path) -> None:
    directory = tmp_path / "state" / "logs"
    directory.mkdir(parents=True)
    file = directory / "router.jsonl"

    def write(*texts: str) -> None:
        with file.open("a") as stream:
            for text in texts:
                print(json.dumps({"time": "t", "level": "info", "name": "n", "text": text}), file=stream)

    write("one")
    with trio.fail_after(20):
        process = await trio.lowlevel.open_process(
            [sys.executable, "-c", PROGRAM, "logs", "--follow", "--json", "--state-dir", str(tmp_path / "state")],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        seen = b""
        try:
            for text in ("one", "two", "three"):
                if text != "one":
                    put_aside(directory)
                    write(text)
                while f'"{text}"'.encode() not in seen:
                    seen += await process.stdout.receive_some()
        finally:
            process.kill()
            await process.wait()
    assert [json.loads(line)["text"] for line in seen.splitlines()] == ["one", "two", "three"]


def put_aside(directory: Path) -> None:
    """As the log file does it when it is full."""
    for number in (2, 1):
        older = directory / f"router.jsonl.{number}"
        if older.exists():
            older.rename(directory / f"router.jsonl.{number + 1}")
    (directory / "router.jsonl").rename(directory / "router.jsonl.1")


def references(value: object) -> set[str]:
    """Every `$ref` in a schema."""
    if isinstance(value, dict):
        own = {value["$ref"]} if "$ref" in value else set()
        return own.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def test_the_protocol_describes_itself() -> None:
    schema = json.loads(msgspec.json.encode(protocol_schema()))
    assert set(schema["methods"]) == set(METHODS)
    assert all(method["doc"] for method in schema["methods"].values())
    assert references(schema) == {f"#/$defs/{name}" for name in schema["$defs"]}
    send = schema["$defs"]["SendMessage"]
    assert (send["required"], send["additionalProperties"]) == (["channel", "target"], False)
    assert schema["errors"]["not-found"] == -32002
