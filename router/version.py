"""Which router this is."""

from __future__ import annotations

VERSION = "0.1.0"
"""The same as in pyproject.toml (a test compares them): reading package metadata would cost every command 20 ms."""
