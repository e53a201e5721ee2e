"""What a removal takes and what it leaves, and how to start again from what is left. Text in columns. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from deployer.cloudformation.changes import Change
from deployer.cloudformation.inventory import Resource
from deployer.cloudformation.snapshots import Snapshot
from deployer.cloudformation.template_text import Fate
from deployer.console.tables import columns
from deployer.deletions.emptying import Content
from deployer.destroying.removals import BROUGHT, Removal
from deployer.plans.risks import holds_data

# The Fernet key and the key of KMS are retained as the database is.
KEEP = "set retainData to true and deploy first"
_CLUSTER = "AWS::RDS::DBCluster"
_DATA = {
    "AWS::SecretsManager::Secret": "secrets",
    "AWS::KMS::Key": "keys, which can be called back for 30 days",
    "AWS::Logs::LogGroup": "logs",
}
_BY_NOW = "service.yml says retainData: {} by now; what was deployed decides: {}"
_FIND = "FIND ITS FERNET SECRET BEFORE DEPLOYING"  # no ARN, on purpose: another key cannot read what is stored


def removal(planned: Removal) -> str:
    """Return all that goes and all that stays, and what is in the buckets and repositories.

    What goes and holds no data is known by its path alone.
    """
    if not planned.stacks:
        return "There is nothing to remove."
    inside = {content.resource: content for content in planned.contents}
    blocks = ["To remove: " + ", ".join(stack.name for stack in planned.stacks), *_rows("-", planned.goes, inside)]
    if planned.stays:
        blocks += ["What stays:", *_rows("=", planned.stays, inside)]
    if planned.unreadable:
        blocks.append(f"To keep what snapshots need, {KEEP}.")
    return "\n".join([*blocks, f"{len(planned.goes)} to remove, {len(planned.stays)} to stay"])


def data_that_goes(planned: Removal, *, retains: bool) -> list[str]:
    """Return what data goes, and where service.yml says otherwise by now: `retains` is its retainData.

    Buckets and repositories count with what is in them; what is in the others nobody looks at.
    """
    bare = _without_snapshot(planned)
    told = [f"the database, WITHOUT a snapshot (retainData was false at the last deploy): {each.path}" for each in bare]
    for kind, words in _DATA.items():
        if going := [each for each in planned.goes if each.type == kind]:
            told.append(f"{words}: {_paths(going)}")
    told += [f"{content} in {content.resource.path}" for content in planned.data]
    lines = ["Data that goes:", *(f"!!  {each}" for each in told)] if told else []
    if bare and retains:
        lines.append(f"!!  {_BY_NOW.format('true', 'to keep a snapshot, deploy first')}")
    if planned.left and not retains:
        lines.append(_BY_NOW.format("false", "a snapshot of the database stays"))
    return lines


def _without_snapshot(planned: Removal) -> list[Resource]:
    """The databases of which nothing stays; an instance of a cluster holds no data itself."""
    in_cluster = any(each.type == _CLUSTER for each in planned.databases)
    holding = [each for each in planned.databases if each.type == _CLUSTER or not in_cluster]
    return [each for each in holding if each.fate is Fate.GOES and not each.gone]


def _paths(resources: Iterable[Resource]) -> str:
    return ", ".join(each.path for each in resources)


def changes(planned: Removal) -> list[Change]:
    """Return what goes with its stack in the words of a change set."""
    going = (each for each in planned.goes if each.logical_id != BROUGHT)
    return [Change(each.stack, each.logical_id, each.physical_id, each.type, "Remove") for each in going]


def restoring(snapshot: Snapshot, environment: str, fernet: str, key: str, room: int = 0) -> str:
    """Return where the data is, and what to write in service.yml to begin with it.

    `fernet` and `key` are ARNs: of the secret with the Fernet key (empty: it is not known, and what is to be written is
    refused until it is found), and of the key that encrypts (empty: there is none). `room` is what the storage is to be
    allowed to grow to, in GiB (0: as it is set).
    """
    size = f", allocatedStorage: {snapshot.gib}" if snapshot.gib else ""
    size += f", maxAllocatedStorage: {room}" if room else ""
    wanted = [f"metadataDb: {{snapshotIdentifier: '{snapshot.name}'{size}}}"]
    wanted.append(f"secrets: {{fernet: '{fernet or _FIND}'}}")
    if key:
        wanted.append(f"kms: {{customerKey: false, keyArn: '{key}'}}")
    return "\n".join(
        [
            f"The database is in the snapshot {snapshot.name} of {snapshot.time:%Y-%m-%d %H:%M} UTC.",
            "To begin with it again, write in service.yml, deploy, and leave it there:",
            "environments:",
            f"  {environment}:",
            *(f"    {line}" for line in wanted),
        ]
    )


def thrown_away(removed: Removal) -> str:
    """Return that the database has left nothing, and which snapshots there are all the same."""
    there = (each.physical_id + (f" ({_needs(each)}, gone by now)" if each.needs else "") for each in removed.snapshots)
    told = "no snapshot of the database was taken: retainData was false"
    return f"{told}; still there: {', '.join(there)}" if removed.snapshots else told


def needy(those: Iterable[Resource]) -> str:
    """Return the names of snapshots with what each needs."""
    return ", ".join(f"{each.physical_id} ({_needs(each)})" for each in those)


def _needs(resource: Resource) -> str:
    return f"needs {' and '.join(resource.needs)}"


def _rows(sign: str, resources: Iterable[Resource], inside: dict[Resource, Content]) -> list[str]:
    return columns([(sign, each.path, each.type, _id(each), _about(each, inside)) for each in resources])


def _id(resource: Resource) -> str:
    return resource.physical_id if resource.fate is Fate.STAYS or holds_data(resource.type) else ""


def _about(resource: Resource, inside: dict[Resource, Content]) -> str:
    if resource.fate is Fate.SNAPSHOT:
        return str(resource.fate)
    if resource.needs:
        return f"{_needs(resource)}, which {'go' if len(resource.needs) > 1 else 'goes'}"
    content = inside.get(resource)
    if content is None:
        return ""
    return f"with {content} in it{': templates and records of deploys' if content.records else ''}"
