"""Where figures come from: they mean little without it."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

PACKAGES = ("trio", "httpx", "h11", "msgspec", "python-zalo-bot")


class Machine(msgspec.Struct, frozen=True):
    """The machine and the versions."""

    system: str
    processor: str
    cores: int
    python: str
    versions: dict[str, str]

    def __str__(self) -> str:
        packages = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        return f"{self.processor}, {self.cores} cores; {self.system}; Python {self.python}; {packages}"


def this_machine() -> Machine:
    """As the operating system tells it."""
    return Machine(
        system=f"{platform.system()} {platform.release()}",
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        python=platform.python_version(),
        versions={name: number for name in PACKAGES if (number := _version(name))},
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
