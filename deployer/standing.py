"""How an environment stands: its stacks, its services, what was deployed last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from deployer.aws import Aws
from deployer.cloudformation import events, stacks
from deployer.cloudformation.stacks import Stack, StackNames
from deployer.cloudformation.statuses import is_busy, is_ready
from deployer.deploying import deployed
from deployer.deploying.deployed import LastDeploy, Written
from deployer.ecs import clusters, service_words
from deployer.ecs.services import Service, Services
from deployer.errors import one_line
from deployer.locking import lock
from deployer.outputs import BUCKET, CLUSTER
from deployer.releasing import releases
from deployer.releasing.releases import Release, State
from deployer.secrecy import without_secrets
from deployer.tools import Tools

_RELEASES = 10  # that are looked into at most, for those that run


@dataclass(frozen=True)
class StackStanding:
    """A stack: its status and since when it has it (in UTC, ISO 8601)."""

    name: str
    status: str
    since: str
    reason: str = ""
    protected: bool = False

    @property
    def is_well(self) -> bool:
        """Whether it is at rest, whole, and an update of it can begin."""
        return is_ready(self.status) and self.status != "REVIEW_IN_PROGRESS"

    @property
    def went_back(self) -> bool:
        """Whether what was last done to it was taken back."""
        return self.status.endswith("ROLLBACK_COMPLETE")


@dataclass(frozen=True)
class ServiceStanding:
    """A service: how many tasks run, are wanted, are being started, and are healthy by their own checks.

    `revision` is its task definition's, `release` the number of the one that its image is of (None: of none that is
    known), `rollout` what ECS says of its deployment: COMPLETED, IN_PROGRESS or FAILED. `reason` is why it is not as it
    shall be, as far as ECS says.
    """

    name: str
    running: int
    desired: int
    pending: int
    healthy: int
    revision: str
    image: str
    release: int | None
    rollout: str
    reason: str = ""

    @property
    def state(self) -> str:
        """All of it in a word."""
        if self.rollout == "FAILED":
            return "failed"
        if not self.desired:
            return "asleep" if not self.running else "stopping"
        if self.running < self.desired:
            return "starting" if self.rollout == "IN_PROGRESS" or self.pending else "tasks missing"
        return "rolling out" if self.rollout == "IN_PROGRESS" else "runs"

    @property
    def is_well(self) -> bool:
        """Whether it does what is wanted of it."""
        return self.state in {"runs", "asleep"}


@dataclass(frozen=True)
class Standing:
    """An environment; without stacks there is none.

    `unfinished`: a deploy has begun to change it that nobody has brought to its end, and nobody is at it.
    """

    stacks: Sequence[StackStanding] = ()
    services: Sequence[ServiceStanding] = ()
    last: LastDeploy | None = None
    environment: str = ""
    unfinished: bool = False

    @property
    def is_well(self) -> bool:
        """Whether all of it is there, at rest, and runs as it shall."""
        stacks_are = len(self.stacks) > 1 and all(each.is_well for each in self.stacks) and not self.unfinished
        return stacks_are and bool(self.services) and all(each.is_well for each in self.services)

    @property
    def is_busy(self) -> bool:
        """Whether CloudFormation is at work on it."""
        return any(is_busy(each.status) for each in self.stacks)


def read(aws: Aws, names: StackNames) -> Standing:
    """Look at an environment. Raises what botocore raises."""
    found = [stack for name in (names.foundation, names.root) if (stack := stacks.find(aws, name))]
    by_name = {stack.name: stack for stack in found}
    foundation, root = by_name.get(names.foundation), by_name.get(names.root)
    bucket = foundation.outputs.get(BUCKET, "") if foundation else ""
    cluster = root.outputs.get(CLUSTER) if root else None
    read = Services(aws).read(cluster)
    known = _releases(aws, bucket, {_image(each) for each in read})
    healthy = Counter(
        task.get("group", "").removeprefix("service:")
        for task in clusters.tasks(aws, cluster)
        if task.get("healthStatus") == "HEALTHY"
    )
    written = deployed.look_up(aws, bucket) if bucket else Written()
    return Standing(
        [_stack(aws, stack) for stack in found],
        [_service(each, known, healthy) for each in read],
        written.last,
        names.root,
        unfinished=_owes(written, read, known) and not is_at_work(aws, bucket),
    )


def is_at_work(aws: Aws, bucket: str) -> bool:
    """Whether somebody holds the lock of an environment, in the foundation's `bucket`; who may not look is told no."""
    with suppress(ClientError):
        return bool(bucket) and lock.is_held(Tools(aws), bucket)
    return False


def as_data(standing: Standing) -> dict[str, Any]:
    """Put it into plain data. Of the settings that were deployed only the rest of the record is told."""
    last = standing.last
    return {
        "environment": standing.environment,
        "well": standing.is_well,
        "unfinished": standing.unfinished,
        "stacks": [asdict(each) for each in standing.stacks],
        "services": [asdict(each) | {"state": each.state} for each in standing.services],
        "lastDeploy": last and {"time": last.time, "who": last.who, "templates": last.templates, "commit": last.commit},
    }


def _owes(written: Written, services: Sequence[Service], known: Sequence[Release]) -> bool:
    """Whether a deploy that broke off has left counts or the proof of its release to the next one.

    One that failed and was taken back has not: its services are gone again, and its release was given up.
    """
    new = written.before is not None and any(each.arn not in written.before for each in services)
    return new or any(each.state is State.ROLLING for each in known[:1])


def _stack(aws: Aws, stack: Stack) -> StackStanding:
    """Its newest event says since when it is what it is."""
    newest = events.newest(aws, stack.id).time
    since = f"{newest.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if newest > events.Since().time else ""
    return StackStanding(stack.name, stack.status, since, one_line(stack.reason), stack.protected)


def _service(service: Service, known: Sequence[Release], healthy: Mapping[str, int]) -> ServiceStanding:
    told = service.described
    release = releases.of_image(known, _image(service))
    standing = ServiceStanding(
        name=service.name,
        running=told.get("runningCount", 0),
        desired=service.desired,
        pending=told.get("pendingCount", 0),
        healthy=healthy.get(told.get("serviceName", service.arn.rpartition("/")[2]), 0),
        revision=service.definition.arn.rpartition("/")[2],
        image=_image(service),
        release=release.number if release else None,
        rollout=service.rollout,
        reason="" if service.rollout == "COMPLETED" else without_secrets(one_line(service.reason)),
    )
    return standing if standing.is_well or standing.reason else replace(standing, reason=service_words.newest(told))


def _image(service: Service) -> str:
    return next((each.image for each in service.definition.containers), "")


def _releases(aws: Aws, bucket: str, images: Collection[str]) -> list[Release]:
    """Read the releases that these images are of, from the newest on, and not far back: each is a request."""
    known: list[Release] = []
    missing = set(images) - {""}
    if bucket and missing:
        for release in islice(releases.newest(aws, bucket), _RELEASES):
            known.append(release)
            missing.discard(release.image if release.state is State.LIVE else "")
            if not missing:
                break
    return known
