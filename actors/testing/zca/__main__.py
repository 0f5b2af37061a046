"""`python -m actors.testing.zca`."""

from __future__ import annotations

import sys

from actors.testing.zca.program import main

sys.exit(main(sys.argv[1:]))
