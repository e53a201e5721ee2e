from __future__ import annotations

import json
from pathlib import Path

import pytest

from deployer.errors import DeployError, WrongUse
from deployer.images.content import Content, File
from deployer.images.engine import Engine, Expired, TagTaken, chosen
from deployer.images.logins import login_folder
from deployer.images.programs import Call
from deployer.images.repository import Credentials
from tests.deployer.images.scripted import REGISTRY, TOKEN, URI, ScriptedProgram

CREDENTIALS = Credentials(REGISTRY, "AWS", TOKEN)
DOCKERFILE = File("docker/Dockerfile", executable=False, body=b"FROM x\n")
CONTENT = Content((DOCKERFILE,), {"AIRFLOW_IMAGE": "base:1", "PACKAGE_INDEX": ""}, "ARM64", "content-1")


def test_a_build_is_given_exactly_what_was_hashed(tmp_path: Path) -> None:
    docker = ScriptedProgram()
    seen: list[list[str]] = []
    docker.during = lambda call: seen.append(sorted(path.name for path in Path(call.arguments[-1]).iterdir()))

    Engine("podman", docker, ("--network", "host"), tmp_path / "scratch").build(CONTENT, "image:1")

    (call,) = docker.calls
    *words, context = call.arguments
    assert words == [
        "podman",
        "build",
        f"--file={context}/docker/Dockerfile",
        "--tag=image:1",
        "--build-arg=AIRFLOW_IMAGE=base:1",
        "--build-arg=PACKAGE_INDEX=",
        "--platform=linux/arm64",
        "--network",
        "host",
    ]
    assert call.variables["BUILDX_NO_DEFAULT_ATTESTATIONS"] == "1"
    assert seen == [["dags", "docker", "plugins"]]
    assert list((tmp_path / "scratch").iterdir()) == []


def test_nothing_staged_is_left_when_it_is_interrupted(tmp_path: Path) -> None:
    docker = ScriptedProgram()

    def interrupt(_: Call) -> None:
        raise KeyboardInterrupt

    docker.during = interrupt
    engine = Engine("docker", docker, folder=tmp_path)

    with pytest.raises(KeyboardInterrupt):
        engine.build(CONTENT, "image:1")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyboardInterrupt):
        engine.push("image:1", CREDENTIALS)
    assert list(tmp_path.iterdir()) == []


def test_log_in_and_push_share_a_configuration_that_goes_with_them(tmp_path: Path) -> None:
    docker = ScriptedProgram()
    there: list[bool] = []
    docker.during = lambda call: there.append(Path(call.variables["REGISTRY_AUTH_FILE"]).is_file())

    Engine("docker", docker, folder=tmp_path).push(f"{URI}:one", CREDENTIALS)

    login, push = docker.calls
    assert login.arguments == ["docker", "login", "--username", "AWS", "--password-stdin", REGISTRY]
    assert login.typed == TOKEN
    assert push.arguments == ["docker", "push", f"{URI}:one"]
    assert login.variables == push.variables
    assert there == [True, True]
    assert list(tmp_path.iterdir()) == []


def test_the_users_own_contexts_are_found_and_their_credentials_are_not(tmp_path: Path) -> None:
    own = tmp_path / ".docker"
    (own / "contexts" / "meta").mkdir(parents=True)
    (own / "ca.pem").write_text("certificate")
    said = {"currentContext": "mine", "credsStore": "gone", "credHelpers": {"a": "b"}, "auths": {"x": {"auth": "eA=="}}}
    (own / "config.json").write_text(json.dumps(said))
    before = (own / "config.json").read_bytes()
    folder = tmp_path / "new"
    folder.mkdir()

    variables = login_folder(folder, REGISTRY, {"HOME": str(tmp_path)})

    assert variables == {"DOCKER_CONFIG": str(folder), "REGISTRY_AUTH_FILE": str(folder / "config.json")}
    assert json.loads((folder / "config.json").read_text()) == {"currentContext": "mine", "auths": {REGISTRY: {}}}
    assert (folder / "config.json").stat().st_mode & 0o077 == 0
    assert (folder / "contexts" / "meta").is_dir()
    assert (folder / "ca.pem").read_text() == "certificate"
    assert (own / "config.json").read_bytes() == before


def test_for_a_build_the_users_log_ins_elsewhere_stay_and_ours_is_of_no_store(tmp_path: Path) -> None:
    own, folder = tmp_path / "own", tmp_path / "new"
    for each in (own, folder):
        each.mkdir()
    said = {"credsStore": "keychain", "credHelpers": {"a": "b", REGISTRY: "c"}, "auths": {"x": {}, REGISTRY: {}}}
    (own / "config.json").write_text(json.dumps(said))

    login_folder(folder, REGISTRY, {"DOCKER_CONFIG": str(own)}, beside_own=True)

    assert json.loads((folder / "config.json").read_text()) == {
        "credHelpers": {"x": "keychain", "a": "b"},
        "auths": {"x": {}, REGISTRY: {}},
    }


