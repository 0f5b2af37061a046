"""What the program of one file puts right about itself before it starts others.

PyInstaller manual, "LD_LIBRARY_PATH considerations", "Launching external programs from the frozen application".
"""

from __future__ import annotations

from collections.abc import MutableMapping

_LIBRARY_PATHS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LIBPATH")
"""Where the loader puts the directory of its own libraries; what stood there is in `<name>_ORIG`."""


def restore_environment(env: MutableMapping[str, str]) -> None:
    """Has programs that are started from here, agents and zca, see the environment that the router was started in.

    Otherwise they would load the libraries packed into the file in place of their own. A router started by one of them
    unpacks itself anew, and does not lean on files that go away with this one.
    """
    for name in _LIBRARY_PATHS:
        original = env.pop(f"{name}_ORIG", None)
        if original is not None:
            env[name] = original
        else:
            env.pop(name, None)
    env["PYINSTALLER_RESET_ENVIRONMENT"] = "1"
