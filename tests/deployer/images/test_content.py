from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deployer.errors import DeployError
from deployer.images.content import Content, content, stage

LEFT_OUT = "# the list\n*\n!docker/requirements.txt\n!docker/runtime\n!dags\n!plugins\n**/__pycache__\n**/.*\n**/*~\n"
FILES = {
    "docker/Dockerfile": "FROM x\n",
    "docker/Dockerfile.dockerignore": LEFT_OUT,
    "docker/requirements.txt": "",
    "docker/runtime/start.py": "",
    "docker/other.txt": "stays out",
    "dags/one.py": "one",
    "dags/deep/er/two.py": "two",
    "plugins/p.py": "",
    "README.md": "stays out",
}
ARGUMENTS = {"AIRFLOW_IMAGE": "base:1"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return written(tmp_path / "checkout")


def written(folder: Path, files: dict[str, str] = FILES) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def of(checkout: Path) -> Content:
    return content(checkout, ARGUMENTS, "X86_64")


def names(checkout: Path) -> list[str]:
    return [file.name for file in of(checkout).files]


def test_what_the_list_lets_in_goes_in_and_nothing_else(checkout: Path) -> None:
    written(checkout, {"dags/__pycache__/one.pyc": "", "dags/.swp": "", "dags/one.py~": "", "dags/deep/.git/x": ""})

    assert names(checkout) == [
        "dags/deep/er/two.py",
        "dags/one.py",
        "docker/Dockerfile",
        "docker/requirements.txt",
        "docker/runtime/start.py",
        "plugins/p.py",
    ]


def test_what_stays_out_does_not_change_the_tag(checkout: Path) -> None:
    before = of(checkout).tag
    written(checkout, {"README.md": "new", "docker/other.txt": "new", "dags/__pycache__/one.pyc": "new", "dags/.x": ""})
    (checkout / "dags" / "empty").mkdir()

    assert of(checkout).tag == before


def test_the_tag_is_one_that_a_registry_takes(checkout: Path) -> None:
    kind, _, rest = of(checkout).tag.partition("-")

    assert (kind, len(rest)) == ("content", 32)
    assert set(rest) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    "change",
    [
        {"dags/one.py": "two"},
        {"dags/deep/er/three.py": ""},
        {"docker/Dockerfile": "FROM y\n"},
        {"docker/requirements.txt": "pandas"},
        {"dags/one.pyx": "one"},
    ],
)
def test_any_byte_or_name_changes_the_tag(checkout: Path, change: dict[str, str]) -> None:
    before = of(checkout).tag
    written(checkout, change)

    assert of(checkout).tag != before


def test_bytes_do_not_run_over_from_one_part_into_another(tmp_path: Path) -> None:
    one = written(tmp_path / "one", {**FILES, "dags/a": "bc", "dags/b": "d"})
    two = written(tmp_path / "two", {**FILES, "dags/a": "b", "dags/cb": "d"})

    assert of(one).tag != of(two).tag
    assert content(one, {"A": "BC"}, "X86_64").tag != content(one, {"AB": "C"}, "X86_64").tag


def test_arguments_and_architecture_change_the_tag(checkout: Path) -> None:
    tags = {
        content(checkout, arguments, architecture).tag
        for arguments in ({}, {"A": "1"}, {"A": "2"})
        for architecture in ("X86_64", "ARM64")
    }

    assert len(tags) == 6
    assert content(checkout, {"A": "1", "B": "2"}, "ARM64").tag == content(checkout, {"B": "2", "A": "1"}, "ARM64").tag


def test_a_program_is_something_else_than_a_text(checkout: Path) -> None:
    before = of(checkout).tag
    (checkout / "dags" / "one.py").chmod(0o744)

    assert of(checkout).tag != before


def test_place_time_umask_and_order_do_not_matter(checkout: Path, tmp_path: Path) -> None:
    """A clone made backwards, elsewhere, later, by somebody who lets nobody read."""
    before = of(checkout).tag
    os.utime(checkout / "dags" / "one.py", (1, 1))
    umask = os.umask(0o077)
    try:
        other = written(tmp_path / "elsewhere" / "again", dict(reversed(FILES.items())))
        (other / "dags" / "one.py").chmod(0o600)
    finally:
        os.umask(umask)

    assert of(other).tag == before


