"""A Docker engine of the tests' own: nothing is shared with one that is installed, and nothing of it is left behind."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
TOOLS = {
    "dockerd": "docker.io",
    "docker": "docker.io",
    "mmdebstrap": "mmdebstrap",
    "docker-registry": "docker-registry",
    "htpasswd": "apache2-utils",
}
PATIENCE = 60  # seconds, for the engine to start or to end
_PROXIES = {"http_proxy": "httpProxy", "https_proxy": "httpsProxy", "no_proxy": "noProxy"}


@dataclass(frozen=True)
class Engine:
    """A running engine, and the environment in which a CLI finds it.

    `folder`: everything of it. `authorities`: the certificates it trusts, read when it first speaks TLS.
    `proxy_port`: where on loopback it looks for the proxy to all registries; nobody listens there unless a test does.
    """

    environment: dict[str, str]
    folder: Path
    authorities: Path
    proxy_port: int

    def run(self, *words: str, check: bool = True, **options: Any) -> "subprocess.CompletedProcess[str]":
        """`docker <words>`, its output as text; RuntimeError with all it said when it fails and `check` is on."""
        variables = self.environment | dict(options.pop("env", {}))
        done = subprocess.run(["docker", *words], env=variables, capture_output=True, text=True, check=False, **options)
        if check and done.returncode:
            raise RuntimeError(f"docker {' '.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done


def missing() -> str:
    """What keeps this machine from running an engine, and what to do; nothing when it can."""
    if os.geteuid() != 0:
        return "run these tests as root: nobody else can start a Docker engine"
    packages = {package: None for tool, package in TOOLS.items() if not shutil.which(tool, path=_search_path())}
    return f"apt-get install {' '.join(packages)}" if packages else ""


@contextmanager
def private_engine(place: Path | None = None) -> Iterator[Engine]:
    """Start an engine, in `place` if one is given, and end it with its containers, mounts and files."""
    folder = Path(tempfile.mkdtemp(prefix="airflow-engine-", dir=place))
    folder.chmod(0o755)  # what containers mount from here is read by other users than root
    engine = _prepared(folder)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(_command(folder), env=_of_the_engine(engine), stdout=log, stderr=log)
    try:
        _wait_until_up(engine, process)
        yield engine
    finally:
        _end(engine, process)


def _prepared(folder: Path) -> Engine:
    for name in ("bin", "config"):
        (folder / name).mkdir()
    (folder / "bin" / "docker").symlink_to(_cli_with_buildkit())
    proxies = {key: value for name, key in _PROXIES.items() if (value := _variable(name))}
    (folder / "config" / "config.json").write_text(json.dumps({"proxies": {"default": proxies}} if proxies else {}))
    authorities = folder / "authorities.crt"
    authorities.write_bytes(AUTHORITIES.read_bytes())
    own = {
        "DOCKER_HOST": f"unix://{folder}/socket",
        "DOCKER_CONFIG": str(folder / "config"),
        "DOCKER_BUILDKIT": "1",
        "PATH": f"{folder / 'bin'}:{_search_path()}",
    }
    others = {name: value for name, value in os.environ.items() if not name.startswith(("DOCKER_", "BUILDKIT_"))}
    return Engine(others | own, folder, authorities, _free_port())


def _command(folder: Path) -> list[str]:
    """The engine, without a network of its own; it ends when this process does, however that ends."""
    places = ["--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/pid"]
    network = ["--iptables=false", "--ip6tables=false", "--bridge=none"]
    return ["setpriv", "--pdeathsig", "TERM", "dockerd", *places, "--host", f"unix://{folder}/socket", *network]


def _of_the_engine(engine: Engine) -> dict[str, str]:
    """What the engine itself runs in: it is to reach no registry but one that a test puts behind the proxy."""
    kept = {"PATH": _search_path(), "HOME": str(engine.folder), "TMPDIR": str(engine.folder)}
    proxy = f"http://127.0.0.1:{engine.proxy_port}"
    return kept | {"HTTPS_PROXY": proxy, "HTTP_PROXY": proxy, "NO_PROXY": "", "SSL_CERT_FILE": str(engine.authorities)}


def _wait_until_up(engine: Engine, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE
    while engine.run("version", check=False).returncode:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"dockerd did not start\n{(engine.folder / 'log').read_text(errors='replace')}")
        time.sleep(0.1)


def _end(engine: Engine, process: "subprocess.Popen[bytes]") -> None:
    with_it = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    containers = engine.run("ps", "--all", "--quiet", check=False).stdout.split()
    if containers:
        engine.run("rm", "--force", "--volumes", *containers, check=False)
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for each in psutil.wait_procs(with_it, timeout=5)[1]:
        each.kill()
    for mount in reversed(_mounts_below(engine.folder)):
        subprocess.run(["umount", "--lazy", mount], check=False)
    subprocess.run(["rm", "-rf", str(engine.folder)], check=True)  # much faster than shutil.rmtree


def _mounts_below(folder: Path) -> list[str]:
    """Mount points in a folder, outer before inner (https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html)."""
    places = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [place for place in places if place.startswith(f"{folder}/")]


def _cli_with_buildkit() -> str:
    """The first CLI in PATH that builds with BuildKit: since 23.0 that needs the plugin buildx, before it nothing."""
    for folder in _search_path().split(":"):
        cli = shutil.which("docker", path=folder)
        if cli and (_major(cli) < 23 or _says(cli, "buildx", "version")):
            return cli
    raise RuntimeError(f"no docker in PATH can use BuildKit: {_search_path()}")


def _major(cli: str) -> int:
    said = _says(cli, "version", "--format", "{{.Client.Version}}")
    return int(said.partition(".")[0]) if said else 0


def _says(cli: str, *words: str) -> str:
    """What it printed, even when it failed for want of an engine."""
    nowhere = {"DOCKER_HOST": "unix:///nonexistent", "DOCKER_CONFIG": "/nonexistent", "PATH": _search_path()}
    return subprocess.run([cli, *words], env=nowhere, capture_output=True, text=True, check=False).stdout.strip()


def _search_path() -> str:
    """PATH, with the folders of programs for root that an ordinary one lacks."""
    return ":".join(dict.fromkeys([*os.environ["PATH"].split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"]))


def _variable(name: str) -> str:
    environment: Mapping[str, str] = os.environ
    return environment.get(name) or environment.get(name.upper()) or ""


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
