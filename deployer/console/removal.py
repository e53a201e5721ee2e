"""What a removal takes and what it leaves, and how to start again from what is left. Text in columns. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from deployer.changes import Change
from deployer.console.tables import columns
from deployer.emptying import Content
from deployer.inventory import Resource
from deployer.removals import BROUGHT, Removal
from deployer.snapshots import Snapshot
from deployer.template_text import Fate

_FIND = "FIND ITS FERNET SECRET BEFORE DEPLOYING"  # no ARN, on purpose: another key cannot read what is stored


def removal(planned: Removal) -> str:
    """Return all that goes and all that stays, and what is in the buckets and repositories."""
    if not planned.stacks:
        return "There is nothing to remove."
    inside = {content.resource: content for content in planned.contents}
    blocks = ["To remove: " + ", ".join(stack.name for stack in planned.stacks), *_rows("-", planned.goes, inside)]
    if planned.stays:
        blocks += ["What stays:", *_rows("=", planned.stays, inside)]
    return "\n".join([*blocks, f"{len(planned.goes)} to remove, {len(planned.stays)} to stay"])


def changes(planned: Removal) -> list[Change]:
    """Return what goes with its stack in the words of a change set."""
    going = (each for each in planned.goes if each.logical_id != BROUGHT)
    return [Change(each.stack, each.logical_id, each.physical_id, each.type, "Remove") for each in going]


def restoring(snapshot: Snapshot, environment: str, fernet: str, key: str) -> str:
    """Return where the data is, and what to write in service.yml to begin with it.

    `fernet` and `key` are ARNs: of the secret with the Fernet key (empty: it is not known, and what is to be written is
    refused until it is found), and of the key that encrypts (empty: there is none).
    """
    size = f", allocatedStorage: {snapshot.gib}" if snapshot.gib else ""
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


def _rows(sign: str, resources: Iterable[Resource], inside: dict[Resource, Content]) -> list[str]:
    return columns([(sign, each.path, each.type, each.physical_id, _about(each, inside)) for each in resources])


def _about(resource: Resource, inside: dict[Resource, Content]) -> str:
    if resource.fate is Fate.SNAPSHOT:
        return str(resource.fate)
    content = inside.get(resource)
    if content is None:
        return ""
    return f"with {content} in it{': templates and records of deploys' if content.records else ''}"
