from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from deployer.aws import Aws
from deployer.errors import DeployError
from deployer.images.content import Content, File
from deployer.images.engine import Engine
from deployer.images.facts import ImageFacts
from deployer.images.programs import Call
from deployer.images.publish import Destination, Published, publish
from tests.deployer.images.scripted import (
    FACTS,
    REGISTRY,
    TOKEN,
    URI,
    ScriptedProgram,
    ScriptedRepository,
    still,
)
from tests.deployer.scripted_clients import scripted
from tests.deployer.scripted_storage import ScriptedS3

CONTENT = Content((File("docker/Dockerfile", executable=False, body=b"FROM x\n"),), {}, "X86_64", "content-1")


@dataclass
class World:
    """All that a publish deals with."""

    ecr: ScriptedRepository = field(default_factory=ScriptedRepository)
    s3: ScriptedS3 = field(default_factory=lambda: ScriptedS3("bucket"))
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.docker = ScriptedProgram(self.ecr.push)

    @property
    def aws(self) -> Aws:
        return scripted({"ecr": self.ecr, "s3": self.s3})

    def publish(self, uri: str = URI, architecture: str = "X86_64") -> Published:
        content = Content(CONTENT.files, CONTENT.arguments, architecture, CONTENT.tag)
        engine = Engine("docker", run=self.docker)
        return publish(self.aws, Destination(uri, "bucket"), content, engine, self.said.append, still())

    def nothing_happened(self) -> bool:
        return not self.ecr.images and set(self.s3.bodies("bucket")) <= {"images/content-1.json"}


def test_a_new_content_is_built_pushed_and_named_by_the_digest_of_ecr() -> None:
    world = World()

    published = world.publish()

    (digest,) = world.ecr.images
    assert world.ecr.images[digest] == ["content-1"]
    assert (published.reference, published.digest, published.tag) == (f"{URI}@{digest}", digest, "content-1")
    assert published.built
    assert published.pushed
    assert world.docker.did == ["version", "build", "image", "run", "image", "login", "push"]
    assert json.loads(world.s3.bodies("bucket")[f"images/{digest[7:]}.json"]) == FACTS
    assert published.facts
    assert published.facts.heads == {"alembic_version": "c"}


def test_the_steps_are_told_with_their_figures() -> None:
    world = World()
    world.publish()

    assert world.said == [
        f"building {URI}:content-1",
        "build: well",
        "built in 0 s: Airflow 3.3.2, Python 3.12.7",
        f"pushing {URI}:content-1 (678 MB before compression)",
        "push: well",
        "pushed in 0 s",
    ]


def test_a_push_is_told_without_its_chatter() -> None:
    world = World()
    lines = ["a: Preparing", "b: Waiting", "a: Retrying in 2 seconds", "a: Retrying in 1 second", "a: Pushed"]
    world.docker.fail("push", *lines, "a: Retrying in 5 seconds", "denied: no")

    with pytest.raises(DeployError):
        world.publish()

    assert world.said[-4:] == ["a: Retrying in 2 seconds", "a: Pushed", "a: Retrying in 5 seconds", "denied: no"]


def test_the_token_is_typed_and_nowhere_else() -> None:
    world = World()
    world.publish()

    typed = [call for call in world.docker.calls if call.typed]
    assert [(call.arguments[1], call.typed) for call in typed] == [("login", TOKEN)]
    for call in world.docker.calls:
        assert TOKEN not in " ".join([*call.arguments, *call.variables.values(), repr(call)])
    assert TOKEN not in "\n".join(world.said)


def test_the_same_content_again_needs_no_engine_at_all() -> None:
    world = World()
    first = world.publish()
    world.docker.calls.clear()

    again = world.publish()

    assert world.docker.calls == []
    assert (again.reference, again.facts) == (first.reference, first.facts)
    assert not again.built
    assert not again.pushed
    assert world.said[-1] == f"{URI}:content-1 is there: nothing to build, nothing to push"


def test_facts_are_known_to_whoever_comes_after_a_push_that_was_interrupted() -> None:
    world = World()

    def pushed(reference: str) -> None:
        world.ecr.push(reference)
        raise KeyboardInterrupt

    world.docker = ScriptedProgram(pushed)
    with pytest.raises(KeyboardInterrupt):
        world.publish()
    world.docker = ScriptedProgram()

    published = world.publish()

    assert published.facts
    assert published.facts.airflow == "3.3.2"
    assert world.docker.calls == []
    assert f"images/{published.digest[7:]}.json" in world.s3.bodies("bucket")


@pytest.mark.parametrize(
    ("base", "logged_in"),
    [
        (
            "210987654321.dkr.ecr.eu-west-1.amazonaws.com/airflow:3.3.2",
            ["210987654321.dkr.ecr.eu-west-1.amazonaws.com"],
        ),
        ("210987654321.dkr.ecr.us-east-1.amazonaws.com/airflow:3.3.2", []),
        ("public.ecr.aws/me/airflow:3.3.2", []),
        ("docker.io/apache/airflow:3.3.2", []),
    ],
)
def test_a_base_in_ecr_is_pulled_with_a_log_in_to_its_registry(base: str, logged_in: list[str]) -> None:
    world = World()
    content = Content(CONTENT.files, {"AIRFLOW_IMAGE": base}, "X86_64", "content-1")
    seen: list[tuple[str, str]] = []
    world.docker.during = lambda call: seen.append((call.arguments[1], call.variables.get("DOCKER_CONFIG", "")))

    publish(world.aws, Destination(URI, "bucket"), content, Engine("docker", world.docker), world.said.append, still())

    logins = [call for call in world.docker.calls if call.arguments[1] == "login"]
    assert [call.arguments[-1] for call in logins] == [*logged_in, REGISTRY]
    of_build = next(folder for word, folder in seen if word == "build")
    assert (of_build == logins[0].variables["DOCKER_CONFIG"]) == bool(logged_in)
    assert bool(of_build) == bool(logged_in)


