"""Whether a change set puts another image into services and does nothing else."""

from __future__ import annotations

import re

from deployer.change_sets import Change, ChangeSet, Replacement
from deployer.errors import DeployError

# What holds data, and has no part in a release of an image.
_DATA = re.compile(
    r"AWS::(RDS::|ElastiCache::|EFS::|ECR::|S3::Bucket$|SecretsManager::Secret$|SQS::Queue$|KMS::Key$|Logs::LogGroup$)"
)
_DEFINITION = (
    "AWS::ECS::TaskDefinition"  # each change of one is a new revision, which CloudFormation calls a replacement
)


def only_the_image(change_set: ChangeSet) -> bool:
    """Consent to a change set that only moves services to another image. Raises DeployError naming what else it does.

    With the template that is deployed there is nothing else to do; but a change set shows what stands in the account,
    and not what one hopes for. What is only conditional is none of it: a nested stack whose parameter comes from a
    sibling is shown as perhaps changing whenever that sibling is touched
    (https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/759).
    """
    more = [change for change in change_set.changes if _is_more(change)]
    if more:
        named = ", ".join(f"{change.path} ({change.type}): {_told(change)}" for change in more[:3])
        raise DeployError(
            f"{change_set.stack}: CloudFormation would change more than the image: {named}; nothing was changed",
            "look at it with `make airflow-deploy`, which shows all of it and asks",
        )
    return True


def _is_more(change: Change) -> bool:
    if change.action in {"Add", "Remove", "Import"}:
        return True
    if change.replacement is Replacement.YES:
        return change.type != _DEFINITION
    return change.certain and bool(_DATA.match(change.type))


def _told(change: Change) -> str:
    return "is replaced" if change.replacement is Replacement.YES else change.action.lower()
