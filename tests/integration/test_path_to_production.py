"""The README's path to production, word for word, with the AWS inside this machine in the place of the real one.

Nothing in the product knows: AWS_ENDPOINT_URL is how any of AWS's tools is led elsewhere.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import embedded_aws
from local.layout import Layout
from tests.integration.commands import bare_environment, make
from tests.test_readme import commands

IMAGE = "example@sha256:" + "0" * 64


@pytest.fixture(scope="module")
def account(clone: Path) -> Iterator[dict[str, str]]:
    make(clone, ".venv/ready")
    layout = Layout(clone)
    endpoint = embedded_aws.start(layout, lambda _: None)
    yield endpoint.variables()
    embedded_aws.stop(layout)


def test_its_commands_deploy_and_remove_an_environment(clone: Path, account: dict[str, str]) -> None:
    subprocess.run(["git", "checkout", "--quiet", "service.yml"], cwd=clone, check=True)  # as a newcomer has it
    every = commands()
    path = every[every.index("make airflow-init") :]
    answers = "printf 'airflow\nada\neu-central-1\n192.0.2.7\nsmall\n' | "
    script = "\n".join(path).replace("make airflow-init", f"{answers}make airflow-init")
    script = script.replace("AWS_PROFILE=mine ", "").replace("REPOSITORY@DIGEST", f"{IMAGE} --yes")
    script = script.replace("make airflow-destroy", "make airflow-destroy ARGS=--yes")
    variables = {name: value for name, value in bare_environment().items() if not name.startswith("AWS_")} | account
    done = subprocess.run(
        ["bash", "-euxc", script], cwd=clone, env=variables, capture_output=True, text=True, timeout=300, check=False
    )
    written = (clone / "service.yml").read_text()
    subprocess.run(["git", "checkout", "--quiet", "service.yml"], cwd=clone, check=True)  # others use this clone, too
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "service.yml: written" in done.stderr
    assert re.search(r"^owner: ada\b", written, re.MULTILINE)
    assert "templates/dev: 0 findings" in done.stderr
    assert "dev in eu-central-1, $ a day" in done.stdout
    assert "to account 000000000000 in eu-central-1" in done.stderr
    assert "airflow-dev: created" in done.stderr
    assert "AdminSecretArn" in done.stdout
    assert "airflow-dev: removed" in done.stderr


def test_an_image_is_asked_for_before_anything_is_made(clone: Path, account: dict[str, str]) -> None:
    command = ["make", "airflow-deploy", "ENVIRONMENT=dev", "ARGS=--yes"]
    variables = {**bare_environment(), **account}
    variables.pop("AWS_PROFILE")
    done = subprocess.run(command, cwd=clone, env=variables, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 2
    assert "no image is given; name one: " in done.stderr
    assert "airflow-dev-foundation" not in done.stderr, "something was made before it was found missing"
