"""What destroying an environment means: what is there, what of it goes, and what stays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass

from botocore.exceptions import ClientError

from deployer.aws import Aws
from deployer.cloudformation import departed, inventory, snapshots, stacks
from deployer.cloudformation.inventory import Resource
from deployer.cloudformation.snapshots import Snapshot
from deployer.cloudformation.stacks import Stack, StackNames
from deployer.cloudformation.template_text import Fate
from deployer.deletions import emptying
from deployer.deletions.emptying import Content
from deployer.deploying import fernet
from deployer.outputs import BUCKET, CLUSTER

# These stand for logical ids in lists: what they name is in no stack.
BROUGHT = "FernetKeyBrought"
_TAKEN, _INSIGHTS = "Snapshot", "ContainerInsights"
_SNAPSHOT, _KEY = "AWS::RDS::DBSnapshot", "AWS::KMS::Key"


@dataclass(frozen=True)
class Removal:
    """What destroying an environment means: its stacks in order of removal, their resources, and full buckets.

    `resources` are of the root's last life where an earlier run has removed it. `contents` are of what goes and of what
    stays. `fernet` is the secret with the key of what the database holds, and `key` the ARN of the key that encrypts
    all of it; both may be empty.
    """

    stacks: tuple[Stack, ...]
    resources: tuple[Resource, ...] = ()
    contents: tuple[Content, ...] = ()
    fernet: str = ""
    key: str = ""

    @property
    def goes(self) -> tuple[Resource, ...]:
        """The resources that will be deleted; of some a snapshot is taken first."""
        return tuple(each for each in self.resources if each.fate is not Fate.STAYS and not each.gone)

    @property
    def stays(self) -> tuple[Resource, ...]:
        """The resources that outlive their stack."""
        return tuple(each for each in self.resources if each.fate is Fate.STAYS and not each.gone)

    @property
    def data(self) -> tuple[Content, ...]:
        """What will be deleted out of buckets and repositories and nobody can make again."""
        return tuple(each for each in self.contents if each.resource.fate is Fate.GOES and not each.records)

    @property
    def snapshots(self) -> tuple[Resource, ...]:
        """The snapshots that are there already, and stay."""
        return tuple(each for each in self.stays if each.type == _SNAPSHOT)

    @property
    def unreadable(self) -> tuple[Resource, ...]:
        """What stays, and cannot be read any more without what goes."""
        return tuple(each for each in self.stays if each.needs)

    @property
    def databases(self) -> tuple[Resource, ...]:
        """The databases, those too that are gone already."""
        return tuple(each for each in self.resources if each.type in snapshots.DATABASES)

    @property
    def left(self) -> tuple[Resource, ...]:
        """The databases of which a snapshot is taken, or was."""
        return tuple(each for each in self.databases if each.fate is Fate.SNAPSHOT)

    def stack(self, name: str) -> Stack | None:
        """The stack of this name, if it is there."""
        return next((each for each in self.stacks if each.name == name), None)


def survey(aws: Aws, names: StackNames) -> Removal:
    """Look at all that a destroy would meet; a removal without stacks when there is nothing."""
    there = {name: stacks.find(aws, name) for name in (names.root, names.foundation)}
    found = tuple(stack for stack in there.values() if stack)
    missing = [name for name, stack in there.items() if stack is None]
    # Without a root it may be that an earlier run was interrupted, and has told nobody what it has left.
    before = departed.find(aws, missing) if names.root in missing else {}
    root = there[names.root] or before.get(names.root)
    foundation = there[names.foundation]
    held = tuple(each for stack in (root, foundation) if stack for each in inventory.resources(aws, stack))
    brought = fernet.put_away(aws, names, root, foundation)
    if found:
        held += tuple(_beside(aws, names, root, foundation, held, brought))
    given = root.parameters.get(fernet.PARAMETER, "") if root else ""
    made = next((each.physical_id for each in held if each.logical_id == fernet.SECRET and not each.gone), "")
    outputs = _outputs(foundation or before.get(names.foundation))
    contents = _contents(aws, held, outputs.get(BUCKET, ""))
    return Removal(found, held, contents, given or made or brought, outputs.get("KeyArn", ""))


def _outputs(stack: Stack | None) -> Mapping[str, str]:
    return stack.outputs if stack else {}


def _beside(
    aws: Aws, names: StackNames, root: Stack | None, foundation: Stack | None, held: Sequence[Resource], brought: str
) -> Iterator[Resource]:
    """List what is the environment's, and in no stack.

    The key that was brought goes only with a database that is thrown away, and this foundation's alone: snapshots, and
    what was made of them, are encrypted with it. In doubt it stays.
    """
    databases = [each for each in held if each.type in snapshots.DATABASES]
    thrown_away = bool(databases) and all(each.fate is Fate.GOES for each in databases)
    ids, going = {each.physical_id for each in databases}, [each for each in held if _goes(each)]
    try:
        for snapshot in snapshots.of(aws, ids, names.tags):
            thrown_away = False
            # One of before may be of an earlier life of the environment, which had a Fernet key of its own.
            is_of_root = snapshot.database in ids or (root is not None and snapshot.time >= root.created)
            needs = tuple(each.path for each in going if _reads(each, snapshot, is_of_root=is_of_root))
            yield Resource(names.root, _TAKEN, snapshot.name, _SNAPSHOT, Fate.STAYS, needs=needs)
    except ClientError:  # who may not look is told less
        thrown_away = False
    if group := _insights(aws, _outputs(root).get(CLUSTER, "")):
        yield Resource(names.root, _INSIGHTS, group, "AWS::Logs::LogGroup", Fate.STAYS)
    if brought:
        goes = thrown_away and fernet.is_of(names, foundation, brought)
        yield Resource(names.root, BROUGHT, brought, "AWS::SecretsManager::Secret", Fate.GOES if goes else Fate.STAYS)


def _goes(resource: Resource) -> bool:
    return resource.fate is Fate.GOES and not resource.gone


def _reads(resource: Resource, snapshot: Snapshot, *, is_of_root: bool) -> bool:
    """Whether a resource is the key that encrypts a snapshot, or the Fernet key of what is in it."""
    if resource.type == _KEY:
        return snapshot.key.rpartition("/")[2] == resource.physical_id
    return is_of_root and resource.logical_id == fernet.SECRET


def _insights(aws: Aws, cluster: str) -> str:
    """The log group that ECS has made for a cluster's Container Insights; nothing where it has not, or nobody may look.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-reference-performance-logs-ECS.html
    """
    group = f"/aws/ecs/containerinsights/{cluster}/performance"
    if cluster:
        with suppress(ClientError):
            aws.logs.describe_log_streams(logGroupName=group, limit=1)
            return group
    return ""


def _contents(aws: Aws, resources: Iterable[Resource], records_bucket: str) -> tuple[Content, ...]:
    found = []
    for each in resources:
        if not each.gone:
            # What stays is looked into only to be told.
            with suppress(ClientError) if each.fate is Fate.STAYS else nullcontext():
                found.append(emptying.content(aws, each, records_bucket))
    return tuple(each for each in found if each)