def test_a_link_inside_the_checkout_goes_in_as_what_it_leads_to(checkout: Path, tmp_path: Path) -> None:
    plain = written(tmp_path / "plain", {**FILES, "dags/link.py": FILES["README.md"], "dags/more/two.py": "two"})
    (checkout / "dags" / "link.py").symlink_to("../README.md")
    (checkout / "dags" / "more").symlink_to("deep/er")

    assert of(checkout).tag == of(plain).tag


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("/etc/hostname", r"^dags/link: is a link to /etc/hostname, which is not in this checkout"),
        ("/etc", r"^dags/link: is a link to /etc, which is not in this checkout"),
        ("../../outside", r"^dags/link: is a link to .*/outside, which is not in this checkout"),
        ("nowhere", r"^dags/link: is a link that leads nowhere; mend or remove it"),
        ("link", r"^dags/link: is a link that leads nowhere"),
        ("..", r"^dags/link: is a link to a folder that it lies in"),
    ],
)
def test_a_link_that_cannot_go_in_is_named(checkout: Path, target: str, says: str) -> None:
    (checkout.parent / "outside").write_text("secret")
    (checkout / "dags" / "link").symlink_to(target)

    with pytest.raises(DeployError, match=says):
        of(checkout)


def test_a_link_that_stays_out_may_lead_anywhere(checkout: Path) -> None:
    before = of(checkout).tag
    (checkout / "dags" / ".#one.py").symlink_to("somebody@machine.1234")  # how Emacs locks a file
    (checkout / "venv").symlink_to("/etc")

    assert of(checkout).tag == before


def test_a_socket_is_named(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(checkout / "dags")  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("socket")

    with pytest.raises(DeployError, match=r"^dags/socket: is no file that an image can hold; remove it, or name it in"):
        of(checkout)


def test_a_pipe_is_named_and_not_waited_for(checkout: Path) -> None:
    os.mkfifo(checkout / "dags" / "pipe")

    with pytest.raises(DeployError, match=r"^dags/pipe: is no file"):
        of(checkout)


@pytest.mark.parametrize("name", ["dags/one.py", "dags/deep"])
def test_what_cannot_be_read_is_named(checkout: Path, name: str) -> None:
    """Asked as an ordinary user, for root may read everything."""
    for folder in (checkout, *checkout.parents[:-2]):
        folder.chmod(0o755)
    (checkout / name).chmod(0)
    ask = (
        "import os, sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path; from deployer.errors import DeployError\n"
        "from deployer.images.content import content\n"
        "os.geteuid() == 0 and os.setuid(65534)\n"
        "try: content(Path(sys.argv[2]), {}, 'X86_64')\n"
        "except DeployError as error: print(error)\n"
    )
    here = str(Path(__file__).parents[3])
    said = subprocess.run(
        [sys.executable, "-c", ask, here, checkout], capture_output=True, text=True, check=True
    ).stdout

    assert said == f"{name}: cannot be read: Permission denied; it goes into the image: make it readable\n"


@pytest.mark.parametrize("name", ["docker/Dockerfile", "docker/Dockerfile.dockerignore"])
def test_a_checkout_without_its_dockerfile_says_so(checkout: Path, name: str) -> None:
    (checkout / name).unlink()

    with pytest.raises(DeployError, match=f"^{name}: cannot be read: No such file"):
        of(checkout)


def test_what_is_staged_is_what_was_hashed(checkout: Path, tmp_path: Path) -> None:
    (checkout / "dags" / "one.py").chmod(0o700)
    made = of(checkout)
    (checkout / "dags" / "one.py").write_text("changed meanwhile")
    shutil.rmtree(checkout / "plugins")
    context = tmp_path / "context"
    context.mkdir(mode=0o700)

    umask = os.umask(0o077)
    try:
        stage(made, context)
    finally:
        os.umask(umask)

    found = {path.relative_to(context).as_posix(): path for path in context.rglob("*") if path.is_file()}
    assert {name: path.read_bytes() for name, path in found.items()} == {file.name: file.body for file in made.files}
    modes = {path.name: path.stat().st_mode & 0o777 for path in context.rglob("*")}
    assert (modes["one.py"], modes["two.py"], modes["dags"]) == (0o755, 0o644, 0o755)
    assert len({path.stat().st_mtime for path in (context, *context.rglob("*"))}) == 1


def test_without_dags_and_plugins_empty_ones_are_staged(checkout: Path, tmp_path: Path) -> None:
    shutil.rmtree(checkout / "dags")
    shutil.rmtree(checkout / "plugins")
    context = tmp_path / "context"
    context.mkdir()

    stage(of(checkout), context)

    assert list((context / "dags").iterdir()) == list((context / "plugins").iterdir()) == []


def test_this_repository_has_what_its_own_dockerfile_copies() -> None:
    """The list of what stays out, against the one that uses it."""
    checkout = Path(__file__).parents[3]
    files = [file.name for file in of(checkout).files]
    dockerfile = (checkout / "docker" / "Dockerfile").read_text()
    copied = [
        source
        for line in dockerfile.replace("\\\n", " ").splitlines()
        if line.startswith("COPY ")
        for source in [word for word in line.split()[1:] if not word.startswith("--")][:-1]
    ]

    assert copied
    for source in copied:
        assert source in {"dags", "plugins"} or any(n == source or n.startswith(f"{source}/") for n in files), source
    assert not [name for name in files if "__pycache__" in name or name.endswith((".pyc", "~", ".swp"))]
