"""The verb that checks account and region before anything is begun."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from deployer.console.lines import say
from deployer.errors import DONE, FAILED
from deployer.verbs.offline import settings_of
from deployer.verbs.pasting import here
from deployer.verbs.reaching import reach
from deployer.verbs.wanted import wanted_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deployer.aws import Aws
    from deployer.preflight.findings import Finding
    from deployer.preflight.wanted import Wanted


def doctor(options: argparse.Namespace) -> int:
    """Check account, region and settings against what a deploy needs; nothing is changed."""
    settings = settings_of(options, told=True)
    aws = reach(settings)
    return tell(aws, wanted_of(settings, aws.region), options)


def tell(aws: Aws, wanted: Wanted, options: argparse.Namespace) -> int:
    """Check, print what is found as lines or as data, and return how it ends: as failed where there are errors."""
    from deployer.preflight.checks import check
    from deployer.preflight.findings import Level

    found = check(aws, wanted)
    counts = {level: sum(one.level is level for one in found) for level in Level}
    if options.json:
        print(json.dumps([one.as_data() for one in found], indent=2))
    else:
        show(found, options)
    said = ", ".join(f"{level}s: {count}" for level, count in counts.items())
    say(f"{wanted.stack} in {aws.region}: {said}")
    return FAILED if counts[Level.ERROR] else DONE


def show(found: Sequence[Finding], options: argparse.Namespace) -> None:
    """Print findings in columns, with what to do below each."""
    from deployer.console.tables import columns

    for finding, row in zip(found, columns([(one.level, one.where, one.what) for one in found]), strict=True):
        print(row)
        if finding.todo:
            print(f"    {here(finding.todo, options)}")
