"""The deployer against the AWS inside the machine: a first deploy, one without a change, and the way back."""

import statistics
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import fresh_clone, head, row, run
from deployer import cli
from deployer.aws import connect
from deployer.options import parser
from deployer.verbs.deploying import bring
from deployer.verbs.offline import settings_of
from local import embedded_aws
from local.layout import Layout
from tests.listening import listened_to

ROUNDS = 3
CHOICE = ["--environment", "local", "--yes"]


def measure() -> Iterator[str]:
    with fresh_clone() as checkout:  # whoever measures may have a deployment in this one
        deployer = [str(checkout / ".venv" / "bin" / "python"), "-m", "deployer"]
        run(["make", ".venv/ready"], checkout)
        run([*deployer, "deploy", *CHOICE], checkout)  # the emulator is installed once
        requests = requests_of_a_deploy(checkout)
        run([*deployer, "destroy", *CHOICE], checkout)
        rounds = [
            (
                run([*deployer, "deploy", *CHOICE], checkout),
                run([*deployer, "deploy", *CHOICE], checkout),
                run([*deployer, "destroy", *CHOICE], checkout),
            )
            for _ in range(ROUNDS)
        ]
    beside = statistics.median(first.seconds for first, _, _ in rounds)
    yield from head("the first deploy")
    for index, name in enumerate(("first deploy, emulator's start included", "deploy without a change", "destroy")):
        yield row(name, [each[index] for each in rounds], beside)
    yield ""
    yield f"Requests to AWS of a deploy without a change: {requests}"


def requests_of_a_deploy(checkout: Path) -> int:
    """How often AWS is asked by one more deploy of what a checkout has deployed into the AWS inside this machine."""
    endpoint = embedded_aws.running(Layout(checkout))
    assert endpoint
    places = ["--settings", str(checkout / "service.yml"), "--out", str(checkout / "templates" / "local")]
    options = parser(cli.VERBS, {}).parse_args(["deploy", *CHOICE, *places])
    requests: list[str] = []
    bring(settings_of(options), options, listened_to(connect(endpoint.session(), endpoint.url), requests.append))
    return len(requests)
