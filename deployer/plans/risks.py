"""What of a plan would cost data: resources that hold some, and are removed or replaced."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from deployer.cloudformation.changes import Change, Property, Recreation, Replacement

_HOLDS_DATA = re.compile(
    r"AWS::(RDS::(DBInstance|DBCluster)|ElastiCache::(ReplicationGroup|CacheCluster|ServerlessCache)|EFS::FileSystem"
    r"|ECR::Repository|S3::Bucket|SecretsManager::Secret|SQS::Queue|KMS::Key|Logs::LogGroup)$"
)
# "Some interruptions" in the documentation, which change sets and schemas call a conditional replacement, and which the
# code behind the type always does in place:
# https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1788
# https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-rds (dbinstance: ImmutabilityHelper)
_IN_PLACE = {
    "AWS::RDS::DBInstance": {
        "AutoMinorVersionUpgrade",
        "BackupRetentionPeriod",
        "DBParameterGroupName",
        "MultiAZ",
        "PreferredMaintenanceWindow",
        "StorageType",
    }
}
_FATES = {"Retain": "what it holds stays behind, outside of the stack", "Snapshot": "a snapshot of it is taken first"}
_PROTECTED = "it is protected against deletion, and so stays without a snapshot, in no stack any more"
LIFT = "set metadataDb.deletionProtection to false in service.yml and deploy that alone; then this can be deployed"
"""What to do first about a database that is protected."""


@dataclass(frozen=True)
class Risk:
    """A resource that holds data and would go, or make way for a new one.

    `name` is the resource inside its environment (`Database/MetadataDatabase`): what is typed to agree, and what
    `--allow-replacement` takes.
    """

    name: str
    what: str
    fate: str
    because: tuple[str, ...] = ()

    def __str__(self) -> str:
        why = f" (for {', '.join(self.because)})" if self.because else ""
        return f"{self.name} holds data and {self.what}{why}: {self.fate}"


def risks(changes: Iterable[Change]) -> tuple[Risk, ...]:
    """Return what holds data and is removed, is replaced, or certainly changes in a way that may replace it.

    What only may come to change counts for nothing: all that comes from a sibling of a nested stack is shown so
    whenever that sibling is touched. Where values are missing, though, that cannot be told
    (see `cloudformation.changes`).
    """
    return tuple(found for change in changes if (found := _risk(change)))


def refused(changes: Iterable[Change]) -> tuple[Risk, ...]:
    """Return what would certainly go, and cannot be deleted: nobody is asked whether that may happen."""
    sure = (each for each in changes if each.action == "Remove" or each.replacement is Replacement.YES)
    return risks(each for each in sure if each.protected and not each.blind)


def holds_data(kind: str) -> bool:
    """Whether resources of a type hold what cannot be made again."""
    return bool(_HOLDS_DATA.match(kind))


def in_place(kind: str, name: str) -> bool:
    """Whether a property changes in place, though CloudFormation has it that this may replace the resource."""
    return name.partition(".")[0] in _IN_PLACE.get(kind, set())


def replacing(change: Change) -> tuple[Property, ...]:
    """The properties for which a resource is replaced, or may be."""
    return tuple(
        each
        for each in change.properties
        if each.recreation is not Recreation.NEVER and not in_place(change.type, each.name)
    )


def _risk(change: Change) -> Risk | None:
    if not holds_data(change.type) or change.in_cluster:
        return None
    fate = _FATES.get(change.policy.removeprefix("ReplaceAnd"), "what it holds is lost")
    fate = _PROTECTED if change.protected else fate
    if change.action == "Remove":
        return Risk(change.name, "is removed", fate)
    if change.action == "Dynamic":
        return Risk(change.name, "may be removed or replaced, which CloudFormation does not know yet", fate)
    because = tuple(each.name for each in replacing(change) if each.certain or change.blind)
    if change.blind and change.replacement is not Replacement.NO:
        in_place_alone = change.replacement is Replacement.MAYBE and change.properties and not because
        what = "may be replaced by an empty one, which CloudFormation does not tell"
        return None if in_place_alone else Risk(change.name, what, fate, because)
    if change.replacement is Replacement.YES:
        return Risk(change.name, "is replaced by an empty one", fate, because)
    if change.replacement is Replacement.MAYBE and because:
        return Risk(change.name, "may be replaced by an empty one", fate, because)
    return None
