"""Going back to an image of before, when another one does not run."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from deployer.cloudformation.change_sets import ChangeSet, StackRequest, Template
from deployer.cloudformation.events import StackEvent
from deployer.cloudformation.stack_updates import deploy_stack
from deployer.cloudformation.stacks import Stack
from deployer.errors import AWS_ERRORS, DeployError, explain
from deployer.outputs import IMAGE
from deployer.releasing import releases
from deployer.releasing.image_changes import only_the_image
from deployer.releasing.release_failures import GOES_ON
from deployer.releasing.releases import Release, State
from deployer.releasing.targets import Target
from deployer.tools import Tools


def image_before(current: Stack | None, image: str, history: Sequence[Release]) -> str:
    """The image to go back to from `image`; empty when there is none that can work with the database.

    It is what the root had, `current`; if that was the same, what was live before.
    """
    had = current.parameters.get(IMAGE, "") if current else ""
    if had != image:
        return had
    last = releases.last_to_migrate(history)
    candidate = next((each for each in history if each.state is State.LIVE and each.image != image), None)
    if candidate is None or (last and not releases.serves(last, candidate.facts, candidate.airflow)):
        return ""
    return candidate.image


def go_back(tools: Tools, target: Target, image: str, why: str, *, nested: bool) -> Generator[StackEvent, None, None]:
    """Put an image back into the root, with the templates it has. Raises DeployError, beginning with `why`."""

    def agreed(change_set: ChangeSet) -> bool:
        tools.require()
        return only_the_image(change_set)

    tools.step(f"going back to {image}: {why}")
    request = StackRequest(target.root, Template(previous=True), {IMAGE: image}, nested=nested)
    failed = f"{why}; and going back to {image} failed"
    try:
        yield from deploy_stack(tools.aws, request, agreed, tools.clock, report=tools.report)
    except KeyboardInterrupt:
        tools.report(f"{why}; going back to {image} was interrupted: {GOES_ON}")
        raise
    except DeployError as error:
        raise DeployError(f"{failed}: {error.line}", error.hint) from error
    except AWS_ERRORS as error:
        told = explain(error)
        raise DeployError(f"{failed}: {told.line}", told.hint) from error
