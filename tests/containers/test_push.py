"""The unmodified tool builds and pushes to a registry that answers to ECR's name; AWS is the one inside the machine."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deployer.errors import DeployError
from deployer.images.content import Content, File, content
from deployer.images.engine import Engine as BuildEngine
from deployer.images.repository import Credentials
from generator.config.environments import load
from local import embedded_aws
from local.embedded_aws import Endpoint
from local.layout import Layout
from tests.containers.base import CHECKOUT
from tests.containers.engine import Engine, private_engine
from tests.containers.registry import Pushed, Registry, registry

ENVIRONMENT = "dev"
PASSWORD = "ministack-auth-token"  # what the AWS inside the machine gives as ECR's token


@dataclass(frozen=True)
class Workplace:
    """A checkout with its AWS, an engine, and the registry between them."""

    checkout: Path
    endpoint: Endpoint
    engine: Engine
    registry: Registry
    options: str

    def run(self, verb: str, *words: str, environment: str = ENVIRONMENT, **variables: str) -> "Done":
        """Run a verb as a person in this checkout does."""
        own = {**self.engine.environment, **self.endpoint.variables(), "BUILD_OPTIONS": self.options, **variables}
        for name in ("AWS_PROFILE", "CI", "CONTAINER_CLI"):
            if name not in variables:
                own.pop(name, None)
        command = [sys.executable, "-m", "deployer", verb, "--environment", environment, *words]
        done = subprocess.run(
            command, cwd=self.checkout, env=own, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        assert PASSWORD not in done.stdout + done.stderr
        assert not list((self.checkout / ".local").glob("login-*"))
        assert not list((self.checkout / ".local").glob("image-*"))
        return Done(done.returncode, done.stdout, done.stderr)

    def ask(self, service: str, question: str, **about: Any) -> dict[str, Any]:
        """What the AWS inside the machine says."""
        session: Any = self.endpoint.session()
        answer: dict[str, Any] = getattr(session.client(service, endpoint_url=self.endpoint.url), question)(**about)
        return answer

    @property
    def repository(self) -> str:
        told = self.ask("ecr", "describe_repositories")["repositories"]
        (uri,) = [one["repositoryUri"] for one in told if f"/airflow-{ENVIRONMENT}-" in one["repositoryUri"]]
        return str(uri)

    def tags(self) -> dict[str, str]:
        """What ECR's tags name."""
        told = self.ask("ecr", "describe_images", repositoryName=self.repository.partition("/")[2])["imageDetails"]
        return {tag: image["imageDigest"] for image in told for tag in image["imageTags"]}

    def wanted(self) -> str:
        """The tag of what is in the checkout now."""
        settings = load(self.checkout / "service.yml", ENVIRONMENT)
        return content(self.checkout, settings.build_arguments, "X86_64").tag

    def in_service(self) -> dict[str, tuple[str, str]]:
        """Task definition and image of each service."""
        (cluster,) = self.ask("ecs", "list_clusters")["clusterArns"]  # one environment has got so far
        arns = self.ask("ecs", "list_services", cluster=cluster)["serviceArns"]
        found = {}
        for service in self.ask("ecs", "describe_services", cluster=cluster, services=arns)["services"]:
            definition = self.ask("ecs", "describe_task_definition", taskDefinition=service["taskDefinition"])
            (container,) = definition["taskDefinition"]["containerDefinitions"]
            found[service["serviceName"]] = (service["taskDefinition"], container["image"])
        return found

    def images_in_service(self) -> set[str]:
        """What the services run."""
        return {image for _, image in self.in_service().values()}

    def change(self, text: str) -> None:
        """Edit a DAG."""
        (self.checkout / "dags" / "changed.py").write_text(f"# {text}\n")

    def unchange(self) -> None:
        """Take that back: the content of the first deploy."""
        (self.checkout / "dags" / "changed.py").unlink()


