"""The README's path to production, word for word, with the AWS inside this machine in the place of the real one.

Nothing in the product knows: AWS_ENDPOINT_URL is how any of AWS's tools is led elsewhere.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deployer.aws import connect
from deployer.cloudformation import stacks
from deployer.images import facts
from deployer.images.content import content
from deployer.releasing.targets import Target
from generator.config.environments import load
from local import embedded_aws
from local.embedded_aws import Endpoint
from local.layout import Layout
from tests.integration.commands import bare_environment, make
from tests.test_readme import commands

IMAGE = "example@sha256:" + "0" * 64
PUSH = "make airflow-push-image"


@pytest.fixture(scope="module")
def account(clone: Path) -> Iterator[Endpoint]:
    make(clone, ".venv/ready")
    layout = Layout(clone)
    yield embedded_aws.start(layout, lambda _: None)
    embedded_aws.stop(layout)


def run(clone: Path, account: Endpoint, script: str) -> "subprocess.CompletedProcess[str]":
    variables = {name: value for name, value in bare_environment().items() if not name.startswith("AWS_")}
    return subprocess.run(
        ["bash", "-euxc", script],
        cwd=clone,
        env=variables | account.variables(),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def image_is_there(clone: Path, account: Endpoint) -> str:
    """Put the image of the clone's content into ECR, as a build and a push would; no engine is asked for."""
    settings = load(clone / "service.yml", "dev")
    aws = connect(replace(account, region=settings.region).session(), account.url)
    target = Target.of("airflow-dev", stacks.outputs(aws, "airflow-dev-foundation"), keep=10)
    tag = content(clone, settings.build_arguments, settings.service.architecture.upper()).tag
    name = target.repository.partition("/")[2]
    put = aws.ecr.put_image(repositoryName=name, imageManifest=json.dumps({"of": tag}), imageTag=tag)
    digest = put["image"]["imageId"]["imageDigest"]
    facts.store(aws, target.bucket, digest, facts.ImageFacts(settings.airflow.version, "3.12.7", {}))
    return f"{target.repository}@{digest}"


def test_its_commands_deploy_roll_out_and_remove_an_environment(clone: Path, account: Endpoint) -> None:
    subprocess.run(["git", "checkout", "--quiet", "service.yml"], cwd=clone, check=True)  # as a newcomer has it
    every = commands()
    path = every[every.index("make airflow-init") :]
    answers = "printf 'airflow\nada\neu-central-1\n192.0.2.7\nsmall\n' | "
    script = "\n".join(path).replace("make airflow-init", f"{answers}make airflow-init")
    script = script.replace("AWS_PROFILE=mine ", "")
    script = script.replace("make airflow-deploy", f'make airflow-deploy ARGS="--yes --image {IMAGE}"')
    script = script.replace("make airflow-destroy", 'make airflow-destroy ARGS="--yes --empty-buckets"')
    begin, _, rest = script.partition(PUSH)
    environment = next(line for line in path if line.startswith("export ")).replace("AWS_PROFILE=mine ", "")
    first = run(clone, account, begin)
    pushed = image_is_there(clone, account) if first.returncode == 0 else ""
    then = run(clone, account, f"{environment}\n{PUSH}{rest}")
    written = (clone / "service.yml").read_text()
    subprocess.run(["git", "checkout", "--quiet", "service.yml"], cwd=clone, check=True)  # others use this clone, too
    assert first.returncode == 0, f"{first.stdout}\n{first.stderr}"
    assert then.returncode == 0, f"{then.stdout}\n{then.stderr}"
    assert "service.yml: written" in first.stderr
    assert re.search(r"^owner: ada\b", written, re.MULTILINE)
    assert "templates/dev: 0 findings" in first.stderr
    assert "dev in eu-central-1, $ a day" in first.stdout
    assert '"airflow-dev-push"' in first.stdout, "the policies"
    assert re.search(r"\d+ to add, 0 to change, 0 to destroy", first.stdout), "the plan"
    assert re.search(r"aws ecs execute-command .*scheduler", first.stdout), "the outputs, with what one pastes"
    assert re.search(r"airflow-dev .*CREATE_COMPLETE", first.stdout), "the last operation"
    assert re.search(r"\d+ DAGs", first.stderr)
    assert "to account 000000000000 in eu-central-1" in first.stderr
    assert "airflow-dev: created" in first.stderr
    assert f"live: {IMAGE}, release 1" in first.stderr
    assert f"live: {pushed}, release 2" in then.stderr
    assert re.search(r"^\* +2 +live ", then.stdout, re.MULTILINE)
    assert "AdminSecretArn" in first.stdout
    assert "airflow-dev: removed" in then.stderr


def test_an_engine_is_asked_for_before_anything_is_made(clone: Path, account: Endpoint) -> None:
    script = 'CONTAINER_CLI=no-such-engine make airflow-deploy ENVIRONMENT=dev ARGS="--yes"'
    done = run(clone, account, script)
    assert done.returncode == 2
    assert "no-such-engine cannot be started" in done.stderr
    assert "airflow-dev-foundation" not in done.stderr, "something was made before it was found missing"
