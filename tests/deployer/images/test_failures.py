"""What programs really said: docker 20.10 and 28 were tried; podman's, finch's and ECR's words are from documents."""

from __future__ import annotations

import pytest

from deployer.errors import DeployError
from deployer.images import failures

STEP = [
    "#7 [4/9] RUN python -B /opt/airflow/build/requirements.py",
    "#7 sha256:32fe180886f06e1a21173c9de9ac5f8eba624743e61ca059a0867c4725541890",
    "#7 0.051 Collecting pandas==1.0",
    "#7 2.345 docker/requirements.txt: pandas==1.0: Airflow 3.3.2 needs pandas==2.3.3",
]
SAID = "docker/requirements.txt: pandas==1.0: Airflow 3.3.2 needs pandas==2.3.3"
BUILDX = [
    *STEP,
    '#7 ERROR: process "/bin/sh -c python x" did not complete successfully: exit code: 1',
    "------",
    " > [4/9] RUN python -B /opt/airflow/build/requirements.py:",
    "2.345 docker/requirements.txt: pandas==1.0: Airflow 3.3.2 needs pandas==2.3.3",
    "------",
    "Dockerfile:30",
    "--------------------",
    "  28 |     USER 50000:0",
    "  30 | >>> RUN python -B /opt/airflow/build/requirements.py",
    "--------------------",
    'ERROR: failed to solve: process "/bin/sh -c python x" did not complete successfully: exit code: 1',
]
DOCKER_20 = [
    *STEP,
    "#7 ERROR: executor failed running [/bin/sh -c python x]: exit code: 1",
    "------",
    " > [4/9] RUN python -B /opt/airflow/build/requirements.py:",
    "------",
    "executor failed running [/bin/sh -c python x]: exit code: 1",
]
CLASSIC = [
    "Step 9/20 : RUN python -B /opt/airflow/build/requirements.py",
    " ---> Running in 5600936ff270",
    SAID,
    "Removing intermediate container 5600936ff270",
    "The command '/bin/sh -c python x' returned a non-zero code: 1",
]
PODMAN = [
    "STEP 9/20: RUN python -B /opt/airflow/build/requirements.py",
    SAID,
    'Error: building at STEP "RUN python -B x": while running runtime: exit status 1',
]


@pytest.mark.parametrize("said", [BUILDX, DOCKER_20, CLASSIC, PODMAN])
def test_a_step_that_fails_is_told_in_its_own_last_words(said: list[str]) -> None:
    error = failures.of_build("docker", "base:1", said)

    assert error.line.removeprefix("the image was not built: ").removeprefix("2.345 ") == SAID


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (
            "failed to solve with frontend dockerfile.v0: failed to create LLB definition: dockerfile parse"
            " error line 2: unknown instruction: BOGUS",
            "the image was not built: failed to solve with frontend dockerfile.v0",
        ),
        ('failed to compute cache key: "/nofile" not found: not found', "the image was not built: failed to compute"),
        ("COPY failed: file not found in build context", "the image was not built: COPY failed"),
        (
            "Error response from daemon: dockerfile parse error line 2",
            "the image was not built: dockerfile parse error",
        ),
    ],
)
def test_a_dockerfile_that_is_wrong_is_told_as_the_builder_does(last: str, expected: str) -> None:
    assert failures.of_build("docker", "base:1", ["#1 DONE 0.0s", last, ""]).line.startswith(expected)


PULLS = [
    "failed to solve with frontend dockerfile.v0: failed to create LLB definition: failed to do request: Head"
    ' "https://registry-1.docker.io/v2/x/manifests/1": dial tcp: lookup registry-1.docker.io: i/o timeout',
    'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 192.0.2.53:53: no such host',
    'Error response from daemon: Get "https://registry-1.docker.io/v2/": net/http: request canceled (Client.Timeout)',
    "ERROR: failed to solve: base:1: failed to resolve source metadata for docker.io/library/base:1: not found",
    "manifest for base:1 not found: manifest unknown: manifest unknown",
    "pull access denied for base, repository does not exist or may require 'docker login'",
    "ERROR: failed to solve: base:1: failed to resolve source metadata: toomanyrequests: You have reached it",
    "Error: creating build container: initializing source docker://base:1: reading manifest 1: manifest unknown",
    'Error: creating build container: short-name "base:1" did not resolve to an alias and no unqualified-search'
    ' registries are defined in "/etc/containers/registries.conf"',
    "Error: creating build container: short-name resolution enforced but cannot prompt without a TTY",
]


@pytest.mark.parametrize("last", PULLS)
def test_a_base_that_cannot_be_pulled_is_told_with_its_mirror(last: str) -> None:
    error = failures.of_build("docker", "base:1", ["Step 1/20 : FROM base:1", last, ""])

    assert error.line.startswith("the base image base:1 cannot be pulled: ")
    assert "image: {base: ...}" in error.hint