def test_lost_facts_are_asked_of_the_image_on_this_machine() -> None:
    world = World()
    first = world.publish()
    world.s3.buckets["bucket"].clear()

    assert world.publish().facts == first.facts
    assert world.s3.bodies("bucket")


@pytest.mark.parametrize("lacking", ["program", "image"])
def test_facts_that_nobody_knows_are_none(lacking: str) -> None:
    world = World()
    world.ecr.push(f"{URI}:content-1")

    def no_program(_: object) -> None:
        raise FileNotFoundError(2, "No such file or directory", "docker")

    if lacking == "program":
        world.docker.during = no_program
    assert world.publish().facts is None
    assert not world.s3.bodies("bucket")


def test_a_tag_that_is_seen_a_moment_later_is_waited_for() -> None:
    world = World()

    def pushed(reference: str) -> None:
        world.ecr.push(reference)
        world.ecr.late = 3

    world.docker = ScriptedProgram(pushed)

    assert world.publish().digest in world.ecr.images


def test_a_tag_that_never_comes_is_an_error() -> None:
    world = World()
    world.docker = ScriptedProgram()

    with pytest.raises(DeployError, match="was pushed, but ECR does not know it"):
        world.publish()
    assert world.nothing_happened()


def test_a_log_in_that_expired_on_the_way_is_made_again_once() -> None:
    world = World()
    world.docker.fail("push", "denied: Your authorization token has expired. Reauthenticate and try again.")

    assert world.publish().pushed
    assert world.docker.did[-4:] == ["login", "push", "login", "push"]
    assert world.ecr.calls.count("GetAuthorizationToken") == 2


def test_a_log_in_that_expires_twice_is_one_clear_line() -> None:
    world = World()
    for _ in range(2):
        world.docker.fail("push", "no basic auth credentials")

    with pytest.raises(DeployError, match="was not accepted, although just logged in: no basic auth credentials"):
        world.publish()
    assert world.nothing_happened()


def test_who_pushed_the_same_content_meanwhile_has_done_the_work() -> None:
    world = World()
    said = "tag invalid: The image tag 'content-1' already exists in the 'images' repository and cannot be overwritten"
    world.docker.fail("push", f"{said} because the tag is immutable.")

    def quicker(call: Call) -> None:
        if call.arguments[1] == "push":
            world.ecr.push(f"{URI}:content-1")

    world.docker.during = quicker

    published = world.publish()

    assert published.digest in world.ecr.images
    assert published.built
    assert not published.pushed
    assert "somebody else has just pushed the same content" in world.said


def test_another_architecture_than_the_task_definitions_want_is_not_pushed() -> None:
    world = World()

    with pytest.raises(DeployError, match=r"built for amd64, but the task definitions want arm64 .*buildx") as caught:
        world.publish(architecture="ARM64")

    assert "\n" not in str(caught.value)
    assert "push" not in world.docker.did
    assert world.nothing_happened()


def test_a_missing_repository_stops_it_before_any_build() -> None:
    world = World()

    with pytest.raises(DeployError, match=r"there is no image repository .*/other; `make airflow-deploy` makes it"):
        world.publish(uri=URI.replace("/images", "/other"))
    assert world.docker.calls == []


def test_an_image_that_does_not_start_is_not_pushed() -> None:
    world = World()
    world.docker.fail("run", "this image holds no Airflow: apache-airflow")

    with pytest.raises(DeployError, match="the image does not start: this image holds no Airflow"):
        world.publish()
    assert "push" not in world.docker.did


@pytest.mark.parametrize("printed", ["", "hello", "[]", '{"airflow": "3"}', '{"airflow":1,"python":2,"database":[]}'])
def test_an_image_that_says_something_else_is_not_pushed(printed: str) -> None:
    world = World()
    world.docker.facts = printed

    with pytest.raises(DeployError, match="does not say what is in it"):
        world.publish()
    assert "push" not in world.docker.did


@pytest.mark.parametrize("step", ["version", "build", "image", "run", "login", "push"])
def test_whatever_fails_leaves_no_tag_and_no_facts(step: str) -> None:
    world = World()
    world.docker.fail(step, "something else")

    with pytest.raises(DeployError) as caught:
        world.publish()

    assert "\n" not in str(caught.value)
    assert world.nothing_happened()
    assert world.docker.did[-1] == step


@pytest.mark.parametrize(
    ("revision", "served"), [("b", True), ("c", True), ("d", False), ("b,c", True), ("b,d", False)]
)
def test_an_image_serves_a_database_whose_revision_it_knows(revision: str, served: bool) -> None:
    facts = World().publish().facts

    assert isinstance(facts, ImageFacts)
    assert facts.serves({"alembic_version": revision, "of_another_provider": "x"}) is served
