"""A deploy that somebody brings a Fernet key to: when it is taken back, and that it is written down nowhere."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deployer.cloudformation.stacks import Stack, StackNames
from deployer.deploying import fernet
from deployer.errors import DeployError
from deployer.tools import Tools
from tests.deployer.deploying.test_fernet import KEY
from tests.deployer.scenes import ROOT, Scene, rendered
from tests.deployer.scripted_clients import RefusedError, scripted
from tests.deployer.scripted_cloudformation import Resource
from tests.deployer.scripted_secrets import ScriptedSecrets
from tests.deployer.test_deploy_states import WITH_KEY, Secrets


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return rendered(tmp_path)


@pytest.mark.parametrize("lag", [0, 30])
def test_a_key_is_not_taken_back_from_a_stack_that_may_have_begun(folder: Path, lag: float) -> None:
    scene, secrets = Scene(), Secrets()
    execute = scene.cloud.execute_change_set

    def unanswered(ChangeSetName: str, **rest: Any) -> None:  # noqa: N803
        root = scene.cloud._made(ChangeSetName).stack.name == "airflow-dev"
        if not root or ChangeSetName in scene.cloud.change_sets:
            execute(ChangeSetName=ChangeSetName, **rest)
        if root:
            scene.cloud.status_lag = lag
            raise RefusedError("InternalFailure", "oops", 500)

    scene.cloud.execute_change_set = unanswered  # type: ignore[method-assign,assignment]
    with pytest.raises(ClientError):
        scene.deploy(folder, WITH_KEY, secrets=secrets)

    assert scene.cloud.status("airflow-dev") == "CREATE_IN_PROGRESS"
    assert secrets.withdrawn == 0


@pytest.mark.parametrize("fails", ["", "too big"])
def test_the_key_is_in_nothing_that_is_kept(folder: Path, fails: str) -> None:
    scene, secrets = Scene(), ScriptedSecrets()
    served: Any = {"secretsmanager": secrets, "cloudformation": scene.cloud, "s3": scene.s3, "ecs": scene.cluster}
    aws = scripted(served)
    tools, names = Tools(aws, scene.said.append, clock=scene.time.clock()), StackNames("airflow", "dev")
    parameters = {"Image": None, "FernetSecretArn": ""}
    graph = replace(ROOT, resources=(Resource("Queue", fails=fails),), parameters=parameters)

    def bring(root: Stack | None) -> fernet.Brought:
        return fernet.bring(tools, names, root, fernet.Offer(KEY))

    with pytest.raises(DeployError, match=fails) if fails else nullcontext() as raised:
        scene.deploy(folder, graph, secrets=bring)

    (secret,) = secrets.alive.values()
    assert secret.value == KEY
    assert KEY not in str(raised and raised.value)
    assert fails or scene.cloud._get("airflow-dev").values["FernetSecretArn"] == secret.arn
    kept = [body or b"" for _, _, body in scene.s3.buckets["bucket"]]
    assert len(kept) > 2
    assert not any(KEY.encode() in body for body in kept)
    assert not any(KEY in line for line in scene.said)
