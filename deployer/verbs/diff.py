"""The verb that says what a deploy would change."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from deployer.checkout import LOCAL
from deployer.errors import DONE, WrongUse, error_code
from deployer.verbs.deploying import inherited, parameters
from deployer.verbs.offline import settings_of
from deployer.verbs.pasting import here
from deployer.verbs.reaching import names_of, reach, screen_of, tools_of

if TYPE_CHECKING:
    from deployer.cloudformation.stacks import Stack
    from deployer.deploying.deployed import LastDeploy
    from deployer.plans.costs import Costs
    from deployer.plans.plan import Plan, StackPlan
    from deployer.tools import Tools
    from generator.config.settings import Settings

_NOT_YET = "cannot be planned yet"
_NO_BUCKET = (
    "the foundation's bucket was removed by hand, and a deploy offers to create it again;"
    " meanwhile --against compares templates offline"
)
_IMAGE = "the image stays as it is here; a deploy builds and pushes a new one where its content has changed"


def diff(options: argparse.Namespace) -> int:
    """Say what a deploy would change, and what it would cost."""
    from deployer.verbs.against import against
    from generator.render import render

    settings = settings_of(options)
    fresh = render(settings)
    if options.against == "":
        raise WrongUse("--against names nothing", "give a folder of templates or a revision of git: --against main")
    if options.against:
        plan = against(settings, fresh, options)
    else:
        screen = screen_of(options)
        plan = online(settings, fresh, tools_of(reach(settings), screen.say), nested=not options.no_nested)
    print(shown(plan, options))
    return DONE


def shown(plan: Plan, options: argparse.Namespace) -> str:
    """A plan in the form that is asked for."""
    from deployer.console.markdown import markdown
    from deployer.console.plan import text
    from deployer.plans.plan import as_data

    if options.json:
        return json.dumps(as_data(plan), indent=2)
    return here(markdown(plan) if options.markdown else text(plan), options)


def online(settings: Settings, fresh: Mapping[str, str], tools: Tools, *, nested: bool = True) -> Plan:
    """Plan a deploy against what stands in the account. Nothing there is changed; only templates are uploaded."""
    from deployer.cloudformation.statuses import is_unmade
    from deployer.deploying import deployed
    from deployer.outputs import BUCKET
    from deployer.plans.online import existing
    from deployer.plans.plan import Plan

    names = names_of(settings)
    standing = [existing(tools, name) for name in (names.foundation, names.root)]
    unmade = [each for each in standing if each and is_unmade(each.status)]
    foundation, root = (None if each in unmade else each for each in standing)
    last = deployed.read(tools.aws, foundation.outputs.get(BUCKET, "")) if foundation else None
    plans = [_foundation(settings, fresh, tools, foundation)]
    notes = [f"{each.name} is in {each.status}: a deploy removes it first (--recreate)" for each in unmade]
    if root is None:
        plans.append(added(names.root, fresh, "root.yml"))
    elif foundation is None:
        notes.append(f"{names.root} {_NOT_YET}: there is no {names.foundation}, and a deploy creates it first")
    elif lacking := [name for name in inherited(settings) if name not in foundation.outputs]:
        notes.append(f"{names.root} {_NOT_YET}: {names.foundation} has no {', '.join(lacking)}, deploy it first")
    elif planned := _root(settings, fresh, tools, (foundation, root), nested=nested):
        plans.append(planned)
        notes.append(_IMAGE)
    else:
        notes.append(f"{names.root} {_NOT_YET}: {_NO_BUCKET}")
    since = f"what is deployed in {tools.aws.region}"
    if last:
        since += f" since {last.time} by {last.who}" + (f", commit {last.short_commit}" if last.commit else "")
    return Plan(names.root, since, tuple(plans), _costs(settings, tools, standing[1], last), notes)


def added(stack: str, fresh: Mapping[str, str], file: str) -> StackPlan:
    """The plan of a stack that is not there yet: all of it is new, which the templates alone say."""
    from deployer.plans.compare import compare
    from deployer.plans.plan import StackPlan

    return StackPlan(stack, creates=True, changes=compare({}, fresh, file, stack))


def _foundation(settings: Settings, fresh: Mapping[str, str], tools: Tools, current: Stack | None) -> StackPlan:
    from deployer.cloudformation.change_sets import StackRequest, Template
    from deployer.deploying.deployment import FOUNDATION
    from deployer.plans.online import planned

    name = names_of(settings).foundation
    if current is None:
        return added(name, fresh, FOUNDATION)
    request = StackRequest(name, Template(body=fresh[FOUNDATION]), tags=settings.all_tags, nested=False)
    return planned(tools, request, current)


def _root(
    settings: Settings, fresh: Mapping[str, str], tools: Tools, current: tuple[Stack, Stack], *, nested: bool
) -> StackPlan | None:
    """Plan the root; None when the bucket for its templates is gone."""
    from deployer.cloudformation.change_sets import StackRequest, Template
    from deployer.deploying import packaging
    from deployer.outputs import BUCKET
    from deployer.plans.online import planned
    from generator.render import write

    foundation, root = current
    with tempfile.TemporaryDirectory() as beside:
        folder = Path(beside) / "templates"
        write(dict(fresh), folder)
        try:
            url = packaging.package(tools.aws, folder, foundation.outputs[BUCKET])
        except ClientError as error:
            if error_code(error) == "NoSuchBucket":
                return None
            raise
    given = {name: foundation.outputs[name] for name in inherited(settings)}
    given |= parameters(settings)
    return planned(tools, StackRequest(root.name, Template(url=url), given, settings.all_tags, nested), root)


def _costs(settings: Settings, tools: Tools, root: Stack | None, last: LastDeploy | None) -> Costs | None:
    from deployer.cloudformation.statuses import is_unmade
    from deployer.verbs.costing import NOTHING_DEPLOYED, costs, since

    if settings.environment == LOCAL:
        return None
    if root is None or root.status == "ROLLBACK_COMPLETE":
        return costs(None, settings, tools.aws.region, NOTHING_DEPLOYED)
    if is_unmade(root.status):
        return costs(None, settings, tools.aws.region, "its failed creation has left something behind")
    return since(settings, tools.aws, last)
