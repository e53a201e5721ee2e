"""A stack whose first creation failed, and could not be undone, is removed and made again whatever is in its way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from deployer.cloudformation.stack_updates import Outcome
from deployer.consent import Question
from deployer.errors import DeployError
from tests.deployer.deletions.test_holding import ENI
from tests.deployer.scenes import ROOT, Scene, rendered
from tests.deployer.scripted_cloudformation import Graph, Resource, nested

LOGS = nested("Logs", Resource("AccessLogsBucket", "AWS::S3::Bucket"))
SUBNET = Resource("Subnet", "AWS::EC2::Subnet")
FAILED = "ROLLBACK_FAILED"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return rendered(tmp_path)


def rolled_back_in_vain(scene: Scene, folder: Path, *resources: Resource, held: str, reason: str) -> None:
    """Let a first creation fail, and its rollback by what is held."""
    scene.cloud.names = {"AccessLogsBucket": "access-logs", "Subnet": "subnet-1"}
    scene.deploy(folder, ROOT)  # for its foundation
    scene.cloud.remove_by_hand("airflow-dev")
    scene.cloud.put("airflow-dev", FAILED, Graph(resources))
    scene.cloud.blocked = lambda each: reason if each == held else ""


def test_a_bucket_that_has_got_something_is_told_and_emptied(folder: Path) -> None:
    """Elastic Load Balancing writes ELBAccessLogTestFile as soon as access logs are turned on."""
    scene = Scene()
    rolled_back_in_vain(scene, folder, LOGS, held="access-logs", reason="it is not empty")
    scene.s3.buckets["access-logs"] = []
    scene.s3.fill("access-logs", "AWSLogs/123456789012/ELBAccessLogTestFile")
    scene.cloud.blocked = lambda each: "it is not empty" if scene.s3.buckets.get(each) and each != "bucket" else ""
    asked: list[tuple[Question, int]] = []

    def ask(question: Question) -> bool:
        asked.append((question, len(scene.s3.buckets["access-logs"])))
        return True

    scene.ask = ask  # type: ignore[method-assign]
    assert scene.deploy(folder, ROOT).root.outcome is Outcome.CREATED
    ((question, objects),) = asked
    assert question.option == "--recreate"
    assert "goes with it: airflow-dev/Logs/AccessLogsBucket (1 object version)." in question.shown
    assert objects == 1, "nothing is emptied before somebody has agreed"


def test_what_aws_frees_late_is_waited_for(folder: Path) -> None:
    scene = Scene()
    rolled_back_in_vain(scene, folder, SUBNET, held="subnet-1", reason=ENI)
    begun = scene.time.seconds
    scene.cloud.blocked = lambda each: ENI if each == "subnet-1" and scene.time.seconds < begun + 100 else ""

    assert scene.deploy(folder, ROOT).root.outcome is Outcome.CREATED
    assert any("airflow-dev/Subnet is still in use: AWS frees it soon" in line for line in scene.said)


def test_what_stays_in_the_way_is_told_with_what_else_helps(folder: Path) -> None:
    scene = Scene()
    rolled_back_in_vain(scene, folder, SUBNET, held="subnet-1", reason="no such luck")
    with pytest.raises(DeployError, match=r"no such luck.*; `make airflow-destroy` retries"):
        scene.deploy(folder, ROOT)


def test_where_nobody_may_look_it_is_tried_all_the_same(folder: Path) -> None:
    scene = Scene()
    rolled_back_in_vain(scene, folder, LOGS, held="", reason="")
    assert "access-logs" not in scene.s3.buckets
    create = replace(ROOT, resources=(Resource("Queue"),))
    assert scene.deploy(folder, create).root.outcome is Outcome.CREATED
    assert "goes with it" not in scene.questions[0].shown
