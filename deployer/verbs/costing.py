"""What a deploy does to the bill: the prices are the generator's, the days before and after plain data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from deployer.checkout import LOCAL
from deployer.verbs.reaching import names_of

if TYPE_CHECKING:
    from deployer.aws import Aws
    from deployer.cloudformation.change_sets import ChangeSet
    from deployer.deploying.deployed import LastDeploy
    from deployer.plans.costs import Costs, Day
    from generator.config.settings import Settings
    from generator.cost.estimate import Estimate

NOTHING_DEPLOYED = "nothing is deployed"


def costs(before: Settings | None, after: Settings, region: str, unknown: str = "") -> Costs:
    """A day before and after; without settings of before, why: `NOTHING_DEPLOYED` costs nothing."""
    from deployer.plans.costs import Costs, Day
    from generator.cost.estimate import estimate
    from generator.cost.prices import load
    from generator.cost.report import sign

    prices = load()
    now = estimate(after, region, prices)
    then = _day(estimate(before, region, prices)) if before else None
    if unknown == NOTHING_DEPLOYED:
        then = Day(0, 0, complete=True, text="0.00")
    return Costs(region, sign(now), then, _day(now), unknown)


def settings_from(data: Mapping[str, Any]) -> Settings | None:
    """Settings that were written down by a deploy; None when this version no longer understands them."""
    from pydantic import ValidationError

    from generator.config.settings import Settings

    try:
        return Settings.model_validate_json(json.dumps(data))
    except ValidationError:
        return None


def shown(change_set: ChangeSet, settings: Settings, aws: Aws) -> str:
    """A change set as it is shown before somebody agrees: the changes, warnings, what was changed by hand, the bill."""
    from deployer.console import tables
    from deployer.plans import costs as days

    more = [*change_set.warnings, *change_set.by_hand]
    if change_set.stack == settings.stack_name and settings.environment != LOCAL:
        more += days.lines(_since(settings, aws, created=change_set.creates))
    return tables.changes(change_set, more)


def since(settings: Settings, aws: Aws, last: LastDeploy | None) -> Costs:
    """A day now and after a deploy, where something is deployed."""
    before = settings_from(last.settings) if last else None
    unknown = "this version does not understand the settings of the last deploy" if last else "no deploy wrote it down"
    return costs(before, settings, aws.region, unknown)


def _since(settings: Settings, aws: Aws, *, created: bool) -> Costs:
    from deployer.cloudformation import stacks
    from deployer.deploying import deployed
    from deployer.outputs import BUCKET

    if created:
        return costs(None, settings, aws.region, NOTHING_DEPLOYED)
    foundation = stacks.find(aws, names_of(settings).foundation)
    bucket = foundation.outputs.get(BUCKET) if foundation else None
    return since(settings, aws, deployed.read(aws, bucket) if bucket else None)


def _day(one: Estimate) -> Day:
    from deployer.plans.costs import Day
    from generator.cost.items import GROUPS
    from generator.cost.report import total

    groups = {group: total(one, group) for group in GROUPS}
    return Day(one.day.low, one.day.high, complete=one.complete, text=total(one), groups=groups)
