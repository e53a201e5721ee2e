"""A deploy: the foundation, the image, the root, and the proof that it runs."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from deployer.cloudformation import stacks
from deployer.cloudformation.change_sets import ChangeSet, StackRequest, Template
from deployer.cloudformation.events import StackEvent
from deployer.cloudformation.stack_updates import Consent, Outcome, Result, change_stack, deploy_stack
from deployer.cloudformation.stacks import Stack, StackNames
from deployer.cloudformation.statuses import is_ready
from deployer.consent import Ask, nobody
from deployer.deploying import deployed, lost_bucket, packaging
from deployer.deploying.deployed import LastDeploy, Written
from deployer.deploying.fernet import Brought
from deployer.deploying.guard import Guard
from deployer.deploying.ways_out import found, settle
from deployer.ecs import clusters, first_counts
from deployer.errors import AWS_ERRORS, DeployError
from deployer.operations.witness import Witness
from deployer.outputs import BUCKET, CLUSTER, IMAGE
from deployer.plans import beside
from deployer.releasing import history
from deployer.releasing.releases import Release
from deployer.releasing.rollout import RollOut
from deployer.releasing.targets import Image, Target
from deployer.tools import Tools, nothing

FOUNDATION = "foundation.yml"


def _none_brought(_: Stack | None) -> Brought:
    return Brought()


@dataclass(frozen=True)
class Desired:
    """An environment as it shall be. `templates` is its rendered folder; `parameters` are the root's.

    `inherited` names outputs of the foundation that are parameters of the root, too. `image` makes the image that the
    root shall run, once the foundation is there with its repository, and a release is made of it; without it `Image` is
    a parameter like the others. `keep` is how many images can be returned to.

    `ready` raises DeployError when account or region lack something; it is asked before anything is made, and only if
    the templates are others than those of the last deploy. It gives what makes the rest, once there is consent.
    `secrets` puts away, before the root, what somebody has brought along; it is given the root as it stands. `settings`
    are what the templates were rendered from, `commit` is git's.
    """

    names: StackNames
    templates: Path
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    nested: bool = True
    inherited: Sequence[str] = ()
    image: Callable[[Target], Image] | None = None
    keep: int = 10
    ready: Callable[[], Callable[[], None]] = lambda: nothing
    secrets: Callable[[Stack | None], Brought] = _none_brought
    settings: Mapping[str, Any] = field(default_factory=dict)
    commit: str = ""


@dataclass(frozen=True)
class Deployed:
    """An environment after its deploy. `release` is the one that it has made, if any."""

    foundation: Result
    root: Result
    release: Release | None = None


def deploy(
    tools: Tools, desired: Desired, consent: Consent, ask: Ask = nobody
) -> Generator[StackEvent, None, Deployed]:
    """Bring both stacks to what is desired, yielding events; `consent` is asked once for each that changes.

    `ask` is asked for whatever else takes consent, such as the way out of a state that no update can start from. The
    environment's lock is held from when there is a bucket for it.

    Raises Declined when consent is not given, DeployError when it cannot be done or fails.
    """
    body, texts = _read(desired.templates / FOUNDATION), packaging.read_folder(desired.templates)
    standing = stacks.find(tools.aws, desired.names.foundation)
    bucket = standing.outputs.get(BUCKET, "") if standing else ""
    with ExitStack() as until_the_end:
        guard = Guard(tools, until_the_end)
        tools = replace(tools, require=guard.require)
        held = bucket if bucket and guard.take(bucket) else ""
        written = deployed.look_up(tools.aws, held) if held else Written()
        is_new = written.last is None or written.last.templates != _hash(tools, texts, bucket)
        make, name = desired.ready() if is_new else nothing, desired.names.root
        consent = _making(guard.over(beside.informed(tools, consent)), make)
        current = (yield from settle(tools, name, ask, held)) if held else found(tools, name)
        # Where a root is, and nothing is written down of it, a bucket that was lost came back, and no more was done.
        half_done = written.is_blank and stacks.made(current) is not None
        wanted = StackRequest(desired.names.foundation, Template(body), tags=desired.tags, nested=False)
        wanted = replace(wanted, restores=half_done)
        foundation = yield from _foundation(tools, guard, wanted, standing, consent, ask)
        if (bucket := _output(foundation, BUCKET)) != held:
            guard.take(bucket)
            current = yield from settle(tools, name, ask, bucket)
        return (yield from _on(tools, desired, foundation, current, written, consent))


def _foundation(
    tools: Tools, guard: Guard, request: StackRequest, standing: Stack | None, consent: Consent, ask: Ask
) -> Generator[StackEvent, None, Result]:
    """Bring the foundation, which stood as `standing`, to what is desired; with its bucket, if that is lost."""
    current = standing
    if standing is None or not is_ready(standing.status):
        current = yield from settle(tools, request.name, ask)
    bucket = current.outputs.get(BUCKET, "") if current else ""
    if bucket and not guard.take(bucket):
        lost_bucket.restore(tools, bucket, ask)
        guard.take(bucket)
        request = replace(request, restores=True)
    return (yield from change_stack(tools.aws, request, current, consent, tools.clock, report=tools.report))


def _on(
    tools: Tools,
    desired: Desired,
    foundation: Result,
    current: Stack | None,
    written: Written,
    consent: Consent,
) -> Generator[StackEvent, None, Deployed]:
    """Bring the root, which stood as `current`, to what is desired; `written` tells of the deploys before."""
    bucket = _output(foundation, BUCKET)
    url = packaging.package(tools.aws, desired.templates, bucket)
    inherited = {name: _output(foundation, name) for name in desired.inherited}
    rolling = _roll_out(tools, desired, foundation, packaging.hash_of(url))
    given = {IMAGE: rolling.image.reference} if rolling else {}
    parameters = {**desired.parameters, **inherited, **given}
    request = StackRequest(desired.names.root, Template(url=url), parameters, desired.tags, desired.nested, alone=True)
    who = tools.aws.identity().arn
    this = LastDeploy(packaging.hash_of(url), desired.settings, history.now(tools), who, desired.commit)
    with rolling.attended() if rolling else nullcontext():
        brought = desired.secrets(stacks.made(current))
        request = replace(request, parameters={**parameters, **brought.parameters})
        with _withdrawn_for_nothing(tools, request.name, brought, consent) as consent:
            cluster = current.outputs.get(CLUSTER) if current else None
            beside = rolling or Witness(tools, bucket, request.name, cluster)
            root = yield from _root(tools, request, bucket, current, written, consent, beside)
        if root.outcome is not Outcome.UNCHANGED or written.before is not None or not this.repeats(written.last):
            tools.require()
            deployed.write(tools.aws, bucket, this)
        release = (yield from rolling.conclude(root)) if rolling else None
        return Deployed(foundation, root, release)


def _root(
    tools: Tools,
    request: StackRequest,
    bucket: str,
    current: Stack | None,
    written: Written,
    consent: Consent,
    beside: RollOut | Witness,
) -> Generator[StackEvent, None, Result]:
    """Bring the root to what is desired, and see that its services have the tasks that they need.

    Which services stood before is written down first: should this run not come to their counts, the next one does.
    """
    aws, before = tools.aws, written.before

    def asked(change_set: ChangeSet) -> bool:
        nonlocal before
        if not consent(change_set):
            return False
        if before is None:
            before = frozenset(clusters.services(aws, current.outputs.get(CLUSTER) if current else None))
            deployed.begin(aws, bucket, written.last, before)
        return True

    if isinstance(beside, RollOut):  # an image was made meanwhile, which takes its time
        root = yield from deploy_stack(aws, request, asked, tools.clock, beside, tools.report)
    else:
        root = yield from change_stack(aws, request, current, asked, tools.clock, beside, tools.report)
    if cluster := root.outputs.get(CLUSTER):
        first_counts.apply(tools, cluster, before)
    return root


@contextmanager
def _withdrawn_for_nothing(tools: Tools, root: str, brought: Brought, consent: Consent) -> Iterator[Consent]:
    """Take back what was brought along, when no stack comes of it; give the consent after which one may.

    From then on a stack may begin with it, though AWS has not answered, or does not show it yet.
    """
    agreed = False

    def noted(change_set: ChangeSet) -> bool:
        nonlocal agreed
        agreed = consent(change_set)
        return agreed

    try:
        yield noted
    except BaseException:
        if not agreed:
            with suppress(*AWS_ERRORS):  # what has happened says more
                if stacks.made(stacks.find(tools.aws, root)) is None:
                    brought.withdraw()
        raise


def _making(consent: Consent, make: Callable[[], None]) -> Consent:
    """A consent that has something made when it is given for the first time."""
    yet_to_make = [make]

    def asked(change_set: ChangeSet) -> bool:
        if not consent(change_set):
            return False
        if yet_to_make:
            yet_to_make.pop()()
        return True

    return asked


def _roll_out(tools: Tools, desired: Desired, foundation: Result, settings: str) -> RollOut | None:
    """Have the image made, where one is to be made, and get its release ready."""
    if desired.image is None:
        return None
    target = Target.of(desired.names.root, foundation.outputs, desired.keep)
    return RollOut(tools, target, desired.image(target), settings, nested=desired.nested)


def _hash(tools: Tools, texts: Mapping[str, str], bucket: str) -> str:
    """The hash that the root has when it is packaged: of its text, and so of all that is nested in it."""
    base = packaging.base_url(tools.aws.s3.meta.endpoint_url, bucket)
    return packaging.hash_of(packaging.plan(texts, packaging.ROOT, base)[-1].key)


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
