"""The calls of AWS that running components make, beside those that are listed of them.

How they are recorded: a file `sitecustomize.py` in the clone's folder `docker`, which the laptop puts before its own on
PYTHONPATH; Python runs it at the start of each process. The product knows nothing of it.
"""

import json
import shutil
import subprocess
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from generator.airflow import calls
from generator.airflow.calls import On
from generator.airflow.components import components
from generator.config.environments import load
from generator.config.settings import Settings
from tests.integration.commands import bare_environment
from tests.models.permissions import ACCOUNT, REGION, is_listed, listed, names

EQUIPMENT = Path(__file__).parent / "equipment"
# What a laptop cannot be seen to call, though AWS must allow it.
NOT_HERE = {
    **dict.fromkeys(
        [f"ssmmessages:{verb}{kind}Channel" for verb in ("Create", "Open") for kind in ("Control", "Data")],
        "called by the agent of ECS Exec, which Fargate alone puts beside a container",
    ),
    "kms:Decrypt": "called by other services, with the rights of who called them",
    "kms:GenerateDataKey": "as kms:Decrypt",
    "sqs:ChangeMessageVisibility": "called by a worker that is ended at once, for tasks that it has not begun",
}
PREFIXES = {"secrets-manager": "secretsmanager", "cloudwatch-logs": "logs"}


def record(checkout: Path) -> None:
    """Have what starts in this checkout from now on recorded."""
    shutil.copy(EQUIPMENT / "sitecustomize.py", checkout / "docker")


def check(checkout: Path, unused: Collection[On] = (), seconds: float = 30) -> None:
    """Fail at a call that nobody listed, and at a listed one that nobody makes; of things in `unused` none is expected.

    The last calls are made moments after the last task has ended.
    """
    deadline = time.monotonic() + seconds
    while True:
        unlisted, unmade = _differences(checkout, unused)
        assert not unlisted, f"AWS would deny this, or it must be listed: {unlisted}"
        if not unmade:
            return
        assert time.monotonic() < deadline, f"nobody calls this, so nobody need be allowed to: {unmade}"
        time.sleep(1)


def _differences(checkout: Path, unused: Collection[On]) -> tuple[list[str], list[str]]:
    settings: Settings = load(checkout / "service.yml", "local")
    world = names(_parameters_of_roles(checkout))
    unlisted, unmade = [], []
    for component in components(settings):
        made = set(_recorded(checkout, component.name))
        every = listed(calls.of_run(component, settings), component, settings, world)
        unlisted += [f"{component.name}: {call}" for call in sorted(made) if not is_listed(every, *call)]
        expected = [one for one in calls.of_run(component, settings) if one.on not in unused]
        for action, pattern in sorted(listed(expected, component, settings, world)):
            if action not in NOT_HERE and not any(is_listed({(action, pattern)}, *call) for call in made):
                unmade.append(f"{component.name}: {action} on {pattern}")
    return unlisted, unmade


def _recorded(checkout: Path, component: str) -> Iterator[tuple[str, str]]:
    """What a component called: IAM's name of the action, and the ARN of what it was made on."""
    file = checkout / ".local" / "run" / component / "aws-calls"
    for line in file.read_text().splitlines() if file.exists() else []:
        call = json.loads(line)
        _, service, operation = call["event"].split(".")
        if service == "s3":
            yield from _of_s3(operation, urlsplit(call["url"]).path)
        else:
            yield f"{PREFIXES.get(service, service)}:{operation}", _arn(service, call)


def _of_s3(operation: str, path: str) -> Iterator[tuple[str, str]]:
    """Looking whether an object is there takes both: the right to read it, and the right to be told that it is not.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    """
    bucket, _, key = path.lstrip("/").partition("/")
    actions = {"HeadObject": ("s3:GetObject", "s3:ListBucket"), "ListObjectsV2": ("s3:ListBucket",)}
    for action in actions.get(operation, (f"s3:{operation}",)):
        yield action, f"arn:aws:s3:::{bucket}" + (f"/{key}" if key and action != "s3:ListBucket" else "")


def _arn(service: str, call: dict[str, Any]) -> str:
    where = f"{REGION}:{ACCOUNT}"
    match service:
        case "sqs":
            return f"arn:aws:sqs:{where}:{call['QueueUrl'].rpartition('/')[2]}"
        case "secrets-manager":
            return f"arn:aws:secretsmanager:{where}:secret:{call['SecretId']}-AbCdEf"
        case "cloudwatch-logs":
            return f"arn:aws:logs:{where}:log-group:{call.get('logGroupName', '')}:log-stream:some"
    return "*"


def _parameters_of_roles(checkout: Path) -> dict[str, str]:
    """What the stack of the roles was deployed with, asked through the product's own code in the clone."""
    script = (
        "import json; from pathlib import Path\n"
        "from local.embedded_aws import running; from local.layout import Layout\n"
        "end = running(Layout(Path.cwd())); client = end.session().client('cloudformation', endpoint_url=end.url)\n"
        "every = client.describe_stack_resources(StackName='airflow-local')['StackResources']\n"
        "(name,) = [one['PhysicalResourceId'] for one in every if one['LogicalResourceId'] == 'Roles']\n"
        "(stack,) = client.describe_stacks(StackName=name)['Stacks']\n"
        "print(json.dumps({one['ParameterKey']: one['ParameterValue'] for one in stack['Parameters']}))"
    )
    command = [str(checkout / ".venv" / "bin" / "python"), "-c", script]
    done = subprocess.run(command, cwd=checkout, env=bare_environment(), capture_output=True, text=True, check=True)
    parameters: dict[str, str] = json.loads(done.stdout)
    return parameters