@dataclass(frozen=True)
class Done:
    """How a verb ended."""

    status: int
    stdout: str
    stderr: str

    @property
    def line(self) -> str:
        """The last line, which says what went wrong."""
        return self.stderr.rstrip().splitlines()[-1]


@pytest.fixture(scope="module")
def checkout() -> Iterator[Path]:
    """What is committed or about to be, somewhere else. PostgreSQL's user must be able to come to it."""
    folder = Path(tempfile.mkdtemp(prefix="airflow-push-"))
    folder.chmod(0o755)
    listed = subprocess.check_output(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=CHECKOUT, text=True
    )
    for name in filter(None, listed.split("\0")):
        if (CHECKOUT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, folder / name)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def place(checkout: Path, engine: Engine, base_image: str, build_options: str) -> Iterator[Workplace]:
    layout = Layout(checkout)
    endpoint = embedded_aws.start(layout, lambda _: None)
    ecr: Any = endpoint.session()
    ecr = ecr.client("ecr", endpoint_url=endpoint.url)

    def told(pushed: Pushed) -> None:
        ecr.put_image(
            repositoryName=pushed.repository,
            imageManifest=pushed.manifest.decode(),
            imageManifestMediaType=pushed.kind,
            imageTag=pushed.tag,
            imageDigest=pushed.digest,
        )

    host = f"{endpoint.account}.dkr.ecr.{endpoint.region}.amazonaws.com"
    try:
        with registry(host, engine.proxy_port, engine.authorities, told) as running:
            running.accept(PASSWORD)
            yield Workplace(checkout, endpoint, engine, running, build_options)
    finally:
        embedded_aws.stop(layout)


@contextmanager
def edited(file: Path, more: str) -> Iterator[None]:
    """A file with more at its end."""
    text = file.read_text()
    file.write_text(f"{text}\n{more}")
    try:
        yield
    finally:
        file.write_text(text)


@contextmanager
def nothing_done(place: Workplace) -> Iterator[None]:
    """Whatever happens within: no tag more or less, and every service as it was."""
    before = place.tags(), place.in_service(), place.registry.tags()
    yield
    assert (place.tags(), place.in_service(), place.registry.tags()) == before


def fails(place: Workplace, *words: str, **other: str) -> str:
    """Push an image, which must fail with one line and leave all as it was. Give the line."""
    with nothing_done(place):
        done = place.run("push-image", *words, **other)
    assert done.status == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return done.line


@pytest.fixture(scope="module")
def first(place: Workplace) -> Done:
    """The first deploy, which all others come after."""
    return place.run("deploy", "--yes")


@pytest.fixture
def live(place: Workplace, first: Done) -> Workplace:
    """Where something is in service, and a DAG has changed since."""
    assert first.status == 0, first.stderr
    place.change(str(time.monotonic()))
    return place


def test_a_deploy_builds_and_pushes_before_the_services_need_it(place: Workplace, first: Done) -> None:
    assert first.status == 0, first.stderr
    digest = place.tags()[place.wanted()]
    assert place.registry.tags()[place.wanted()] == digest
    assert place.images_in_service() == {f"{place.repository}@{digest}"}
    assert f"live: {place.repository}@{digest}, release 1" in first.stderr
    configuration = Path(place.engine.environment["DOCKER_CONFIG"], "config.json")
    assert place.registry.host not in configuration.read_text()


def test_the_same_content_again_does_nothing_and_needs_no_engine(live: Workplace) -> None:
    live.unchange()
    with nothing_done(live):
        done = live.run("push-image", CONTAINER_CLI="no-such-docker")

    assert done.status == 0, done.stderr
    assert "is there: nothing to build, nothing to push" in done.stderr
    assert "is live already" in done.line


