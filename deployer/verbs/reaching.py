"""What every verb that asks AWS begins with: where AWS is, and what the stacks are called."""

from __future__ import annotations

import argparse
import os
import time
from typing import TYPE_CHECKING

from deployer.checkout import CHECKOUT, LOCAL

if TYPE_CHECKING:
    from collections.abc import Callable

    from deployer.aws import Aws
    from deployer.cloudformation.stacks import StackNames
    from deployer.console.screen import Screen
    from deployer.tools import Tools
    from generator.config.settings import Settings
    from local.embedded_aws import Endpoint
    from local.layout import Layout

# The options that give consent, each to what it names.
_CONSENT = ("yes", "recreate", "continue_rollback", "empty_buckets", "lose_snapshots")


def reach(settings: Settings) -> Aws:
    """AWS as the user's own variables and profile say; for `local` the one that runs inside this machine."""
    from deployer.aws import reach as reach_account

    if settings.environment != LOCAL:
        return reach_account(os.environ, settings.region, settings.account)
    from local.session import reading

    return inside(reading(layout()))


def inside(endpoint: Endpoint) -> Aws:
    """The AWS inside this machine."""
    from deployer.aws import connect

    return connect(endpoint.session(), endpoint.url)


def layout() -> Layout:
    """Where this checkout keeps what runs on this machine."""
    from local.layout import Layout

    return Layout(CHECKOUT)


def names_of(settings: Settings) -> StackNames:
    """The names of an environment's stacks."""
    from deployer.cloudformation.stacks import StackNames

    return StackNames(settings.service_name, settings.environment)


def screen_of(options: argparse.Namespace) -> Screen:
    """The screen of this process, which knows what was chosen and agreed to on the command line."""
    from deployer.console.screen import Screen
    from deployer.plans.consent import allow
    from deployer.verbs.pasting import here

    given = [f"--{name.replace('_', '-')}" for name in _CONSENT if getattr(options, name, False)]
    replaced: list[str] = getattr(options, "allow_replacement", None) or []
    return Screen.of_process(os.environ, [*given, *map(allow, replaced)], lambda text: here(text, options))


def tools_of(aws: Aws, say: Callable[[str], None]) -> Tools:
    """What a longer work goes on with; its steps are numbered and timed."""
    from deployer.console.steps import Steps
    from deployer.tools import Tools

    steps = Steps(time.monotonic, say)
    return Tools(aws, say, steps, done=steps.done)
