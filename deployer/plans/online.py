"""What a deploy would change, as CloudFormation sees it: change sets that are made, read and thrown away."""

from __future__ import annotations

from deployer.cloudformation import change_sets, stacks
from deployer.cloudformation.change_sets import StackRequest
from deployer.cloudformation.stack_updates import require_ready
from deployer.cloudformation.stacks import Stack
from deployer.cloudformation.statuses import is_unmade
from deployer.plans import beside, drift
from deployer.plans.plan import StackPlan
from deployer.tools import Tools


def existing(tools: Tools, name: str) -> Stack | None:
    """A stack as it stands; None where there is none yet.

    Raises DeployError for a stack in a state that nothing can be planned from.
    """
    found = stacks.made(stacks.find(tools.aws, name))
    if found is None:
        return None
    if not is_unmade(found.status):
        require_ready(found)
    return found


def planned(tools: Tools, request: StackRequest, current: Stack) -> StackPlan:
    """Plan an update, and leave nothing behind."""
    same = change_sets.stands(tools.aws, request, current)
    change_set = None if same else change_sets.propose(tools.aws, request, current, tools.clock)
    if change_set is None:
        return StackPlan(request.name, creates=False, changes=())
    try:
        warnings = beside.warnings(tools.aws, change_set)
    finally:
        change_sets.discard(tools.aws, change_set, tools.clock)
    by_hand = drift.found(tools, change_set).lines()
    return StackPlan(request.name, change_set.creates, change_set.changes, by_hand, warnings)
