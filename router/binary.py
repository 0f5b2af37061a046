"""`python -m router.binary`: builds `dist/router`, the whole program in one file that needs no Python.

Needs the extra `binary`. The file runs on machines with the same system and processor as the one it was built on, and
a C library no older. Plugins are not part of it: it has the kinds that come with the router.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENTRY = Path(__file__).with_name("__main__.py")

WHOLE = ("router", "actors")
"""Packages of which every module goes in: commands are imported by name, when they are run."""
METADATA = ("trio", "rich", "click")
"""Packages that somebody may ask for their version."""
LEFT_OUT = ("router.binary", "hypothesis", "setuptools", "pkg_resources", "tkinter", "IPython", "numpy")
"""What libraries would like to have and nobody needs here."""


def arguments(dist: Path, work: Path) -> list[str]:
    """What PyInstaller is told: `dist` is where the program is written, `work` where it may keep its own things."""
    words = ["--onefile", "--name", "router", "--noconfirm", "--clean", "--log-level", "WARN", "--paths", str(ROOT)]
    words += ["--distpath", str(dist), "--workpath", str(work), "--specpath", str(work)]
    for option, names in (
        ("--collect-submodules", WHOLE),
        ("--copy-metadata", METADATA),
        ("--exclude-module", LEFT_OUT),
    ):
        words += [word for name in names for word in (option, name)]
    return [*words, str(ENTRY)]


def main(argv: Sequence[str] | None = None) -> int:
    """Builds the file and returns the exit code. Takes one optional word: the directory to write it to."""
    words = list(sys.argv[1:] if argv is None else argv)
    if len(words) > 1:
        return _refuse("expected nothing, or the directory to write the program to", 2)
    if find_spec("PyInstaller") is None:
        return _refuse("PyInstaller is not installed here; install the extra: pip install '.[binary]'", 1)
    dist = Path(words[0] if words else "dist").absolute()
    done = subprocess.run([sys.executable, "-m", "PyInstaller", *arguments(dist, dist.parent / "build")], check=False)
    if done.returncode != 0:
        return _refuse("PyInstaller failed; what it says stands above", 1)
    size = (dist / "router").stat().st_size
    sys.stdout.write(f"{dist / 'router'}: {size / 1_000_000:.1f} MB\n")
    return 0


def _refuse(text: str, code: int) -> int:
    sys.stderr.write(f"router.binary: {text}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
