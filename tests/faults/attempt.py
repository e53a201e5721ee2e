"""One run of the deployer. It ends as the command line does, and says last on stderr what a user would read last."""

import time
from collections.abc import Generator
from pathlib import Path

from deployer.aws import connect
from deployer.clock import Clock, intervals
from deployer.cloudformation.events import StackEvent
from deployer.cloudformation.stacks import StackNames
from deployer.console import lines
from deployer.deploying import deployment
from deployer.destroying import destruction
from deployer.errors import DONE, DeployError, explained
from deployer.tools import Tools
from local.embedded_aws import Endpoint
from tests.listening import listened_to

NAMES = StackNames("airflow", "local")
REGION = "us-east-1"
HASTY = Clock(pace=lambda: intervals(0.02, longest=0.2))  # the AWS inside the machine is quick


def main(verb: str, url: str, folder: Path, calls: Path) -> int:
    """Deploy or destroy; into `calls` goes when it asks for what, in nanoseconds as the whole machine counts them."""
    session = Endpoint(url, REGION, "", Path()).session()
    with calls.open("a", encoding="utf-8", buffering=1) as file:
        aws = listened_to(connect(session, url), lambda what: file.write(f"{time.monotonic_ns()} {what}\n"))
        return _run(_operation(verb, Tools(aws, lines.say, clock=HASTY), folder))


def _run(operation: Generator[StackEvent, None, object]) -> int:
    try:
        with explained():
            ended = lines.show(operation)
    except DeployError as error:
        lines.say(str(error))
        return error.exit_status
    if isinstance(ended, deployment.Deployed):
        lines.say(f"{ended.foundation.outcome} {ended.root.outcome}")
    return DONE


def _operation(verb: str, tools: Tools, folder: Path) -> Generator[StackEvent, None, object]:
    if verb == "destroy":
        return destruction.destroy(tools, NAMES, lambda _: True)
    desired = deployment.Desired(NAMES, folder, parameters={"Image": "processes"})
    return deployment.deploy(tools, desired, lambda _: True, lambda _: True)
