"""Installs docker/requirements.txt beside an Airflow that stays as it is, or says which line is in the way.

Runs once, in a step of the image's build, with the base image's Python. Variables: PACKAGE_INDEX (an index instead of
PyPI, or nothing), AIRFLOW_USER_HOME_DIR (of the official image: where its constraints are).
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from urllib.parse import urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

FOLDER = Path("/opt/airflow/build")
FILES = ("requirements-image.txt", "requirements.txt")
# Not in the constraints: they are what the constraints are for.
_AIRFLOW = re.compile(r"apache-airflow(-core|-task-sdk)?")
# How pip says why there is no solution (pip/_internal/resolution/resolvelib/factory.py), and everything else.
_CONFLICT = "The conflict is caused by:"
_ERROR = re.compile(r"^ *(?:ERROR|error): (?!Cannot install|ResolutionImpossible)(?P<text>.*)$")


@dataclass(frozen=True)
class Line:
    """A requirement, and where it stands (`docker/requirements.txt:3`)."""

    place: str
    requirement: Requirement

    @property
    def name(self) -> str:
        """The package's name as indexes write it."""
        return canonicalize_name(self.requirement.name)


def read(text: str, file: str) -> Iterator[Line]:
    """The requirements of a file that hold on this machine; pip itself complains of what is none."""
    for number, line in enumerate(text.splitlines(), 1):
        try:
            requirement = Requirement(re.sub(r"(^|\s)#.*", "", line).strip())
        except InvalidRequirement:
            continue
        if requirement.marker is None or requirement.marker.evaluate():
            yield Line(f"docker/{file}:{number}", requirement)


def refused(text: str, file: str) -> Iterator[str]:
    """A sentence for every line that pip would take, and that is not checked here against the base's constraints."""
    for number, line in enumerate(text.splitlines(), 1):
        place, bare = f"docker/{file}:{number}", line.strip()
        if "--hash" in bare:
            yield f"{place}: write it without --hash, which pip then asks of Airflow's own packages, too"
        elif re.match(r"-r|-c|--requirement\b|--constraint\b", bare):
            yield f"{place}: {bare} is not in the image; write its lines here, the base's constraints hold as they are"


def pins(constraints: str) -> dict[str, str]:
    """The version that each package is held to."""
    lines = list(read(constraints, "constraints.txt"))
    return {line.name: each.version for line in lines for each in line.requirement.specifier if each.operator == "=="}


def installed() -> dict[str, str]:
    """Every package that is installed, with its version."""
    return {canonicalize_name(each.metadata["Name"]): each.version for each in distributions()}


def unmet() -> set[str]:
    """What installed packages require and do not get, as pip check would say it."""
    have = installed()
    found = set()
    for package in distributions():
        for text in package.requires or ():
            wanted = Requirement(text)
            version = have.get(canonicalize_name(wanted.name))
            if wanted.marker and not wanted.marker.evaluate({"extra": ""}):
                continue
            if version is None or not wanted.specifier.contains(version, prereleases=True):
                found.add(f"{package.metadata['Name']} {package.version} wants {text}, there is {version or 'none'}")
    return found


def contradictions(lines: Iterable[Line], held: Mapping[str, str], airflow: str) -> Iterator[str]:
    """A sentence for every line that asks for another version than the one its package is held to."""
    for line in lines:
        version = held.get(line.name)
        if version is None or line.requirement.specifier.contains(Version(version), prereleases=True):
            continue
        asked = f"{line.place}: {line.requirement}"
        if _AIRFLOW.fullmatch(line.name):
            yield (
                f"{asked} would replace Airflow {airflow} of the base image; "
                "remove the line, and choose Airflow's version in service.yml (airflow.version)"
            )
        else:
            yield (
                f"{asked} contradicts {line.name}=={version}, the base image's constraint with which "
                f"Airflow {airflow} was tested; write {line.name} alone, or a range that holds {version}"
            )


def explanations(said: Sequence[str], lines: Sequence[Line], airflow: str) -> list[str]:
    """Sentences about why pip failed, each with the line it is about where one can be told from pip's own words."""
    if any("connection broken by" in each for each in said):
        return ["PACKAGE_INDEX (or PyPI) cannot be reached from the build; what pip said is above"]
    errors = [match["text"] for each in said if (match := _ERROR.match(each))]
    conflict = [each.strip() for each in _paragraph(said, _CONFLICT)]
    reason = "; ".join(dict.fromkeys(conflict or errors))
    words = {canonicalize_name(word) for word in re.findall(r"[\w.-]*\w", reason)}
    named = [line for line in lines if line.name in words]
    if not named:
        return [f"docker/requirements.txt: pip failed, what it said is above: {reason}"]
    return [
        f"{line.place}: {line.requirement} cannot be installed beside Airflow {airflow}: {reason}" for line in named
    ]


def _paragraph(said: Sequence[str], head: str) -> Sequence[str]:
    """The lines behind a head, up to an empty one."""
    if head not in said:
        return ()
    behind = said[said.index(head) + 1 :]
    return behind[: behind.index("")] if "" in behind else behind


def install(index: str, constraints: Path, airflow: Iterable[str]) -> tuple[int, list[str]]:
    """Run pip, hand on what it says, and return its exit status with that."""
    command = [sys.executable, "-B", "-m", "pip", "install", "--no-cache-dir", "--disable-pip-version-check"]
    command += ["--progress-bar", "off", "--only-binary", "pycurl"]
    command += ["--index-url", index] if index else []
    if index.startswith("http://"):  # else pip leaves it aside; service.yml's check has warned
        command += ["--trusted-host", urlsplit(index).netloc]
    command += ["--constraint", str(constraints)]
    for name in FILES:
        command += ["--requirement", str(FOLDER / name)]
    said = []
    with subprocess.Popen([*command, *airflow], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        assert pip.stdout is not None  # noqa: S101 - said for the type checker
        for line in pip.stdout:
            if not line.startswith("Requirement already satisfied"):
                sys.stdout.write(line)
            said.append(line.rstrip())
    return pip.returncode, said


def main(environment: Mapping[str, str]) -> list[str]:
    """Install; return what is in the way, nothing when all went well."""
    index = environment.get("PACKAGE_INDEX", "")
    if "@" in index:
        return ["PACKAGE_INDEX: write it without user and password: everybody can read it in the image's history"]
    constraints = Path(environment["AIRFLOW_USER_HOME_DIR"]) / "constraints.txt"
    own = {name: version for name, version in installed().items() if _AIRFLOW.fullmatch(name)}
    airflow = own["apache-airflow"]
    if wrong := [each for file in FILES for each in refused((FOLDER / file).read_text(), file)]:
        return wrong
    lines = [line for file in FILES for line in read((FOLDER / file).read_text(), file)]
    if found := list(contradictions(lines, pins(constraints.read_text()) | own, airflow)):
        return found
    broken = unmet()
    status, said = install(index, constraints, [f"{name}=={version}" for name, version in own.items()])
    if status:
        return explanations(said, lines, airflow)
    after = installed()
    changed = [f"{name} {old} has become {after.get(name)}" for name, old in own.items() if after.get(name) != old]
    return [f"docker/requirements.txt: {each}" for each in [*changed, *sorted(unmet() - broken)]]


if __name__ == "__main__":
    problems = main(os.environ)
    for problem in problems:
        sys.stdout.write(f"{problem}\n")  # where pip wrote: on another stream it would not be the last word
    sys.exit(bool(problems))
