"""The environment that a router of one file hands on to the programs it starts."""

from __future__ import annotations

import pytest

from router.frozen import restore_environment

AGAIN = {"PYINSTALLER_RESET_ENVIRONMENT": "1"}


@pytest.mark.parametrize("name", ["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LIBPATH"])
def test_programs_look_for_libraries_where_they_did_before(name: str) -> None:
    env = {name: "/tmp/_MEI1:/opt/lib", f"{name}_ORIG": "/opt/lib", "PATH": "/bin"}
    restore_environment(env)
    assert env == {name: "/opt/lib", "PATH": "/bin"} | AGAIN


def test_a_path_of_libraries_that_was_not_there_is_there_no_more() -> None:
    env = {"LD_LIBRARY_PATH": "/tmp/_MEI1", "HOME": "/root"}
    restore_environment(env)
    assert env == {"HOME": "/root"} | AGAIN
