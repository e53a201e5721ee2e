"""Whether a change set puts another image into services and does nothing else."""

from __future__ import annotations

from deployer.cloudformation.change_sets import ChangeSet
from deployer.cloudformation.changes import Change, Replacement
from deployer.errors import DeployError
from deployer.plans.risks import holds_data

_DEFINITION = (
    "AWS::ECS::TaskDefinition"  # each change of one is a new revision, which CloudFormation calls a replacement
)


def only_the_image(change_set: ChangeSet) -> bool:
    """Consent to a change set that only moves services to another image. Raises DeployError naming what else it does.

    With the template that is deployed there is nothing else to do; but a change set shows what stands in the account,
    and not what one hopes for. What is not certain is none of it: all that comes from a sibling of a nested stack is
    shown as changing whenever that sibling is touched (see `cloudformation.changes`). What nobody can tell might be.
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
    unknown = change.action == "Dynamic" or (change.blind and change.replacement is not Replacement.NO)
    return holds_data(change.type) and (change.certain or unknown)


def _told(change: Change) -> str:
    return "is replaced" if change.replacement is Replacement.YES else change.action.lower()