def test_a_changed_dag_is_one_small_layer_more_and_is_rolled_out(live: Workplace) -> None:
    before, blobs = live.images_in_service(), live.registry.blobs()

    done = live.run("push-image")

    assert done.status == 0, done.stderr
    digest = live.tags()[live.wanted()]
    assert live.registry.tags()[live.wanted()] == digest
    assert live.images_in_service() == {f"{live.repository}@{digest}"} != before
    assert f"live: {live.repository}@{digest}, release " in done.stderr
    new = live.registry.blobs() - blobs
    assert new <= 4, f"{new} blobs: two small layers, the manifest, and the image's description"


def test_without_a_program_nothing_is_done(live: Workplace) -> None:
    line = fails(live, CONTAINER_CLI="no-such-docker")

    assert line.startswith("no-such-docker cannot be started: No such file or directory; install Docker, Podman")


def test_without_an_engine_nothing_is_done(live: Workplace) -> None:
    line = fails(live, DOCKER_HOST="unix:///nowhere/socket")

    assert line.startswith("docker: its engine does not answer: Cannot connect to the Docker daemon at unix:///nowhere")


def test_a_base_that_cannot_be_pulled_is_named(live: Workplace) -> None:
    mirror = "mirror.example.com/apache/airflow:3.3.2-python3.12"
    text = (live.checkout / "service.yml").read_text()
    (live.checkout / "mirror.yml").write_text(f"{text}\nimage: {{base: {mirror!r}}}\n")

    line = fails(live, "--settings", "mirror.yml")

    assert line.startswith(f"the base image {mirror} cannot be pulled: ")
    assert "name a mirror in service.yml" in line


@pytest.mark.parametrize("builder", ["0", "1"])
def test_a_base_in_ecr_is_pulled_with_a_log_in_of_the_builds_own(
    place: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, builder: str
) -> None:
    """The user keeps log-ins in a store that has none for it, and that must not be given this one."""
    store = tmp_path / "docker-credential-locked"
    store.write_text(
        '#!/bin/sh\n[ "$1" = list ] && echo "{}" && exit\necho "credentials not found in native keychain"; exit 1\n'
    )
    store.chmod(0o755)
    (tmp_path / "config.json").write_text('{"credsStore": "locked"}')
    for name, value in place.engine.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("DOCKER_BUILDKIT", builder)
    monkeypatch.setenv("PATH", f"{tmp_path}:{place.engine.environment['PATH']}")
    base = f"{place.registry.host}/base-{builder}:1"
    place.ask("ecr", "create_repository", repositoryName=f"base-{builder}")
    tool = BuildEngine(folder=tmp_path)
    login = Credentials(place.registry.host, "AWS", PASSWORD)
    file = File("docker/Dockerfile", executable=False, body=b"FROM scratch\nCOPY docker/Dockerfile /\n")
    tool.build(Content((file,), {}, "X86_64", ""), base)
    tool.push(base, login)
    place.engine.run("image", "rm", base)
    file = File("docker/Dockerfile", executable=False, body=b"ARG AIRFLOW_IMAGE\nFROM ${AIRFLOW_IMAGE}\nUSER 5\n")
    on_it = Content((file,), {"AIRFLOW_IMAGE": base}, "X86_64", "")

    with pytest.raises(DeployError, match=f"base image {base} cannot be pulled: .*log in to {place.registry.host}"):
        tool.build(on_it, "on-it")
    tool.build(on_it, "on-it", credentials=login)

    assert tool.exists("on-it")
    assert (tmp_path / "config.json").read_text() == '{"credsStore": "locked"}'


def test_a_step_that_fails_is_told_in_its_own_words(live: Workplace) -> None:
    step = 'RUN echo "before" && echo "docker/packages.txt: no such package" >&2 && exit 3\n'
    with edited(live.checkout / "docker" / "Dockerfile", step):
        line = fails(live)

    assert line.startswith("the image was not built: docker/packages.txt: no such package; ")


def test_a_log_in_that_is_refused_is_told(live: Workplace) -> None:
    live.registry.accept("another")
    try:
        line = fails(live)
    finally:
        live.registry.accept(PASSWORD)

    assert line.startswith(f"{live.registry.host} does not accept the log-in: ")
    assert "401 Unauthorized" in line


