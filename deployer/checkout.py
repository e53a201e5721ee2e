"""Where this checkout lies, and the environment that needs no account."""

from __future__ import annotations

from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
LOCAL = "local"  # the environment whose AWS is inside this machine
