"""events: the last operation as lines, as data, as a page; and watched while it goes on."""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deployer.cloudformation.stacks import StackNames
from deployer.console.screen import Screen
from deployer.ecs.task_ends import StoppedTask
from deployer.errors import DONE, FAILED, DeployError
from deployer.locking import lock
from deployer.locking.holders import Holder, as_bytes
from deployer.operations import evidence
from deployer.operations.evidence import Evidence
from deployer.verbs.events import tell
from tests.deployer.console.playing import NAME, Play
from tests.deployer.scripted_clients import scripted
from tests.deployer.scripted_cloudformation import Graph, Resource, nested
from tests.deployer.scripted_cluster import CLUSTER
from tests.deployer.scripted_environment import BUCKET, Environment
from tests.deployer.scripted_storage import ScriptedS3

NAMES = StackNames("airflow", "dev")
FOUNDATION = f"{NAME}-foundation"
ENDED = "CREATE_COMPLETE"


class Scene(Play):
    def __init__(self) -> None:
        super().__init__()
        self.s3 = ScriptedS3("bucket")
        self.s3.headers = {"date": "Thu, 01 Jan 2026 00:00:00 GMT"}
        self.aws = scripted({"cloudformation": self.cloud, "s3": self.s3})
        self.talk = io.StringIO()
        self.later: dict[float, Callable[[], object]] = {}  # what somebody does at which second

    def tell(self, *, follow: bool = False, as_json: bool = False, html: str = "") -> int:
        options = argparse.Namespace(follow=follow, json=as_json, html=html)
        screen = Screen(self.talk, io.StringIO(), {}, ())
        return tell(self.aws, NAMES, screen, options, replace(self.time.clock(), sleep=self._sleep))

    def lock(self) -> None:
        self.s3.put_object(Bucket="bucket", Key=lock.KEY, Body=as_bytes(Holder()))

    def unlock(self) -> None:
        self.s3.delete_object(Bucket="bucket", Key=lock.KEY)

    def _sleep(self, seconds: float) -> None:
        self.time.sleep(seconds)
        for second in [each for each in self.later if each <= self.time.seconds]:
            self.later.pop(second)()

    def put_foundation(self) -> None:
        self.cloud.put(FOUNDATION, "CREATE_COMPLETE", Graph(outputs={"TemplatesBucket": "bucket"}))


def test_the_last_operation_is_told_as_lines(capsys: pytest.CaptureFixture[str]) -> None:
    scene = Scene()
    scene.deploy(Resource("Bucket"))
    scene.deploy(Resource("Bucket", version=2), Resource("Queue", seconds=70))

    assert scene.tell() == DONE
    told = capsys.readouterr().out.splitlines()
    assert [line.split()[2:4] for line in told[:2]] == [
        ["UPDATE_IN_PROGRESS", NAME],
        ["UPDATE_IN_PROGRESS", f"{NAME}/Bucket"],
    ]
    assert told[-1] == f"{NAME}: UPDATE_COMPLETE after 1 min 13 s"
    assert not any("CREATE_COMPLETE  " in line and line.split()[3] == NAME for line in told)


def test_the_newer_of_both_stacks_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    scene = Scene()
    scene.deploy(Resource("Bucket"))
    list(scene.deploying(Resource("Templates"), name=FOUNDATION))
    scene.tell()
    assert capsys.readouterr().out.splitlines()[0].split()[2:4] == ["CREATE_IN_PROGRESS", FOUNDATION]

    scene.deploy(Resource("Queue"))
    scene.tell()
    assert capsys.readouterr().out.splitlines()[0].split()[2:4] == ["UPDATE_IN_PROGRESS", NAME]


def test_what_goes_on_is_told_before_what_is_newer(capsys: pytest.CaptureFixture[str]) -> None:
    scene = Scene()
    next(scene.deploying(Resource("Queue", seconds=300)))
    list(scene.deploying(Resource("Templates"), name=FOUNDATION))

    scene.tell()
    assert capsys.readouterr().out.splitlines()[0].split()[2:4] == ["CREATE_IN_PROGRESS", NAME]


