"""The command line of a container engine: Docker's, or another that takes the same words (podman, finch)."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

from local.errors import LocalError

VARIABLE = "CONTAINER_CLI"

# What such a program reads itself: where the engine is, its own settings, how to reach another machine.
_ITS_OWN = re.compile(r"PATH|HOME|USER|LOGNAME|TMPDIR|(DOCKER|CONTAINERS?|PODMAN|FINCH|NERDCTL|LIMA|XDG|SSH)_\w+")
_PATIENCE = 60  # seconds for a question; nothing that is asked takes more than a few


@dataclass(frozen=True)
class Engine:
    """`cli` is the program; `environment` is what it needs of the user's, and nothing else of it."""

    cli: str
    environment: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> "Engine":
        """Take the program that CONTAINER_CLI names, or docker, with what it needs of the user's variables."""
        its_own = {name: value for name, value in variables.items() if _ITS_OWN.fullmatch(name)}
        return cls(variables.get(VARIABLE) or "docker", its_own)

    def ask(self, *arguments: str, variables: Mapping[str, str] | None = None) -> str:
        """Return what a call prints; `variables` are its environment besides. Raises LocalError, with its last line."""
        return self._call(arguments, variables or {}, arguments[0])

    def require(self) -> None:
        """Raise LocalError unless the program is there and its engine answers."""
        self._call(("version",), {}, "its engine does not answer, start it")

    def remove(self, *containers: str) -> bool:
        """End and remove containers at once; whether they are gone, be it that they never were."""
        try:
            self.ask("rm", "--force", "--volumes", *containers)
        except LocalError as error:  # Docker calls it an error that there is none, podman does not
            return "no such container" in str(error).lower()
        return True

    def _call(self, arguments: tuple[str, ...], variables: Mapping[str, str], what: str) -> str:
        try:
            done = subprocess.run(
                [self.cli, *arguments],
                env={**self.environment, **variables},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=_PATIENCE,
                start_new_session=True,  # Ctrl-C is for the runner alone
            )
        except subprocess.TimeoutExpired as error:
            raise LocalError(f"{self.cli} {what}: no answer within {_PATIENCE} s") from error
        except OSError as error:
            advice = f"install it, or name another program: {VARIABLE}=podman"
            raise LocalError(f"{self.cli}: cannot be run ({error.strerror}); {advice}") from error
        if done.returncode:
            raise LocalError(f"{self.cli} {what}: {_last_line(done.stderr) or f'status {done.returncode}'}")
        return done.stdout.strip()


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
