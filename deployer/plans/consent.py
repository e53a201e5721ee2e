"""Consent to a change set: to all of it once, and by its name to whatever holds data and may not survive."""

from __future__ import annotations

from collections.abc import Callable

from deployer.cloudformation.change_sets import ChangeSet
from deployer.consent import Ask, Question
from deployer.errors import DeployError
from deployer.plans.plan import unseen
from deployer.plans.risks import LIFT, refused, risks


def allow(name: str) -> str:
    """The option that lets a resource be replaced or removed with its data; no other option does."""
    return f"--allow-replacement {name}"


def consent(ask: Ask, shown: Callable[[ChangeSet], str], *, nested: bool = True) -> Callable[[ChangeSet], bool]:
    """Return what asks for consent to a change set; `shown` is what it looks like.

    `--yes` says yes to the first question alone. Not `nested`: nobody has looked into nested stacks, and each that
    changes is asked for by its name, as if it lost data. Raises Declined when nobody is there to ask, and then names
    all that would have had to be given; DeployError, asking nobody, where a database would go that is protected.
    """

    def agreed(change_set: ChangeSet) -> bool:
        if protected := refused(change_set.changes):
            raise DeployError("; ".join(map(str, protected)), LIFT)
        losses = {risk.name: str(risk) for risk in risks(change_set.changes)}
        if not nested:
            losses |= {name: f"{name} may lose data: nobody looked into it" for name in unseen(change_set.changes)}
        advice = " ".join(["--yes", *map(allow, losses)])
        if not ask(Question("Apply these changes?", shown(change_set), advice=advice)):
            return False
        return all(
            ask(Question(f"{told}. To let that happen,", word=name, option=allow(name), advice=advice))
            for name, told in losses.items()
        )

    return agreed
