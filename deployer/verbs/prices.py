"""The verb that asks AWS's price list."""

from __future__ import annotations

import argparse
import os

from deployer.checkout import CHECKOUT
from deployer.console.lines import say
from deployer.errors import DONE


def prices(options: argparse.Namespace) -> int:
    """Ask AWS's price list and write the file of prices anew."""
    from datetime import UTC, datetime

    from deployer.aws import client, connect, own_session
    from deployer.prices import askable, refresh

    file = CHECKOUT / "generator" / "cost" / "prices.yml"
    text = file.read_text(encoding="utf-8")
    session = own_session(os.environ)
    regions = [options.region] if options.region else askable(text, connect(session).identity().partition)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    after, untold = refresh(text, lambda region: client(session, "pricing", region), today, regions)
    file.write_text(after, encoding="utf-8")
    for key in untold:
        say(f"AWS's list does not tell {key}; its price was left as it was")
    return DONE