def test_a_failure_is_told_with_why_though_nothing_was_kept(capsys: pytest.CaptureFixture[str]) -> None:
    scene = Scene()
    scene.deploy(Resource("Queue", "AWS::EC2::VPC", fails="The maximum number of VPCs has been reached."))

    assert scene.tell() == DONE
    told = capsys.readouterr().out.splitlines()
    assert told[-3].startswith(f"{NAME}: ROLLBACK_COMPLETE after ")
    assert told[-2] == (
        f"why: {NAME}/Queue (AWS::EC2::VPC): CREATE_FAILED: The maximum number of VPCs has been reached."
    )
    assert told[-1].startswith("what to do: ")


def test_what_could_not_be_deleted_is_told_though_all_else_went_well(capsys: pytest.CaptureFixture[str]) -> None:
    scene = Scene()
    scene.deploy(Resource("Bucket", "AWS::S3::Bucket"), Resource("Queue"))
    scene.cloud.blocked = lambda physical_id: "it is not empty" if physical_id.endswith("-bucket") else ""
    scene.deploy(Resource("Queue"))

    assert scene.tell() == DONE
    told = capsys.readouterr().out.splitlines()
    assert told[-4].startswith(f"{NAME}: UPDATE_COMPLETE after ")
    assert told[-3] == f"why: {NAME}: a resource could not be deleted, and is in no stack any more"
    assert told[-2].startswith("what to do: delete it yourself: it goes on and costs, and ")
    assert told[-1] == f"{NAME}/Bucket (AWS::S3::Bucket, {NAME}-bucket): it is not empty"


def test_what_was_kept_of_a_failure_is_told_beneath(capsys: pytest.CaptureFixture[str]) -> None:
    scene = Scene()
    scene.put_foundation()
    scene.deploy(Resource("Queue", fails="no room"))
    ended = scene.now.isoformat()
    at = datetime(2026, 1, 1, tzinfo=UTC)
    task = StoppedTask("scheduler", "1", at, "Essential container exited", 1, "ImportError", ("line", "ImportError"))
    evidence.keep(scene.aws, "bucket", Evidence(NAME, ended, "ROLLBACK_COMPLETE", "the scheduler", "mend it", (task,)))

    scene.tell()
    told = capsys.readouterr().out.splitlines()
    assert told[-5:] == [
        "why: the scheduler",
        "what to do: mend it",
        "scheduler: task ended (exit 1): ImportError",
        "    line",
        "    ImportError",
    ]


def test_what_was_kept_of_an_older_failure_is_not_mixed_up_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    scene = Scene()
    scene.put_foundation()
    evidence.keep(
        scene.aws, "bucket", Evidence(NAME, "2025-12-31T00:00:00+00:00", "ROLLBACK_COMPLETE", "something old", "")
    )
    scene.deploy(Resource("Queue", fails="no room"))

    scene.tell()
    assert "something old" not in capsys.readouterr().out


def test_data_has_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    scene = Scene()
    scene.deploy(Resource("Queue", fails="no room"))

    assert scene.tell(as_json=True) == DONE
    told = json.loads(capsys.readouterr().out)
    assert (told["stack"], told["status"]) == (NAME, "ROLLBACK_COMPLETE")
    assert told["why"]["cause"].endswith("CREATE_FAILED: no room")
    assert told["events"][0]["status"] == "CREATE_IN_PROGRESS"
    assert told["began"] == told["events"][0]["time"]
    assert told["ended"] == told["events"][-1]["time"]


def test_a_page_is_written_and_said_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scene = Scene()
    scene.deploy(Resource("Queue", fails="<no room>"))
    file = tmp_path / "page.html"

    assert scene.tell(html=str(file)) == DONE
    assert "&lt;no room&gt;" in file.read_text("utf-8")
    assert ", 6 s</p>" in file.read_text("utf-8"), "it has ended"
    assert str(file) in scene.talk.getvalue()
    assert capsys.readouterr().out == ""


def test_on_the_page_of_what_rests_nothing_goes_on(tmp_path: Path) -> None:
    scene = Scene()
    scene.deploy(Resource("Queue"))
    told = scene.cloud._get(NAME).events
    told[:] = [event for event in told if (event["LogicalResourceId"], event["ResourceStatus"]) != ("Queue", ENDED)]
    scene.tell(html=str(tmp_path / "page.html"))

    assert ", 4 s</p>" in (tmp_path / "page.html").read_text("utf-8")


