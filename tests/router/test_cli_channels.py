from __future__ import annotations

from pathlib import Path

from cli_stage import terminal
from operations_bench import TOKEN, one_bot, two_bots

from router.control.endpoint import read_endpoint


async def test_a_healthy_account_is_green_in_text_and_json(tmp_path: Path) -> None:
    async with terminal(tmp_path, zalo=one_bot(name="Shop")) as run:
        await run.served.wait_for_state("running")
        ran = await run("channels", "status", "--probe")
        assert (ran.code, ran.err) == (0, "")
        title, heads, row = ran.out.splitlines()
        assert title == "Accounts (1)"
        assert heads.split()[:4] == ["Channel", "Account", "Name", "State"]
        assert row.startswith("✓  zalo     default")
        assert "works (" in row
        found = await run.json("channels", "status", "zl")
        assert (found["ok"], found["accounts"][0]["answers"]) == (True, True)
        listed = await run.json("channels", "list")
        assert [each["accountId"] for each in listed["accounts"]] == ["default"]


async def test_an_account_that_would_not_answer_is_marked_and_the_exit_code_says_so(tmp_path: Path) -> None:
    async with terminal(tmp_path, TOKEN, zalo=two_bots()) as run:
        await run.served.wait_for_state("needs-login", account="help")
        await run.served.wait_for_state("running", account="shop")
        ran = await run("channels", "status")
        assert ran.code == 1
        marks = {row.split()[2]: row[0] for row in ran.out.splitlines()[2:]}
        assert marks == {"shop": "✓", "help": "✗"}
        assert (await run("channels", "status", "--json")).code == 1
        assert (await run("channels", "status", "--account", "shop")).code == 0


async def test_one_account_is_stopped_and_started_from_the_command_line(tmp_path: Path) -> None:
    async with terminal(tmp_path, zalo=one_bot()) as run:
        await run.served.wait_for_state("running")
        stopped = await run("channels", "stop", "zalo")
        assert (stopped.code, stopped.out) == (0, "zalo:default is stopped\n")
        started = await run.json("channels", "start", "zl", "--account", "default")
        assert started["account"]["state"] == "running"
        run.served.api.bot(TOKEN).revoke()
        failed = await run("channels", "restart", "zalo")
        assert failed.code == 1
        assert failed.out.startswith("zalo:default is needs-login: ")
        nobody = await run("channels", "stop", "zalo", "--account", "nobody")
        assert (nobody.code, nobody.err) == (1, "zalo has no account 'nobody'; accounts: default\n")


async def test_a_router_elsewhere_is_reached_with_a_token_that_is_no_argument(tmp_path: Path) -> None:
    async with terminal(tmp_path, zalo=one_bot()) as run:
        endpoint = read_endpoint(run.state_dir)
        token = endpoint.token.reveal()
        (tmp_path / "token").write_text(token + "\n")
        words = ("channels", "list", "--url", endpoint.url)
        assert (await run(*words, "--token-file", str(tmp_path / "token"))).code == 0
        assert (await run(*words, env={"ROUTER_TOKEN": token})).code == 0
        without = await run(*words)
        assert without.code == 2
        assert "set ROUTER_TOKEN" in without.err
        wrong = await run(*words, env={"ROUTER_TOKEN": "wrong"})
        assert (wrong.code, "does not accept this token" in wrong.err) == (1, True)
        alone = await run("channels", "list", "--token-file", str(tmp_path / "token"))
        assert (alone.code, "--token-file is for --url" in alone.err) == (2, True)
