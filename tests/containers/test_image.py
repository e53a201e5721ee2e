"""The image: what gets in, what is refused, who may write where, and what a change of a DAG costs."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deployer.images.content import content
from tests.containers import packages
from tests.containers.base import CHECKOUT
from tests.containers.conftest import BUILD_OPTIONS
from tests.containers.engine import Engine

CLASSIC, BUILDKIT = "0", "1"  # values of DOCKER_BUILDKIT
CODE = ("/opt/airflow/dags", "/opt/airflow/plugins", "/opt/airflow/runtime/airflow_runtime")


@dataclass(frozen=True)
class Checkout:
    """A copy of what the image is made from, to change and to build."""

    folder: Path
    engine: Engine

    def write(self, name: str, text: str) -> None:
        """Write one of its files."""
        (self.folder / name).write_text(text)

    def build(self, tag: str, *arguments: str, builder: str = BUILDKIT, check: bool = True) -> str:
        """Build the image by hand, `arguments` being build arguments, and return all that the build said."""
        words = [word for argument in arguments for word in ("--build-arg", argument)]
        done = self.engine.run(
            *("build", *BUILD_OPTIONS.split(), *words, "--file", "docker/Dockerfile", "--tag", tag, "."),
            cwd=self.folder,
            env={"DOCKER_BUILDKIT": builder},
            check=check,
        )
        assert check or done.returncode, "the build should have failed"
        return done.stdout + done.stderr


@pytest.fixture
def checkout(engine: Engine, base_image: str, tmp_path: Path) -> Checkout:
    for name in ("docker", "dags", "plugins"):
        shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return Checkout(tmp_path, engine)


def inside(engine: Engine, image: str, script: str, *options: str) -> str:
    """What a script of the shell prints in a container."""
    words = ["run", "--rm", "--network", "none", *options, "--entrypoint", "sh", image, "-c", script]
    return engine.run(*words).stdout


def layers(engine: Engine, image: str) -> list[str]:
    found: list[str] = json.loads(engine.run("image", "inspect", "--format", "{{json .RootFS.Layers}}", image).stdout)
    return found


@pytest.mark.parametrize("builder", [CLASSIC, BUILDKIT])
def test_either_builder_makes_an_image_that_works(checkout: Checkout, builder: str) -> None:
    checkout.build("either", builder=builder)
    said = inside(checkout.engine, "either", "id -u; id -g; airflow version; python -c 'import celery, pycurl'")
    assert said.split() == [
        "50000",
        "0",
        re.findall(r"airflow:([\d.]+)-", (CHECKOUT / "docker/Dockerfile").read_text())[0],
    ]
    nothing_to_start = checkout.engine.run("run", "--rm", "--network", "none", "either", check=False)
    assert "say which component to start" in nothing_to_start.stderr


def test_the_code_is_where_airflow_looks_and_nobody_in_a_container_can_change_it(engine: Engine, image: str) -> None:
    for folder in CODE:
        said = inside(
            engine, image, f"ls {folder} | head -1; touch {folder}/new {folder}/* 2>&1; stat -c '%u %a' {folder}"
        )
        assert said.split("\n")[0], f"{folder} is empty"
        assert said.count("Permission denied") >= 2
        assert said.rstrip().endswith("0 755")
    keys = "for key in ('dags_folder', 'plugins_folder')"
    asks = f"from airflow.configuration import conf; print(*(conf.get('core', key) {keys}))"
    assert inside(engine, image, f'python -c "{asks}"').split() == ["/opt/airflow/dags", "/opt/airflow/plugins"]


def test_nobody_can_put_another_folder_in_the_place_of_the_code_but_airflow_may_write(
    engine: Engine, image: str
) -> None:
    moves = "mv /opt/airflow/dags /opt/airflow/old 2>&1; ls -d /opt/airflow/dags"
    writes = "touch /opt/airflow/airflow.cfg /opt/airflow/logs/log && echo written"
    said = inside(engine, image, f"{moves}; {writes}")
    assert "mv: cannot move" in said
    assert said.split()[-2:] == ["/opt/airflow/dags", "written"]


@pytest.mark.parametrize(("file", "folder"), [(0o666, 0o777), (0o600, 0o700)])
def test_modes_of_the_checkout_neither_open_nor_close_the_code(checkout: Checkout, file: int, folder: int) -> None:
    for path in checkout.folder.rglob("*"):
        path.chmod(folder if path.is_dir() else file)
    checkout.build("modes")
    places = " ".join(CODE)
    wrong = f"find {places} -writable -exec echo writable {{}} + ; find {places} ! -readable -exec echo hidden {{}} +"
    assert inside(checkout.engine, "modes", f"({wrong}) 2>&1") == ""


@pytest.mark.parametrize("builder", [CLASSIC, BUILDKIT])
def test_another_dag_changes_one_layer(checkout: Checkout, builder: str) -> None:
    checkout.build("before", builder=builder)
    checkout.write("dags/another.py", "from airflow.sdk import DAG\n\nDAG('another')\n")
    checkout.build("after", builder=builder)
    before, after = layers(checkout.engine, "before"), layers(checkout.engine, "after")
    assert "another.py" in inside(checkout.engine, "after", "ls /opt/airflow/dags")
    same = [one == other for one, other in zip(before, after, strict=True)]
    # Behind the DAGs comes the step that closes them: of no bytes, and with the classic builder no layer at all.
    assert all(same[:-2])
    assert not all(same)
    sizes = checkout.engine.run("history", "--format", "{{.Size}} {{.CreatedBy}}", "--no-trunc", "after").stdout
    assert re.search(r"^0B .*find /opt/airflow/runtime", sizes, re.MULTILINE)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("cowsay\ntabulate==0.7\n", "docker/requirements.txt:2: tabulate==0.7 contradicts tabulate=="),
        ("apache-airflow==3.0.0\n", "docker/requirements.txt:1: apache-airflow==3.0.0 would replace Airflow"),
        ("cowsay\nawscli==1.22.0\n", "docker/requirements.txt:2: awscli==1.22.0 cannot be installed beside Airflow"),
    ],
)
def test_a_conflict_with_airflow_fails_the_build_and_names_the_line(checkout: Checkout, lines: str, told: str) -> None:
    checkout.write("docker/requirements.txt", lines)
    said = checkout.build("conflict", builder=CLASSIC, check=False).splitlines()
    assert told in said[-2], "it is the last word but for the builder's own"


def test_a_package_that_debian_does_not_have_fails_the_build_by_name(checkout: Checkout) -> None:
    checkout.write("docker/packages.txt", "no-such-package\n")
    said = checkout.build("missing", "DEBIAN_MIRROR=http://127.0.0.1:9", builder=CLASSIC, check=False)
    assert "docker/packages.txt: apt cannot install no-such-package" in said


@dataclass(frozen=True)
class Mirrored:
    """An image whose packages came from a mirror and an index of its own."""

    name: str
    base: str
    engine: Engine
    seen: packages.Packages


@pytest.fixture(scope="module")
def mirrored(engine: Engine, base_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirrored]:
    """Built on a base that has a source of others' packages, and holds the addition to an older version."""
    folder = tmp_path_factory.mktemp("mirrored")
    for name in ("docker", "dags", "plugins"):
        shutil.copytree(CHECKOUT / name, folder / name)
    with packages.serving() as seen:
        own = folder / "base"
        own.mkdir()
        (own / "Dockerfile").write_text(
            f"FROM {base_image}\nUSER 0\n"
            f"RUN echo 'deb [trusted=yes] {seen.address}/others bookworm main' > /etc/apt/sources.list.d/others.list"
            f" && echo '{packages.NAME}=={packages.VERSIONS[0]}' >> /home/airflow/constraints.txt"
            "\nUSER 50000\n"
        )
        engine.run("build", *BUILD_OPTIONS.split(), "--tag", "own-base", ".", cwd=own)
        made = Checkout(folder, engine)
        made.write("docker/packages.txt", "# mine\n  tree # a small one\n\n")
        made.write("docker/requirements.txt", f"# mine\n{packages.NAME}\n")
        made.build(
            "mirrored",
            "AIRFLOW_IMAGE=own-base",
            f"DEBIAN_MIRROR={seen.address}",
            f"PACKAGE_INDEX={seen.address}/simple",
        )
        yield Mirrored("mirrored", "own-base", engine, seen)


