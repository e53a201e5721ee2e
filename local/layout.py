"""Where this package keeps what it makes: everything lies under one git-ignored folder of the checkout."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """The places that belong to one checkout; two checkouts never share one."""

    checkout: Path

    @property
    def home(self) -> Path:
        """The folder that holds everything generated on this machine."""
        return self.checkout / ".local"

    @property
    def venvs(self) -> Path:
        """The virtual environments, one folder each."""
        return self.home / "venvs"

    @property
    def aws(self) -> Path:
        """The embedded AWS: its endpoint, log, database, broker and certificates."""
        return self.home / "aws"

    @property
    def run(self) -> Path:
        """The processes started from task definitions: their homes and logs."""
        return self.home / "run"