def test_a_push_that_is_refused_is_told(live: Workplace) -> None:
    answer = "User: arn:aws:iam::1:user/x is not authorized to perform: ecr:InitiateLayerUpload on resource: y"
    with live.registry.answering(403, "DENIED", answer):
        line = fails(live)

    assert line.startswith(f"the push of {live.repository}:{live.wanted()} was refused: denied: {answer}; ")


def test_a_push_that_breaks_off_at_its_end_is_told(live: Workplace) -> None:
    """Nothing but the image's description is new, so that the engine does not try again for a minute."""
    live.unchange()
    with edited(live.checkout / "docker" / "Dockerfile", "LABEL of=this-test\n"), live.registry.breaking_off():
        line = fails(live)

    assert line.startswith(f"the push of {live.repository}:content-")
    assert " broke off: " in line


@pytest.mark.nightly  # the engine tries for 50 seconds
def test_a_push_that_breaks_off_midway_is_told(live: Workplace) -> None:
    (live.checkout / "dags" / "data.bin").write_bytes(os.urandom(2_000_000))
    live.registry.proxy.cut(after=500_000)
    try:
        line = fails(live)
    finally:
        live.registry.proxy.cut(after=None)
        (live.checkout / "dags" / "data.bin").unlink()

    assert line.startswith(f"the push of {live.repository}:content-")
    assert " broke off: " in line


def test_a_log_in_that_expires_on_the_way_is_made_again(live: Workplace) -> None:
    with live.registry.answering(
        403, "DENIED", "Your authorization token has expired. Reauthenticate and try again.", once=True
    ):
        done = live.run("push-image")

    assert done.status == 0, done.stderr
    assert "the log-in has expired: logging in again" in done.stderr
    assert live.images_in_service() == {f"{live.repository}@{live.tags()[live.wanted()]}"}


def test_another_architecture_than_the_task_definitions_want_is_not_pushed(live: Workplace, tmp_path: Path) -> None:
    """Some builders take --platform and build for this machine all the same: here one that does not hand it on."""
    text = (live.checkout / "service.yml").read_text()
    other = text.replace("  stage: {}\n", "  stage: {service: {architecture: arm64}}\n")
    assert other != text
    (live.checkout / "arm.yml").write_text(other)
    docker = tmp_path / "docker"
    docker.write_text(
        "#!/bin/sh\n"
        'for word; do shift; case "$word" in --platform=*) ;; *) set -- "$@" "$word" ;; esac; done\n'
        f'exec {live.engine.folder}/bin/docker "$@"\n'
    )
    docker.chmod(0o755)
    words = ("--yes", "--settings", "arm.yml", "--out", str(live.checkout / "arm"))

    with nothing_done(live):
        done = live.run("deploy", *words, environment="stage", CONTAINER_CLI=str(docker))

    assert done.status == 1
    assert done.line.startswith("the image was built for amd64, but the task definitions want arm64")
    stacks = {each["StackName"] for each in live.ask("cloudformation", "list_stacks")["StackSummaries"]}
    assert "airflow-stage-foundation" in stacks
    assert "airflow-stage" not in stacks


def test_an_engine_without_space_is_told(live: Workplace) -> None:
    disk = Path(tempfile.mkdtemp(prefix="small-"))  # the name of the engine's socket must be short
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(disk)], check=True)
    (live.checkout / "dags" / "data.bin").write_bytes(os.urandom(80_000_000))
    try:
        with private_engine(disk) as small:
            socket = {"DOCKER_HOST": small.environment["DOCKER_HOST"], "DOCKER_BUILDKIT": "0"}
            line = fails(live, **socket)
    finally:
        (live.checkout / "dags" / "data.bin").unlink()
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
        disk.rmdir()

    assert line.startswith("docker: there is no space left on the engine's disk: ")
    assert "docker system prune" in line
