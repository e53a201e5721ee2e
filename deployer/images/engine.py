"""The program that builds and pushes images: `docker`, or what CONTAINER_CLI names.

It is started by its name, as the user would, so that the user's own contexts, builders and mirrors hold.
"""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deployer.errors import DeployError, WrongUse
from deployer.images import facts, failures
from deployer.images.content import DOCKERFILE, Content, stage
from deployer.images.facts import ImageFacts
from deployer.images.failures import Cause
from deployer.images.logins import login_folder
from deployer.images.programs import Call, Done, Run, Told, run
from deployer.images.repository import Credentials

BASE_ARGUMENT = "AIRFLOW_IMAGE"
_OURS = {"-f", "--file", "--platform", "--target"}  # options of a build that are not the user's to give
_PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY"}
_PLATFORMS = {"X86_64": "amd64", "ARM64": "arm64"}

# An attestation of buildx makes an index out of an image, and ECR's digest would then name that instead of the image
# (https://docs.docker.com/build/building/variables/#buildx_no_default_attestations). Plain progress is lines, for us to
# pass on. Other builders know neither variable.
_BUILD_VARIABLES = {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1", "BUILDKIT_PROGRESS": "plain"}


class Expired(DeployError):  # noqa: N818 - a reason to log in again, and only then an error
    """The registry no longer takes what was logged in with."""


class TagTaken(DeployError):  # noqa: N818 - somebody else was quicker with the same content
    """The repository has this tag, and tags do not change."""


def silent(_: str) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class Engine:
    """An engine by its program; `options` are added to every build, `folder` holds what is staged for it.

    Every method raises DeployError with one line when the program is missing; `require` also when its engine is.
    """

    cli: str = "docker"
    run: Run = run
    options: tuple[str, ...] = ()
    folder: Path | None = None

    def require(self) -> None:
        """Raise DeployError unless the program is there and its engine answers."""
        self._expect(["version"])

    def build(
        self, content: Content, reference: str, told: Told = silent, credentials: Credentials | None = None
    ) -> None:
        """Build an image and name it `reference`, passing on what the builder says. Raises DeployError.

        With `credentials` it logs in to their registry first, beside the user's own log-ins, for this build alone.
        """
        with self._temporary("image-") as context, self._logged_in(credentials, beside_own=True) as variables:
            stage(content, context)
            arguments = [f"--build-arg={name}={value}" for name, value in sorted(content.arguments.items())]
            command = ["build", f"--file={context / DOCKERFILE}", f"--tag={reference}", *arguments]
            platform = f"--platform=linux/{platform_of(content.architecture)}"
            words = [self.cli, *command, platform, *self.options, str(context)]
            done = self._run(Call(words, variables={**_BUILD_VARIABLES, **variables}), told)
        if done.status != 0:
            raise failures.of_build(self.cli, content.arguments.get(BASE_ARGUMENT, "of the Dockerfile"), done.lines)

    def exists(self, reference: str) -> bool:
        """Whether the engine has an image of that name."""
        return self._run(Call([self.cli, "image", "inspect", "--format={{.Id}}", reference])).status == 0

    def architecture(self, reference: str) -> str:
        """The architecture an image really is of, `amd64` or `arm64`.

        A builder may leave another than `--platform` asked for, without a word
        (https://github.com/moby/moby/issues/36552).
        """
        return self._inspect(reference, "{{.Architecture}}")

    def size(self, reference: str) -> int:
        """Bytes of an image on the engine's disk, more than what is pushed: layers are compressed on their way."""
        told = self._inspect(reference, "{{.Size}}")
        return int(told) if told.isdigit() else 0

    def facts(self, reference: str, architecture: str) -> ImageFacts:
        """What an image here says of itself, without a network and without starting Airflow.

        Raises DeployError, also when it is of another architecture (as ECS has it), or not here: nothing is pulled.
        """
        options = ["--rm", "--pull=never", f"--platform=linux/{platform_of(architecture)}", "--network=none"]
        command = ["run", *options, "--entrypoint=python", reference, "-m", "airflow_runtime.facts"]
        done = self._run(Call([self.cli, *command]))
        if done.status != 0:
            raise failures.of_engine(self.cli, done.lines) or DeployError(
                f"the image does not start: {failures.last_line(done.lines)}"
            )
        return facts.parse(done.output)

    def push(self, reference: str, credentials: Credentials, told: Told = silent) -> None:
        """Log in and push, in a configuration of its own that goes with the push.

        Raises Expired or TagTaken, and DeployError for everything else.
        """
        with self._logged_in(credentials) as variables:
            done = self._run(Call([self.cli, "push", reference], variables=variables), told)
        if done.status == 0:
            return
        error = failures.of_engine(self.cli, done.lines) or failures.of_push(reference, done.lines)
        kinds = {Cause.EXPIRED: Expired, Cause.TAG_TAKEN: TagTaken}
        raise kinds.get(failures.cause(done.lines), DeployError)(error.line, error.hint)

    def login(self, credentials: Credentials, variables: Mapping[str, str]) -> None:
        """Log in to a registry, in the configuration that `variables` say. The password goes to stdin."""
        command = ["login", "--username", credentials.user, "--password-stdin", credentials.registry]
        done = self._run(Call([self.cli, *command], credentials.password, variables))
        if done.status != 0:
            raise failures.of_engine(self.cli, done.lines) or failures.of_login(credentials.registry, done.lines)

    @contextmanager
    def _logged_in(self, credentials: Credentials | None, *, beside_own: bool = False) -> Iterator[Mapping[str, str]]:
        """Variables of a configuration that is logged in and goes again; without credentials they are none."""
        if credentials is None:
            yield {}
            return
        with self._temporary("login-") as folder:
            variables = login_folder(folder, credentials.registry, beside_own=beside_own)
            self.login(credentials, variables)
            yield variables

    def _inspect(self, reference: str, form: str) -> str:
        done = self._run(Call([self.cli, "image", "inspect", f"--format={form}", reference]))
        if done.status != 0:
            raise failures.of_engine(self.cli, done.lines) or DeployError(
                f"{self.cli} has no image {reference}",
                "if your builder keeps what it builds to itself: BUILD_OPTIONS=--load",
            )
        return done.output.strip()

    def _expect(self, command: list[str]) -> None:
        done = self._run(Call([self.cli, *command]))
        if done.status != 0:
            said = f"{self.cli}: its engine does not answer: {failures.last_line(done.lines)}"
            raise failures.of_engine(self.cli, done.lines) or DeployError(said)

    def _run(self, call: Call, told: Told | None = None) -> Done:
        try:
            return self.run(call, told)
        except OSError as error:
            raise DeployError(
                f"{self.cli} cannot be started: {error.strerror}",
                "install Docker, Podman or Finch, and say which with CONTAINER_CLI=podman",
            ) from error

    @contextmanager
    def _temporary(self, prefix: str) -> Iterator[Path]:
        """A folder for nobody else, that goes again."""
        try:
            if self.folder is not None:
                self.folder.mkdir(exist_ok=True)
            made = tempfile.TemporaryDirectory(prefix=prefix, dir=self.folder, ignore_cleanup_errors=True)
        except OSError as error:
            raise _no_room(error) from error
        with made as folder:
            try:
                yield Path(folder)
            except OSError as error:
                raise _no_room(error) from error


def chosen(variables: Mapping[str, str], folder: Path | None = None) -> Engine:
    """The engine that the user's variables choose: CONTAINER_CLI, and BUILD_OPTIONS for every build.

    `folder` holds what is staged; inside the checkout it is seen by engines in a machine of their own (Podman and Finch
    on a Mac), and by a Docker that may not read /tmp (Ubuntu's snap).
    """
    try:
        options = tuple(shlex.split(variables.get("BUILD_OPTIONS") or ""))
    except ValueError as error:
        raise WrongUse(f"BUILD_OPTIONS: {error}", "write it as on a command line") from error
    if changes := next(_that_change(options), None):
        raise WrongUse(
            f"BUILD_OPTIONS: {changes} would change the image, but not its tag, which is the hash of what goes in",
            "say it in service.yml (image, airflow.version, service.architecture) or in docker/Dockerfile",
        )
    return Engine(variables.get("CONTAINER_CLI") or "docker", options=options, folder=folder)


def _that_change(options: Sequence[str]) -> Iterator[str]:
    """Options that choose what goes into an image. Proxies, which every builder knows, do not stay in it.

    https://docs.docker.com/reference/dockerfile/#predefined-args
    """
    for option, following in zip(options, (*options[1:], ""), strict=False):
        name, _, value = option.partition("=")
        if name == "--build-arg":
            name = (value or following).partition("=")[0]
            if name.upper() not in _PROXIES:
                yield f"--build-arg {name}"
        elif name in _OURS:
            yield name


def platform_of(architecture: str) -> str:
    """An engine's word for ECS's `X86_64` or `ARM64`."""
    return _PLATFORMS[architecture.upper()]


def _no_room(error: OSError) -> DeployError:
    return DeployError(f"{error.filename or 'the folder of the build'}: {error.strerror}; the build is staged there")
