"""From content to an image that can be deployed: built and pushed once, named by its digest ever after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from deployer.aws import Aws
from deployer.clock import REAL_TIME, Clock
from deployer.errors import DeployError
from deployer.images import facts, repository
from deployer.images.content import Content
from deployer.images.engine import BASE_ARGUMENT, Engine, Expired, TagTaken, platform_of
from deployer.images.facts import ImageFacts
from deployer.images.failures import OTHER_MACHINE

Report = Callable[[str], None]

# Seconds for a tag to be seen after its push; ECR tells of no delay, and one that there is must not fail a release.
_PATIENCE = 10.0


@dataclass(frozen=True)
class Destination:
    """Where an image goes: the repository's URI, and the foundation's bucket, which keeps what is known of it."""

    repository_uri: str
    bucket: str


@dataclass(frozen=True)
class Published:
    """An image in the repository: `reference` is what is deployed, `repository@sha256:...`.

    `facts` is None when it was pushed elsewhere and nobody has written down what it is.
    """

    reference: str
    tag: str
    digest: str
    facts: ImageFacts | None
    built: bool
    pushed: bool


def publish(
    aws: Aws, destination: Destination, content: Content, engine: Engine, report: Report, clock: Clock = REAL_TIME
) -> Published:
    """Make sure that the image of a content is in the repository; one that is there is neither built nor pushed.

    An engine is needed only for what is not there. Raises DeployError, and then no tag names anything that is not
    whole: a registry takes the manifest last.
    """
    uri, tag = destination.repository_uri, content.tag
    if (digest := repository.digest_of(aws, uri, tag)) is not None:
        report(f"{uri}:{tag} is there: nothing to build, nothing to push")
        known = _facts_of(aws, destination, content, digest, engine)
        return Published(f"{uri}@{digest}", tag, digest, known, built=False, pushed=False)
    engine.require()
    base = content.arguments.get(BASE_ARGUMENT, "")
    login = repository.credentials(aws, base) if repository.may_log_in(aws, base) else None
    found = build(content, f"{uri}:{tag}", engine, report, clock, login)
    facts.store(aws, destination.bucket, tag, found)  # before anybody can find the image and miss them
    pushed = _push(aws, uri, tag, engine, report, clock)
    digest = _digest(aws, uri, tag, clock)
    facts.store(aws, destination.bucket, digest, found)
    return Published(f"{uri}@{digest}", tag, digest, found, built=True, pushed=pushed)


def build(
    content: Content,
    reference: str,
    engine: Engine,
    report: Report,
    clock: Clock = REAL_TIME,
    login: repository.Credentials | None = None,
) -> ImageFacts:
    """Build an image of the wanted architecture that starts, and return what it says of itself. Raises DeployError.

    `login` is for the registry of its base.
    """
    start = clock.now()
    report(f"building {reference}")
    engine.build(content, reference, report, login)
    wanted, made = platform_of(content.architecture), engine.architecture(reference)
    if made != wanted:
        raise DeployError(
            f"the image was built for {made}, but the task definitions want {wanted} (service.architecture)",
            OTHER_MACHINE,
        )
    found = engine.facts(reference, content.architecture)
    report(f"built in {clock.now() - start:.0f} s: Airflow {found.airflow}, Python {found.python}")
    return found


def _push(aws: Aws, uri: str, tag: str, engine: Engine, report: Report, clock: Clock) -> bool:
    """Push under the tag; False when somebody else has pushed the same content meanwhile.

    The log-in is made right before, so that no build is too long for it, and once more if it has expired on the way.
    """
    reference, start, told = f"{uri}:{tag}", clock.now(), _without_chatter(report)
    report(f"pushing {reference} ({engine.size(reference) / 1e6:.0f} MB before compression)")
    try:
        try:
            engine.push(reference, repository.credentials(aws, uri), told)
        except Expired:
            report("the log-in has expired: logging in again")
            engine.push(reference, repository.credentials(aws, uri), told)
    except TagTaken:
        report("somebody else has just pushed the same content")
        return False
    report(f"pushed in {clock.now() - start:.0f} s")
    return True


def _without_chatter(report: Report) -> Report:
    """Leave out what is said of every layer before anything happens, and the seconds counted until a new attempt."""
    retrying = False

    def told(line: str) -> None:
        nonlocal retrying
        again, retrying = retrying, ": Retrying in " in line
        if not (again and retrying) and not line.endswith((": Preparing", ": Waiting")):
            report(line)

    return told


def _digest(aws: Aws, uri: str, tag: str, clock: Clock) -> str:
    """The digest as ECR has it: what an engine says of its own images may be of another registry."""
    for _ in clock.ticks(_PATIENCE):
        if (digest := repository.digest_of(aws, uri, tag)) is not None:
            return digest
    raise DeployError(f"{uri}:{tag} was pushed, but ECR does not know it", "run it again")


def _facts_of(aws: Aws, destination: Destination, content: Content, digest: str, engine: Engine) -> ImageFacts | None:
    """What is known of an image that is there: as it was written down, else as the image on this machine says."""
    if (known := facts.stored(aws, destination.bucket, digest)) is not None:
        return known
    found = facts.stored(aws, destination.bucket, content.tag)  # whoever pushed it came no further
    try:
        found = found or engine.facts(f"{destination.repository_uri}:{content.tag}", content.architecture)
    except DeployError:  # no engine is needed for what is there already
        return None
    facts.store(aws, destination.bucket, digest, found)
    return found