def test_packages_of_both_kinds_are_installed(mirrored: Mirrored) -> None:
    said = inside(
        mirrored.engine, mirrored.name, f"tree --version; python -c 'import {packages.NAME} as it; print(it.VERSION)'"
    )
    assert said.startswith("tree v")
    assert said.split()[-1] == packages.VERSIONS[0], "the constraint of the base chooses, not the newest"


def test_what_the_components_import_is_compiled_though_the_base_is_not(
    engine: Engine, base_image: str, image: str
) -> None:
    assert inside(engine, base_image, "find /home/airflow/.local -name '*.pyc' | head -1") == ""
    asks = "import celery.app as package, airflow_runtime.entrypoint as own\nprint(package.__cached__, own.__cached__)"
    owners = inside(engine, image, f'stat -c %u $(python -B -c "{asks}")').split()
    assert owners == ["50000", "0"], "whoever owns the source: pip must be able to replace it"


@pytest.mark.parametrize("builder", [CLASSIC, BUILDKIT])
def test_another_word_for_refresh_runs_every_step_anew_and_the_same_one_none(checkout: Checkout, builder: str) -> None:
    """With the first of the Dockerfile's steps, what is behind it follows from that."""
    text = (checkout.folder / "docker/Dockerfile").read_text()
    checkout.write("docker/Dockerfile", text[: text.index("COPY ")] + "RUN cat /proc/sys/kernel/random/uuid > /once\n")
    made = []
    for word in ("one", "two", "two"):
        checkout.build("refreshed", f"REFRESH={word}", builder=builder)
        made.append(layers(checkout.engine, "refreshed")[-1])
    assert made[0] != made[1] == made[2]


