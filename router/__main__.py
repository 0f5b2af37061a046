"""`python -m router`: the same as the console script; and where the program of one file begins."""

from __future__ import annotations

import os
import sys

from router.cli import main

if __name__ == "__main__":
    if getattr(sys, "frozen", False):
        from router.frozen import restore_environment

        restore_environment(os.environ)
    sys.exit(main())