@pytest.mark.parametrize(
    ("base", "host"),
    [
        ("1.dkr.ecr.cn-north-1.amazonaws.com.cn/airflow:1", "1.dkr.ecr.cn-north-1.amazonaws.com.cn"),
        ("localhost:5000/airflow", "localhost:5000"),
        ("apache/airflow:1", "docker.io"),
    ],
)
@pytest.mark.parametrize(
    "last",
    [
        'Error response from daemon: Head "https://x/v2/airflow/manifests/1": no basic auth credentials',
        "ERROR: failed to solve: x: failed to resolve source metadata for x: unexpected status from HEAD request to"
        " https://x/v2/airflow/manifests/1: 401 Unauthorized",
        "Error: creating build container: initializing source docker://x: reading manifest 1 in x: unauthorized",
        "pull access denied for x, repository does not exist or may require 'docker login': denied: not authorized",
    ],
)
def test_a_registry_that_does_not_let_the_base_be_pulled_is_named_to_log_in_to(base: str, host: str, last: str) -> None:
    error = failures.of_build("docker", base, [last])

    assert error.line.startswith(f"the base image {base} cannot be pulled: ")
    assert error.hint.startswith(f"check its name, and log in to {host}, or name a mirror")


def test_a_docker_without_buildx_says_what_to_install() -> None:
    said = [  # docker 28 without the plugin
        "ERROR: BuildKit is enabled but the buildx component is missing or broken.",
        "       Install the buildx component to build images with BuildKit:",
        "       https://docs.docker.com/go/buildx/",
    ]
    error = failures.of_build("docker", "base:1", said)

    assert str(error) == (
        "docker lacks buildx, which DOCKER_BUILDKIT asks for; install docker-buildx, or unset DOCKER_BUILDKIT"
    )


@pytest.mark.parametrize(
    "said",
    [
        [
            "Error: creating build container: choosing an image from manifest list docker://base:1: no image found in"
            ' image index for architecture arm64, variant "", OS linux'
        ],
        ["Error: choosing image instance: no image found in manifest list for architecture arm64, OS linux"],
        ['failed to get destination image "sha256:7": image does not match the specified platform: wanted linux/arm64'],
        [*DOCKER_20[:2], "#7 0.2 exec /bin/sh: exec format error", *DOCKER_20[4:]],
        ["ERROR: failed to solve: base:1: failed to resolve source metadata: no match for platform in manifest"],
    ],
)
def test_another_processor_without_emulation_is_told(said: list[str]) -> None:
    error = failures.of_build("docker", "base:1", said)

    assert error.line.startswith("the image cannot be built for the wanted architecture here: ")
    assert "emulation" in error.hint


def test_a_step_without_a_network_is_not_taken_for_the_base() -> None:
    said = ['#7 1.2 Get "https://pypi.org/v2/": dial tcp: no such host', *DOCKER_20[-5:]]

    assert failures.of_build("docker", "base:1", said).line.startswith("the image was not built: Get")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
            "docker: its engine does not answer",
        ),
        (
            "permission denied while trying to connect to the Docker daemon socket at unix:///run/docker.sock: Get"
            ' "http://%2Frun%2Fdocker.sock/v1.24/version": dial unix /run/docker.sock: connect: permission denied',
            "docker: this user may not use its engine",
        ),
        ("Cannot connect to Podman. Please verify your connection", "docker: its engine does not answer"),
        ("write /var/lib/docker/x: no space left on device", "docker: there is no space left on the engine's disk"),
    ],
)
def test_an_engine_that_cannot_work_is_told_as_such(said: str, expected: str) -> None:
    for error in (failures.of_engine("docker", [said, "the end"]), failures.of_build("docker", "b", [said, "the end"])):
        assert error is not None
        assert error.line.startswith(f"{expected}: ")
        assert error.line.endswith(said.rstrip("."))
        assert error.hint


def test_what_the_engine_has_no_part_in_is_no_failure_of_it() -> None:
    assert failures.of_engine("docker", ["denied: no"]) is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("denied: User: arn:x is not authorized to perform: ecr:InitiateLayerUpload on resource: y", "was refused"),
        ("error parsing HTTP 403 response body: unexpected end of JSON input", "was refused"),
        ("unexpected status from HEAD request to https://x/v2/y/blobs/z: 403 Forbidden", "was refused"),
        ("name unknown: The repository with name 'x' does not exist in the registry with id '1'", "has no repository"),
        ('Head "https://x/v2/": unexpected EOF', "broke off"),
        ("write tcp 10.0.0.1:1->10.0.0.2:443: write: connection reset by peer", "broke off"),
        ("received unexpected HTTP status: 500 Internal Server Error", "broke off"),
        ("received unexpected HTTP status: 501 Not Implemented", "broke off"),
        ('Get "https://x/v2/": x509: certificate signed by unknown authority', "broke off"),
    ],
)
def test_a_push_that_fails_says_why(said: str, expected: str) -> None:
    error = failures.of_push("repository:tag", ["4ae0abbe69b8: Preparing", said])

    assert error.line == f"the push of repository:tag {expected}: {said}"
    assert error.hint


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "Error response from daemon: login attempt to https://x/v2/ failed with status: 400 Bad Request",
            "x does not accept the log-in: login attempt to https://x/v2/ failed with status: 400 Bad Request",
        ),
        (
            'Error: logging into "x": invalid username/password',
            'x does not accept the log-in: logging into "x": invalid username/password',
        ),
        (
            'Error response from daemon: Get "https://x/v2/": EOF',
            'x could not be logged in to: Get "https://x/v2/": EOF',
        ),
    ],
)
def test_a_log_in_that_fails_says_why(said: str, expected: str) -> None:
    assert failures.of_login("x", [said]).line == expected


@pytest.mark.parametrize("said", [[], [""], ["------"]])
def test_a_program_that_says_nothing_is_told_so(said: list[str]) -> None:
    for error in (failures.of_build("docker", "b", said), failures.of_push("r", said), failures.of_login("x", said)):
        assert isinstance(error, DeployError)
        assert error.line.endswith("it said nothing")
