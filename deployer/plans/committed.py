"""Whether what is deployed is what was reviewed: a machine deploys no template that nobody has committed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from deployer.errors import DeployError, one_line
from deployer.plans import revisions
from deployer.plans.revisions import Git


def committed(checkout: Path, folder: Path, on_disk: Mapping[str, str], git: Git) -> Mapping[str, str]:
    """The templates as git has them at HEAD; outside of the repository of `checkout`, as they are on the disk.

    An earlier step, such as `make airflow-validate`, may have rendered them anew since they were checked out. Raises
    DeployError when there is a repository that git does not read.
    """
    top = revisions.repository(checkout)
    if top is None or not (checkout / folder).resolve().is_relative_to(top):
        return on_disk
    asked = git(["rev-parse", "--verify", "HEAD"])
    if asked.returncode:
        raise DeployError(
            f"what is committed is not known: {one_line(asked.stderr) or 'git fails'}",
            "with CI set nothing else is deployed: let git read the checkout, which must belong to who runs it",
        )
    return revisions.folder(git, "HEAD", revisions.within(checkout, folder))


def require_committed(folder: Path, had: Mapping[str, str], fresh: Mapping[str, str]) -> None:
    """Raise DeployError, naming the files, when templates that were committed are not what is rendered now."""
    differing = sorted(name for name in had.keys() | fresh.keys() if had.get(name) != fresh.get(name))
    if not differing:
        return
    first = ", ".join(differing[:3]) + (f" and {len(differing) - 3} more" if len(differing) > 3 else "")
    raise DeployError(
        f"{folder}: what is committed differs from what service.yml renders now: {first}",
        "run `make airflow-render`, review and commit the templates (with CI set nothing else is deployed)",
    )
