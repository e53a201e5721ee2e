"""The stand-in for the official image of Airflow, made from Debian's packages and the lock of the laptop's Airflow."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import uv

from tests.containers.engine import AUTHORITIES, Engine

CHECKOUT = Path(__file__).parents[2]
STAND_IN = Path(__file__).parent / "stand_in"
LOCK = CHECKOUT / "docker" / "requirements-laptop.lock"
PACKAGES = ("ca-certificates", "curl", "dumb-init", "procps", "python3", "python3-venv")
SUITE = "bookworm"
_SOURCES = STAND_IN / "debian.sources"
_KEPT = 2  # images in the cache: this one, and one of another branch


def name_of_base() -> str:
    """The reference that docker/Dockerfile builds on unless it is told otherwise."""
    found = re.search(r"^ARG AIRFLOW_IMAGE=(\S+)$", (CHECKOUT / "docker" / "Dockerfile").read_text(), re.MULTILINE)
    assert found, "docker/Dockerfile names no base"
    return found[1]


def have_base(engine: Engine) -> str:
    """Give an engine the stand-in under the official image's name, from the cache when it was made before."""
    name = name_of_base()
    cached = _cache() / f"base-{_key(name)}.tar"
    if cached.is_file():
        engine.run("load", "--quiet", "--input", str(cached))
        os.utime(cached)
    else:
        _make(engine, name)
        _keep(engine, name, cached)
    _tell_index(engine, name)
    return name


def _make(engine: Engine, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root.tar"
        words = [
            "--variant=minbase",
            "--quiet",
            f"--include={','.join(PACKAGES)}",
            '--aptopt=Acquire::Languages "none"',
        ]
        hooks = [
            f"--customize-hook=copy-in {_SOURCES} /etc/apt/sources.list.d",
            "--customize-hook=rm $1/etc/apt/sources.list",
        ]
        subprocess.run(["mmdebstrap", *words, *hooks, SUITE, str(root)], check=True, capture_output=True)
        engine.run("import", str(root), "airflow-stand-in-root")
        root.unlink()
        context = Path(folder) / "context"
        shutil.copytree(STAND_IN, context)
        shutil.copy(AUTHORITIES, context / "authorities.crt")
        shutil.copy(uv.find_uv_bin(), context / "uv")
        shutil.copy(LOCK, context / "requirements.lock")
        version = f"AIRFLOW_VERSION={_airflow(name)}"
        engine.run("build", "--network", "host", "--quiet", "--build-arg", version, "--tag", name, str(context))


def _keep(engine: Engine, name: str, file: Path) -> None:
    """Save for the next run, and forget what no run has asked for lately."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(f".{os.getpid()}")
    try:
        engine.run("save", "--output", str(unfinished), name)
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)
    images = sorted(file.parent.glob("base-*.tar"), key=lambda each: each.stat().st_mtime, reverse=True)
    for old in images[_KEPT:]:
        old.unlink(missing_ok=True)


def _tell_index(engine: Engine, name: str) -> None:
    """Let a pip in a build know this machine's own index of Python packages, if it has one; the cache must not."""
    settings = list(_index_settings())
    if not settings:
        return
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        (context / "pip.conf").write_text("\n".join(["[global]", *settings, ""]))
        (context / "Dockerfile").write_text(f"FROM {name}\nCOPY pip.conf /etc/pip.conf\n")
        engine.run("build", "--quiet", "--tag", name, folder)


def _index_settings() -> Iterator[str]:
    said = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    for line in said.splitlines():
        place, _, value = line.partition("=")
        setting = place.rpartition(".")[2]
        words = value.strip("'\"").split()
        if setting in {"index-url", "extra-index-url"} and words and all(word.startswith("http") for word in words):
            yield f"{setting} = {' '.join(words)}"


def _key(name: str) -> str:
    """What the image is made from."""
    parts = [name, SUITE, *PACKAGES]
    files = [*sorted(STAND_IN.iterdir()), LOCK, AUTHORITIES, Path(uv.find_uv_bin()), Path(__file__)]
    return hashlib.sha256(b"\0".join([*map(str.encode, parts), *(file.read_bytes() for file in files)])).hexdigest()[
        :16
    ]


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "airflow-on-aws-tests"


def _airflow(name: str) -> str:
    """The version in the base's name, which must be the lock's too: the stand-in has no other."""
    version = name.rpartition(":")[2].partition("-")[0]
    assert f"\napache-airflow=={version} " in LOCK.read_text(), f"{LOCK} does not hold Airflow {version}"
    return version
