"""What is looked up to be shown beside a change set: what CloudFormation warns of, and what was changed by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from deployer.aws import Aws
from deployer.cloudformation import rejections
from deployer.cloudformation.change_sets import ChangeSet
from deployer.cloudformation.changes import Replacement
from deployer.plans import drift
from deployer.tools import Tools


def informed(tools: Tools, consent: Callable[[ChangeSet], bool]) -> Callable[[ChangeSet], bool]:
    """A consent that is asked with all of it."""

    def asked(change_set: ChangeSet) -> bool:
        by_hand = drift.found(tools, change_set).lines()
        return consent(replace(change_set, by_hand=by_hand, warnings=warnings(tools.aws, change_set)))

    return asked


def warnings(aws: Aws, change_set: ChangeSet) -> tuple[str, ...]:
    """What CloudFormation warns of, line by line: to be asked while the change set is still there.

    All of it is of what is added, removed or replaced: quotas, buckets and repositories that are not empty.
    """
    told = [
        each
        for each in change_set.changes
        if each.action in {"Add", "Remove"} or (each.replacement is Replacement.YES and each.certain)
    ]
    paths = {change_set.id: change_set.stack} | {
        each.change_set: each.path for each in change_set.changes if each.change_set
    }
    touched = {each.stack for each in told}
    found = rejections.warnings(aws, {key: path for key, path in paths.items() if path in touched})
    return ("CloudFormation warns:", *(f"  {each}" for each in found)) if found else ()
