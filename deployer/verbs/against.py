"""The comparison that needs no AWS: fresh templates against a folder of them, or against a revision of git."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deployer.checkout import LOCAL
from deployer.verbs.offline import region_of, templates_of
from deployer.verbs.reaching import names_of

if TYPE_CHECKING:
    from deployer.plans.costs import Costs
    from deployer.plans.plan import Plan
    from deployer.plans.revisions import Git
    from generator.config.settings import Settings


@dataclass(frozen=True)
class Earlier:
    """What fresh templates are compared with: its name, its templates, and the text of its service.yml, if any."""

    name: str
    templates: Mapping[str, str]
    settings: str | None


def against(settings: Settings, fresh: Mapping[str, str], options: argparse.Namespace, git: Git | None = None) -> Plan:
    """Compare fresh templates with those that `--against` names. Raises WrongUse when it names nothing."""
    from deployer.deploying.deployment import FOUNDATION
    from deployer.deploying.packaging import ROOT
    from deployer.plans.compare import TYPE, compare
    from deployer.plans.plan import Plan, StackPlan
    from deployer.plans.revisions import git_in

    names = names_of(settings)
    earlier = _earlier(settings, options, git or git_in(Path.cwd()))
    plans = [
        StackPlan(name, file not in earlier.templates, compare(earlier.templates, fresh, file, name))
        for name, file in ((names.foundation, FOUNDATION), (names.root, ROOT))
    ]
    before = _settings(earlier, settings.environment, options)
    notes = [] if earlier.templates else [f"there are no templates of {settings.environment} in {earlier.name}"]
    notes += [
        f"{change.name} becomes a resource of another type, which CloudFormation refuses: it needs another name"
        for each in plans
        for change in each.changes
        if any(one.name == TYPE for one in change.properties)
    ]
    if before and before.all_tags != settings.all_tags:
        notes.append("the stacks' tags change, and with them those of every resource that takes tags")
    return Plan(names.root, earlier.name, tuple(plans), _costs(before, settings, earlier), notes)


def _earlier(settings: Settings, options: argparse.Namespace, git: Git) -> Earlier:
    from deployer.deploying.packaging import ROOT, read_folder
    from deployer.plans import revisions

    folder, file = Path(options.against), Path(options.settings)
    for place in (folder, folder / templates_of(settings, options)):
        if (place / ROOT).is_file():
            beside = folder / file.name
            return Earlier(str(place), read_folder(place), beside.read_text("utf-8") if beside.is_file() else None)
    at = revisions.commit(git, options.against)
    name = options.against if at.startswith(options.against) else f"{options.against} ({at[:8]})"
    templates = revisions.folder(git, at, revisions.within(Path.cwd(), templates_of(settings, options)))
    return Earlier(name, templates, revisions.text(git, at, revisions.within(Path.cwd(), file)))


def _settings(earlier: Earlier, environment: str, options: argparse.Namespace) -> Settings | None:
    """The settings of before; None when there are none, or none that this version understands."""
    from generator.config.environments import load
    from generator.config.source import SettingsError

    if earlier.settings is None:
        return None
    with tempfile.TemporaryDirectory() as beside:
        file = Path(beside) / Path(options.settings).name
        file.write_text(earlier.settings, "utf-8")
        try:
            return load(file, environment)
        except SettingsError:
            return None


def _costs(before: Settings | None, after: Settings, earlier: Earlier) -> Costs | None:
    from deployer.verbs.costing import NOTHING_DEPLOYED, costs

    if after.environment == LOCAL:
        return None
    if not earlier.templates:
        return costs(None, after, region_of(after), NOTHING_DEPLOYED)
    unknown = "its service.yml is not there" if earlier.settings is None else "this version does not understand it"
    return costs(before, after, region_of(after), unknown)