def test_a_page_that_cannot_be_written_is_said_in_a_line(tmp_path: Path) -> None:
    scene = Scene()
    scene.deploy(Resource("Queue"))

    with pytest.raises(DeployError, match="cannot be written"):
        scene.tell(html=str(tmp_path / "nowhere" / "page.html"))


def test_what_goes_on_is_told_so_far_without_waiting(capsys: pytest.CaptureFixture[str]) -> None:
    scene = Scene()
    deploying = scene.deploying(Resource("Queue", seconds=300))
    next(deploying)
    before = scene.time.seconds

    assert scene.tell() == DONE
    assert scene.time.seconds == before
    assert capsys.readouterr().out.splitlines()[-1] == ("it goes on: watch it with `make airflow-events ARGS=--follow`")


def test_what_goes_on_is_followed_until_it_rests() -> None:
    scene = Scene()
    next(scene.deploying(Resource("Queue", seconds=300)))

    assert scene.tell(follow=True) == DONE
    lines = scene.talk.getvalue().splitlines()
    assert [line.split()[2:4] for line in lines[:-1]] == [
        ["CREATE_IN_PROGRESS", NAME],
        ["CREATE_IN_PROGRESS", f"{NAME}/Queue"],
        ["CREATE_COMPLETE", f"{NAME}/Queue"],
        ["CREATE_COMPLETE", NAME],
    ]
    assert lines[-1] == f"{NAME}: CREATE_COMPLETE after 5 min 02 s"


def test_a_failure_that_was_watched_is_the_exit_status() -> None:
    scene = Scene()
    next(scene.deploying(Resource("Queue", seconds=300, fails="no room")))

    assert scene.tell(follow=True) == FAILED
    assert "why: " in scene.talk.getvalue()


def test_tasks_that_end_are_told_to_who_watches_and_kept() -> None:
    environment = Environment()
    services = nested("Services", Resource("worker", "AWS::ECS::Service", fails="Circuit Breaker", seconds=60))
    environment.cloud.begin_update(NAME, Graph((services,), {"Image": None}, {"ClusterName": CLUSTER}))
    environment.cluster.end_task("worker", container={"exitCode": 1, "reason": "no room"})
    talk, options = io.StringIO(), argparse.Namespace(follow=True, json=False, html="")

    screen = Screen(talk, io.StringIO(), {}, ())
    assert tell(environment.aws, NAMES, screen, options, environment.time.clock()) == FAILED
    assert "why: worker: task ended (exit 1): no room; airflow-dev/Services/worker" in talk.getvalue()
    kept = evidence.last(environment.aws, BUCKET, NAME)
    assert kept is not None
    assert [each.cause for each in kept.tasks] == ["no room"]


def test_a_removal_is_followed_until_the_stack_is_gone() -> None:
    scene = Scene()
    scene.deploy(Resource("Queue", seconds=30))
    next(scene.removing())

    assert scene.tell(follow=True) == DONE
    assert scene.talk.getvalue().splitlines()[-1].startswith(f"{NAME}: DELETE_COMPLETE")
    assert scene.cloud.status(NAME) == "nothing"


def test_after_a_removal_it_is_what_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    scene = Scene()
    scene.deploy(Resource("Queue"))
    list(scene.removing())

    assert scene.tell() == DONE
    told = capsys.readouterr().out.splitlines()
    assert told[0].split()[2:4] == ["DELETE_IN_PROGRESS", NAME]
    assert told[-1] == f"{NAME}: DELETE_COMPLETE after 4 s"


def test_a_removal_that_has_come_half_way_is_what_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    scene = Scene()
    list(scene.deploying(Resource("Templates"), name=FOUNDATION))
    scene.deploy(Resource("Queue"))
    list(scene.removing())

    assert scene.tell() == DONE
    assert capsys.readouterr().out.splitlines()[-1].startswith(f"{NAME}: DELETE_COMPLETE")

    list(scene.deploying(Resource("Templates", version=2), name=FOUNDATION))
    scene.tell()
    assert capsys.readouterr().out.splitlines()[-1].startswith(f"{FOUNDATION}: UPDATE_COMPLETE")


@pytest.mark.parametrize("follow", [True, False])
def test_where_nothing_was_ever_done_it_is_said(*, follow: bool) -> None:
    scene = Scene()

    assert scene.tell(follow=follow) == FAILED
    assert scene.talk.getvalue().startswith(f"there is no stack {NAME} in eu-west-1: it was never deployed, or ")