def test_an_addition_leaves_all_that_airflow_was_tested_with(mirrored: Mirrored) -> None:
    before, after = (
        set(inside(mirrored.engine, image, "python -m pip freeze --all --disable-pip-version-check").split())
        for image in (mirrored.base, mirrored.name)
    )
    assert before <= after
    assert after - before == {f"{packages.NAME}=={packages.VERSIONS[0]}"}


def test_mirror_and_index_are_asked_and_nobody_else(mirrored: Mirrored) -> None:
    asked = {path.split("/")[1] for path in mirrored.seen.asked}
    assert asked == {"debian", "debian-security", "simple", "files"}, "and never the others' source of the base"
    assert f"/simple/{packages.NAME}/" in mirrored.seen.asked


def test_mirror_and_index_leave_nothing_behind(mirrored: Mirrored) -> None:
    state = "cd /etc/apt && find . -type f -exec sha256sum {} + | sort; find /var/lib/apt/lists /tmp -type f -size +0"
    as_root = ("--user", "0")
    assert inside(mirrored.engine, mirrored.name, state, *as_root) == inside(
        mirrored.engine, mirrored.base, state, *as_root
    )
    found = inside(
        mirrored.engine,
        mirrored.name,
        f"grep -rlF '{mirrored.seen.address}' /etc /home /opt /root /tmp /var; env",
        *as_root,
    )
    assert [line for line in found.splitlines() if line.startswith("/")] == ["/etc/apt/sources.list.d/others.list"]
    assert not re.search(r"DEBIAN_MIRROR|PACKAGE_INDEX|PIP_INDEX", found)


def test_a_password_in_an_address_ends_the_build_that_would_keep_it(checkout: Checkout) -> None:
    checkout.write("docker/packages.txt", "tree\n")
    said = checkout.build("secret", "DEBIAN_MIRROR=http://me:pass@127.0.0.1", builder=CLASSIC, check=False)
    assert "DEBIAN_MIRROR: write it without user and password" in said


def test_commands_are_started_with_what_the_official_entrypoint_sets(engine: Engine, image: str) -> None:
    asks = "from airflow_runtime.entrypoint import become; become(['sh', '-c', 'printenv LD_PRELOAD'])"
    assert inside(engine, image, f'python -c "{asks}"').strip().endswith("-linux-gnu/libstdc++.so.6")


def test_history_and_variables_hold_no_secret(engine: Engine, image: str) -> None:
    kept = engine.run("history", "--no-trunc", "--format", "{{.CreatedBy}}", image).stdout
    kept += engine.run("image", "inspect", "--format", "{{json .Config.Env}}", image).stdout
    assert not re.search(r"passw|secret|token|://[^/\s]*@", kept, re.IGNORECASE)


def test_an_empty_list_of_packages_adds_nothing(engine: Engine, image: str) -> None:
    sizes = engine.run("history", "--no-trunc", "--format", "{{.Size}} {{.CreatedBy}}", image).stdout.splitlines()
    (step,) = [line for line in sizes if "packages.sh" in line and "COPY" not in line]
    assert step.startswith("0B ")


def test_whatever_the_dockerfile_copies_is_what_the_deployer_hashes() -> None:
    names = {file.name for file in content(CHECKOUT, {}, "X86_64").files}
    copies = re.findall(r"^COPY (?:--\S+ )?(.*) \S+$", (CHECKOUT / "docker" / "Dockerfile").read_text(), re.MULTILINE)
    sources = [source for line in copies for source in line.split()]
    assert sources
    for source in sources:
        assert any(name == source or name.startswith(f"{source}/") for name in names), f"{source} stays out"
    used = tuple(f"{source}/" for source in sources)
    assert all(name in (*sources, "docker/Dockerfile") or name.startswith(used) for name in names), "hashed, not copied"
