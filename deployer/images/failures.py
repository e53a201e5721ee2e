"""Why a build, a log-in or a push failed, read from what the program said: docker, podman or finch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import Enum

from deployer.errors import DeployError, one_line

OTHER_MACHINE = (
    "build on a machine of that kind, or with buildx and emulation; or set service.architecture for this one"
)


class Cause(Enum):
    """What went wrong, as far as it matters for what to do; the value is how programs and registries put it."""

    NOT_ALLOWED_HERE = r"permission denied while trying to connect|dial unix \S+: connect: permission denied"
    NO_ENGINE = (
        r"cannot connect to the docker daemon|error during connect|is the docker daemon running"
        r"|unable to connect to podman|cannot connect to podman|failed to connect to the docker api"
        r"|cannot access containerd socket|not a finch vm|use `finch vm|instance \S+ (is stopped|does not exist)"
    )
    NO_SPACE = r"no space left on device|disk quota exceeded"
    EXPIRED = r"authorization token has expired|no basic auth credentials|authentication required|401 unauthorized"
    TAG_TAKEN = r"tag invalid: .*already exists|cannot be overwritten because the (tag|repository) is immutable"
    NO_REPOSITORY = r"name unknown|the repository with name .* does not exist"
    REFUSED = (
        r"\bdenied\b|403 forbidden|http 403|is not authorized to perform|unauthorized|400 bad request"
        r"|(invalid|incorrect) username"
    )
    NO_NETWORK = (
        r"dial tcp|no such host|i/o timeout|connection (refused|reset)|broken pipe|\beof\b|tls: |tls handshake|x509"
        r"|proxyconnect|network is unreachable|temporary failure in name resolution|server misbehaving"
        r"|context deadline exceeded|client\.timeout|unexpected http status: 5|500 internal|502 bad gateway"
        r"|503 service|504 gateway"
    )
    OTHER = ""


# How builders say that what failed was getting the base image, before any step of ours.
_BASE = re.compile(
    r"failed to resolve source metadata|failed to resolve reference|failed to create LLB definition|load metadata for"
    r"|manifest unknown|manifest for \S+ not found|pull access denied|initializing source|toomanyrequests|short-name"
    r"|^(error response from daemon: )?(get|head) \"?https://\S+/v2/",
    re.IGNORECASE,
)
# How a registry says that it does not know who asks, or does not let them.
_WHO = re.compile(r"no basic auth|authentication required|unauthorized|\bdenied\b|forbidden", re.IGNORECASE)
_DOCKERFILE_ITSELF = re.compile(r"dockerfile parse error|failed to parse|unknown instruction", re.IGNORECASE)
# Whoever builds for another processor without emulation is told in the middle of it.
_OTHER_PLATFORM = re.compile(
    r"does not match the specified platform|exec format error|no match for platform"
    r"|no image found in (image index|manifest list) for architecture",
    re.IGNORECASE,
)
# Since docker 23 BuildKit needs a program of its own (https://docs.docker.com/engine/deprecated/#legacy-builder-fallback).
_NO_BUILDX = re.compile(r"buildx component is missing or broken", re.IGNORECASE)
# A step that ended badly; its own words stand above.
_STEP_FAILED = re.compile(
    r"did not complete successfully|executor failed running|returned a non-zero code|while running runtime"
    r"|exit status \d+$",
    re.IGNORECASE,
)
# Lines of the builder that say nothing of the cause: rulers, quoted steps, quoted lines of the Dockerfile, progress.
_FRAME = re.compile(
    r"-+$|\s*>\s*\[|\s*\d+ \||(Docker|Container)file\S*:\d+$|#\d+ (ERROR|DONE|CACHED|CANCELED|sha256:|\[|\.\.\.)"
    r"|Removing intermediate container|The command '| ---> |Step \d+/|\d+ warnings? found|WARNING: .*legacy"
)
_STEP_PREFIX = re.compile(r"^#\d+ \d+\.\d+ ")
_BUILDER_PREFIX = re.compile(r"^(Error response from daemon|ERROR|Error|error|FATA\[\d+\])(:|(?<=\]))\s*")


def cause(lines: Iterable[str]) -> Cause:
    """The first of the causes whose words are found; the order of `Cause` is that of how much they say."""
    text = "\n".join(lines)
    return next(one for one in Cause if re.search(one.value, text, re.IGNORECASE))


def of_engine(cli: str, said: Sequence[str]) -> DeployError | None:
    """The line for an engine that does not answer or has no room; None when it is something else."""
    found = cause(said)
    last = _line_of(found, said)
    if found is Cause.NOT_ALLOWED_HERE:
        return DeployError(
            f"{cli}: this user may not use its engine: {last}",
            "add the user to the group of its socket (docker: `sudo usermod -aG docker $USER`, then log in anew)",
        )
    if found is Cause.NO_ENGINE:
        return DeployError(f"{cli}: its engine does not answer: {last}", "start it, or see DOCKER_HOST and the context")
    if found is Cause.NO_SPACE:
        return DeployError(
            f"{cli}: there is no space left on the engine's disk: {last}",
            f"make room, for example with `{cli} system prune`, and run it again",
        )
    return None


def of_build(cli: str, base: str, said: Sequence[str]) -> DeployError:
    """The line for a build that failed; `base` is the image it begins with."""
    if (known := of_engine(cli, said)) is not None:
        return known
    last, words = last_line(said), last_words(said)
    if any(map(_NO_BUILDX.search, said)):
        return DeployError(
            f"{cli} lacks buildx, which DOCKER_BUILDKIT asks for", "install docker-buildx, or unset DOCKER_BUILDKIT"
        )
    if _OTHER_PLATFORM.search(f"{last} {words}"):
        return DeployError(f"the image cannot be built for the wanted architecture here: {words}", OTHER_MACHINE)
    # A step of ours may fail in the same words, so only the builder's last word counts.
    if _BASE.search(last) and not _DOCKERFILE_ITSELF.search(last) and not _STEP_FAILED.search(last):
        look = f"check its name, and log in to {_host(base)}" if _WHO.search(last) else "check the network and its name"
        hint = f"{look}, or name a mirror in service.yml: image: {{base: ...}}"
        return DeployError(f"the base image {base} cannot be pulled: {last}", hint)
    return DeployError(f"the image was not built: {words}", "all that the build said stands above")


def of_login(registry: str, said: Sequence[str]) -> DeployError:
    """The line for a log-in that a registry did not accept, or that never came to it."""
    last = last_line(said)
    if cause(said) in {Cause.REFUSED, Cause.EXPIRED}:
        return DeployError(f"{registry} does not accept the log-in: {last}", "check AWS_REGION and the credentials")
    return DeployError(f"{registry} could not be logged in to: {last}", _NETWORK)


def of_push(reference: str, said: Sequence[str]) -> DeployError:
    """The line for a push that failed; nothing names the image then."""
    found = cause(said)
    last = _line_of(found, said)
    match found:
        case Cause.EXPIRED:
            line, hint = "was not accepted, although just logged in", "check the clock of this machine and its proxies"
        case Cause.NO_REPOSITORY:
            line, hint = "has no repository", "`make airflow-deploy` makes it"
        case Cause.REFUSED:
            line, hint = "was refused", "the role needs ecr:PutImage, ecr:InitiateLayerUpload and their like for it"
        case Cause.NO_NETWORK:
            line, hint = "broke off", _NETWORK
        case _:
            line, hint = "failed", "nothing was changed; run it again"
    return DeployError(f"the push of {reference} {line}: {last}", hint)


_NETWORK = "check the network and the engine's proxies, then run it again: layers that have arrived are kept"


def _line_of(found: Cause, lines: Sequence[str]) -> str:
    """The last line that tells of a cause."""
    told = [line for line in lines if re.search(found.value, line, re.IGNORECASE)]
    return last_line(told or lines) if found is not Cause.OTHER else last_line(lines)


def _host(reference: str) -> str:
    """The registry that a reference names; without one it is Docker Hub."""
    first, slash, _ = reference.partition("/")
    return first if slash and re.search(r"[.:]|^localhost$", first) else "docker.io"


def last_words(lines: Sequence[str]) -> str:
    """What a failed build said last of itself: the failed step's own last line, else the builder's."""
    own = [line for line in lines if not _STEP_FAILED.search(line)]
    return last_line(own if any(map(str.strip, own)) else lines)


def last_line(lines: Sequence[str]) -> str:
    """The last line that says anything."""
    said = [line for line in lines if line.strip() and not _FRAME.match(line)]
    return _clean(said[-1]) if said else "it said nothing"


def _clean(line: str) -> str:
    text = one_line(_STEP_PREFIX.sub("", line))
    for _ in range(2):  # the program's word for an error, and the daemon's
        text = _BUILDER_PREFIX.sub("", text)
    return text.removeprefix("failed to solve: ").rstrip(".")