def test_a_build_logs_in_to_the_registry_of_its_base_and_the_log_in_goes_with_it(tmp_path: Path) -> None:
    docker = ScriptedProgram()
    there: list[bool] = []
    docker.during = lambda call: there.append(Path(call.variables["DOCKER_CONFIG"], "config.json").is_file())

    Engine("docker", docker, folder=tmp_path).build(CONTENT, "image:1", credentials=CREDENTIALS)

    login, build = docker.calls
    assert (login.arguments[1], login.typed, build.arguments[1]) == ("login", TOKEN, "build")
    assert login.variables["DOCKER_CONFIG"] == build.variables["DOCKER_CONFIG"]
    assert build.variables["BUILDKIT_PROGRESS"] == "plain"
    assert there == [True, True]
    assert list(tmp_path.iterdir()) == []


def test_facts_are_of_the_image_that_is_here_and_of_its_architecture() -> None:
    docker = ScriptedProgram()
    docker.images.add("image:1")

    Engine("docker", docker).facts("image:1", "ARM64")

    (call,) = docker.calls
    assert {"--pull=never", "--platform=linux/arm64", "--network=none"} <= set(call.arguments)


@pytest.mark.parametrize("text", [None, "{", "[]"])
def test_a_user_without_a_configuration_can_log_in_all_the_same(tmp_path: Path, text: str | None) -> None:
    own, folder = tmp_path / "own", tmp_path / "new"
    folder.mkdir()
    if text:
        own.mkdir()
        (own / "config.json").write_text(text)

    login_folder(folder, REGISTRY, {"DOCKER_CONFIG": str(own)})

    assert json.loads((folder / "config.json").read_text()) == {"auths": {REGISTRY: {}}}


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("denied: Your authorization token has expired. Reauthenticate and try again.", Expired),
        ("no basic auth credentials", Expired),
        ("unauthorized: authentication required", Expired),
        ("tag invalid: The image tag 'a' already exists in the 'b' repository and cannot be overwritten", TagTaken),
        ("denied: User: arn:x is not authorized to perform: ecr:PutImage", DeployError),
    ],
)
def test_what_can_be_gone_on_from_has_a_kind_of_its_own(said: str, kind: type[DeployError], tmp_path: Path) -> None:
    docker = ScriptedProgram()
    docker.fail("push", said)

    with pytest.raises(DeployError) as caught:
        Engine("docker", docker, folder=tmp_path).push(f"{URI}:one", CREDENTIALS)
    assert type(caught.value) is kind


def test_a_program_that_is_not_there_says_what_to_install() -> None:
    with pytest.raises(DeployError) as caught:
        Engine("no-such-docker").require()
    assert str(caught.value) == (
        "no-such-docker cannot be started: No such file or directory; "
        "install Docker, Podman or Finch, and say which with CONTAINER_CLI=podman"
    )


def test_an_image_that_the_builder_keeps_to_itself_is_told() -> None:
    with pytest.raises(DeployError, match=r"docker has no image image:1; if your builder keeps .*BUILD_OPTIONS=--load"):
        Engine("docker", ScriptedProgram()).architecture("image:1")


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(DeployError, match=r"file: File exists; the build is staged there"):
        Engine("docker", ScriptedProgram(), folder=tmp_path / "file").build(CONTENT, "image:1")


def test_the_users_variables_choose() -> None:
    assert chosen({}).cli == "docker"
    engine = chosen({"CONTAINER_CLI": "finch", "BUILD_OPTIONS": "--network host --label 'a b'"}, Path("x"))

    assert (engine.cli, engine.options, engine.folder) == ("finch", ("--network", "host", "--label", "a b"), Path("x"))
    with pytest.raises(WrongUse, match="BUILD_OPTIONS: No closing quotation"):
        chosen({"BUILD_OPTIONS": "'"})


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--pull --build-arg REFRESH=2", "--build-arg REFRESH"),
        ("--build-arg=AIRFLOW_IMAGE=mine", "--build-arg AIRFLOW_IMAGE"),
        ("--target other", "--target"),
        ("-f Other", "-f"),
    ],
)
def test_options_that_would_change_the_image_behind_its_tag_are_refused(options: str, told: str) -> None:
    with pytest.raises(WrongUse, match=f"^BUILD_OPTIONS: {told} would change the image, but not its tag"):
        chosen({"BUILD_OPTIONS": options})


@pytest.mark.parametrize("options", ["--build-arg https_proxy=http://proxy:3128", "--pull", "--build-arg NO_PROXY"])
def test_options_that_only_say_how_to_build_are_the_users(options: str) -> None:
    assert chosen({"BUILD_OPTIONS": options}).options == tuple(options.split())
