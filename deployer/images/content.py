"""What goes into the image: the files, their hash, and the folder that the image is built from.

The builder is given exactly the bytes that were hashed, with modes and times of our own: the tag of an image and what
is in it cannot differ, whichever program builds it, on whichever machine.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deployer.errors import DeployError
from deployer.images.patterns import Patterns, patterns

DOCKERFILE = "docker/Dockerfile"
LEFT_OUT = "docker/Dockerfile.dockerignore"
EXPECTED_FOLDERS = ("dags", "plugins")  # the Dockerfile copies them; who has no such files has no folder either
_SAME_TIME = 1_577_836_800  # 2020-01-01: the same content gives the same layers, whenever it was checked out
_FORM = b"1"  # of the hash: another way to put together what is hashed is another number


@dataclass(frozen=True)
class File:
    """A file of the image: its path below the checkout with `/`, whether it is a program, and its bytes."""

    name: str
    executable: bool
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Content:
    """All that an image is made from; `architecture` is X86_64 or ARM64, as ECS has it, `tag` is the hash of it all."""

    files: tuple[File, ...]
    arguments: Mapping[str, str]
    architecture: str
    tag: str


def content(checkout: Path, arguments: Mapping[str, str], architecture: str) -> Content:
    """Read what goes into the image from a checkout; `arguments` are the build's, for `architecture`.

    Raises DeployError naming the file that is missing, cannot be read, or lies outside the checkout.
    """
    left_out = patterns(_text(checkout, LEFT_OUT))
    names = {DOCKERFILE, *_names(checkout.resolve(), left_out)}
    files = tuple(_file(checkout, name) for name in sorted(names, key=os.fsencode))
    return Content(files, dict(arguments), architecture, _tag(files, arguments, architecture))


def stage(made: Content, folder: Path) -> None:
    """Write the files into an empty folder, each with the one mode of its kind and the same time."""
    for name in EXPECTED_FOLDERS:
        (folder / name).mkdir()
    for file in made.files:
        path = folder / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.body)
        path.chmod(0o755 if file.executable else 0o644)
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
        os.utime(path, (_SAME_TIME, _SAME_TIME))


def _tag(files: tuple[File, ...], arguments: Mapping[str, str], architecture: str) -> str:
    """Hash it all, each part behind its length, so that no two contents run together into the same bytes."""
    digest = hashlib.sha256()

    def add(*parts: bytes) -> None:
        for part in parts:
            digest.update(len(part).to_bytes(8, "big") + part)

    add(_FORM, architecture.encode(), str(len(arguments)).encode())
    for name, value in sorted(arguments.items()):
        add(name.encode(), value.encode())
    for file in files:
        add(os.fsencode(file.name), b"x" if file.executable else b"-", file.body)
    return f"content-{digest.hexdigest()[:32]}"


def _names(checkout: Path, left_out: Patterns) -> Iterator[str]:
    """Names of the files that get in, in any order."""

    def look(folder: Path, prefix: str, above: tuple[Path, ...]) -> Iterator[str]:
        for entry in _entries(folder, prefix):
            name = prefix + entry.name
            if not left_out.worth_a_look(name):
                continue
            place = _inside(checkout, Path(entry.path), name, leaves=not left_out.leave_out(name))
            if place is None:
                continue
            if not place.is_dir():
                if not left_out.leave_out(name):
                    yield name
            elif place in above:
                raise DeployError(f"{name}: is a link to a folder that it lies in", "remove the link")
            else:
                yield from look(place, f"{name}/", (*above, place))

    return look(checkout, "", (checkout,))


def _entries(folder: Path, prefix: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise _unreadable(prefix.rstrip("/") or str(folder), error) from error


def _inside(checkout: Path, path: Path, name: str, *, leaves: bool) -> Path | None:
    """Where a path really is. What a link of the checkout leads to goes in; outside of it nothing does.

    None for a link that leads nowhere we would go and that stays out itself.
    """
    try:
        place = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        if not leaves:
            return None
        raise DeployError(f"{name}: is a link that leads nowhere", "mend or remove it") from error
    if place.is_relative_to(checkout):
        return place
    if not leaves:
        return None
    raise DeployError(
        f"{name}: is a link to {place}, which is not in this checkout and would not be in the image",
        "copy into the checkout what it leads to",
    )


def _file(checkout: Path, name: str) -> File:
    path = checkout / name
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):  # a socket or a pipe: reading it could wait for ever
            raise DeployError(f"{name}: is no file that an image can hold", f"remove it, or name it in {LEFT_OUT}")
        return File(name, executable=bool(mode & stat.S_IXUSR), body=path.read_bytes())
    except OSError as error:
        raise _unreadable(name, error) from error


def _text(checkout: Path, name: str) -> str:
    try:
        return (checkout / name).read_text("utf-8")
    except OSError as error:
        raise _unreadable(name, error) from error


def _unreadable(name: str, error: OSError) -> DeployError:
    return DeployError(f"{name}: cannot be read: {error.strerror}", "it goes into the image: make it readable")
