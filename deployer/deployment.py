"""A deploy: the foundation, the image, the root, and the proof that it runs."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deployer import first_counts, packaging, stacks
from deployer.change_sets import StackRequest, Template
from deployer.errors import DeployError
from deployer.events import StackEvent
from deployer.releases import Release
from deployer.rollout import RollOut
from deployer.stack_updates import Consent, Outcome, Result, deploy_stack, require_ready
from deployer.stacks import StackNames
from deployer.targets import BUCKET, CLUSTER, IMAGE, Image, Target
from deployer.tools import Tools

FOUNDATION = "foundation.yml"


@dataclass(frozen=True)
class Desired:
    """An environment as it shall be. `templates` is its rendered folder; `parameters` are the root's.

    `inherited` names outputs of the foundation that are parameters of the root, too. `image` makes the image that the
    root shall run, once the foundation is there with its repository, and a release is made of it; without it `Image` is
    a parameter like the others. `keep` is how many images can be returned to.
    """

    names: StackNames
    templates: Path
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    nested: bool = True
    inherited: Sequence[str] = ()
    image: Callable[[Target], Image] | None = None
    keep: int = 10


@dataclass(frozen=True)
class Deployed:
    """An environment after its deploy. `release` is the one that it has made, if any."""

    foundation: Result
    root: Result
    release: Release | None = None


def deploy(tools: Tools, desired: Desired, consent: Consent) -> Generator[StackEvent, None, Deployed]:
    """Bring both stacks to what is desired, yielding events; `consent` is asked once for each that changes.

    Raises Declined when consent is not given, DeployError when it cannot be done or fails.
    """
    aws, names = tools.aws, desired.names
    require_ready(stacks.find(aws, names.root))  # before anything is changed
    body = _read(desired.templates / FOUNDATION)
    request = StackRequest(names.foundation, Template(body=body), tags=desired.tags)
    foundation = yield from deploy_stack(aws, request, consent, tools.clock)
    url = packaging.package(aws, desired.templates, _output(foundation, BUCKET))
    inherited = {name: _output(foundation, name) for name in desired.inherited}
    rolling = _roll_out(tools, desired, foundation, packaging.hash_of(url))
    given = {IMAGE: rolling.image.reference} if rolling else {}
    parameters = {**desired.parameters, **inherited, **given}
    request = StackRequest(names.root, Template(url=url), parameters, desired.tags, desired.nested)
    if rolling is None:
        root = yield from _root(tools, request, consent)
        return Deployed(foundation, root)
    with rolling.attended():
        root = yield from _root(tools, request, consent, rolling)
        return Deployed(foundation, root, (yield from rolling.conclude(root)))


def _root(
    tools: Tools, request: StackRequest, consent: Consent, rolling: RollOut | None = None
) -> Generator[StackEvent, None, Result]:
    """Bring the root to what is desired, and give new services their first counts."""
    aws = tools.aws
    current = stacks.find(aws, request.name)
    before = first_counts.services(aws, current.outputs.get(CLUSTER) if current else None)
    clock = rolling.clock if rolling else tools.clock
    root = yield from deploy_stack(aws, request, consent, clock, rolling)
    if root.outcome is not Outcome.UNCHANGED and (cluster := root.outputs.get(CLUSTER)):
        first_counts.apply(aws, cluster, before)
    return root


def _roll_out(tools: Tools, desired: Desired, foundation: Result, settings: str) -> RollOut | None:
    """Have the image made, where one is to be made, and get its release ready."""
    if desired.image is None:
        return None
    target = Target.of(desired.names.root, foundation.outputs, desired.keep)
    return RollOut(tools, target, desired.image(target), settings, nested=desired.nested)


def _output(foundation: Result, name: str) -> str:
    value = foundation.outputs.get(name)
    if not value:
        raise DeployError(f"{foundation.stack} has no output {name}", f"its template, {FOUNDATION}, must give it")
    return value


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError as error:
        raise DeployError(f"{path} is missing", "render the templates with `make airflow-render`") from error
