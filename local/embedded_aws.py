"""The AWS inside your machine, from the outside: is it running, start it, stop it.

It is a process of its own that outlives the command which started it, so that a deployment can be looked at, changed
and destroyed by later commands. Its state is in memory: stopped means gone.
"""

import contextlib
import errno
import http.client
import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
import botocore.session
from botocore.config import Config

from local import processes, venvs
from local.errors import LocalError
from local.layout import Layout
from local.locks import exclusive
from local.ordinary_user import check_reachable

Report = Callable[[str], None]

_STARTED: list["subprocess.Popen[bytes]"] = []  # it is to outlive us: kept, as Python warns of a running child let go

_PATIENCE = 60.0  # seconds from start to ready
_ROUNDS = 50  # looks for servers still on their way up, before what they write is given up on
_PAUSE = 0.1  # seconds between two of them
_ROOM = 200  # megabytes free: an empty database takes 60, and a full disk lets nobody say what is wrong
_MEANWHILE = {errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT}  # something came or went while it was removed
_ACCESS_KEY = "embedded"  # nobody checks them, and they must not be anybody's
_SECRET_KEY = "embedded"
_NOTHING_OF_THE_USERS = {  # (name in a configuration file, variable, default, conversion)
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


@dataclass(frozen=True)
class Endpoint:
    """Where the embedded AWS answers, and what to trust to reach its database and broker."""

    url: str
    region: str
    account: str
    certificates: Path
    """PEM bundle: the authority of this machine's database and broker, and the public ones."""

    def variables(self) -> dict[str, str]:
        """Return the environment variables a process needs to speak to it, and to nothing else of AWS."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": _ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": _SECRET_KEY,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "localhost,127.0.0.1",
            "SSL_CERT_FILE": str(self.certificates),
        }

    def session(self) -> boto3.Session:
        """Return a session that knows nothing of the user's: no profile, no credentials, no configuration, no proxy."""
        apart = botocore.session.Session(session_vars=_NOTHING_OF_THE_USERS)
        apart.set_default_client_config(Config(proxies={}))
        return boto3.Session(
            aws_access_key_id=_ACCESS_KEY,
            aws_secret_access_key=_SECRET_KEY,
            region_name=self.region,
            botocore_session=apart,
        )


def running(layout: Layout) -> Endpoint | None:
    """Return where the embedded AWS of this checkout answers; None if it does not run."""
    if processes.alive(_record(layout)) is None:
        return None
    try:
        told = json.loads((layout.aws / "endpoint.json").read_text(encoding="utf-8"))
        endpoint = Endpoint(told["url"], told["region"], told["account"], Path(told["certificates"]))
    except (OSError, ValueError, KeyError):
        return None
    return endpoint if _answers(endpoint) else None


def still_there(layout: Layout) -> Callable[[], bool]:
    """Return a question to be asked again and again: whether the process that is the embedded AWS now still runs.

    One that does not answer for a while is; one that was started since is another, and knows nothing of this one's.
    """
    now = processes.alive(_record(layout))

    def ask() -> bool:
        then = processes.alive(_record(layout))
        return now is not None and then is not None and then.pid == now.pid

    return ask


def start(layout: Layout, report: Report) -> Endpoint:
    """Return the running embedded AWS, starting it first if there is none; what a killed one left is ended before.

    Raises LocalError when it cannot be started (the message ends with the last lines of its log), and when it is there
    but does not answer: an Airflow may be running on it, so only `stop` ends it.
    """
    with _explained(layout), _one_at_a_time(layout) as held:
        if (endpoint := running(layout)) is not None:
            return endpoint
        if (silent := processes.alive(_record(layout))) is not None:
            raise LocalError(f"the embedded AWS (process {silent.pid}) does not answer; wait, or end it")
        check_reachable(layout.checkout)
        python = venvs.ensure(layout, "aws", layout.checkout / "local" / "requirements.lock", report)
        _clean(layout)
        _check_room(layout)
        report("starting the embedded AWS")
        return _start(layout, python, held)


def stop(layout: Layout) -> None:
    """End the embedded AWS with its database and broker, however it was left, and remove all it held."""
    if not layout.home.exists():
        return
    with _explained(layout), _one_at_a_time(layout):
        _clean(layout)


def _start(layout: Layout, python: Path, held: int) -> Endpoint:
    (layout.aws / "processes").mkdir(parents=True)
    if os.geteuid() == 0:  # the servers run as an ordinary user then, who must come to their folders
        layout.home.chmod(0o711)
        layout.aws.chmod(0o711)
    else:  # whoever knows the endpoint is told every secret
        layout.aws.chmod(0o700)
    log = layout.aws / "log"
    log.touch(mode=0o600)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(python), "-m", "local.aws", str(layout.aws), str(layout.checkout), str(held)],
            env={**_inherited(), "PYTHONPATH": str(layout.checkout)},
            cwd=layout.aws,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(held,),
        )
    _STARTED.append(process)
    limit = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < limit:
        if (endpoint := running(layout)) is not None:
            return endpoint
        time.sleep(0.05)
    how = f"not ready after {_PATIENCE:.0f} s" if process.poll() is None else f"ended with {process.returncode}"
    words = _last_words(log)
    _clean(layout)
    raise LocalError(f"the embedded AWS did not start ({how}): {words}")


def _clean(layout: Layout) -> None:
    """End whatever is still there and remove it; again, while servers on their way up go on writing."""
    for left in reversed(range(_ROUNDS)):
        try:
            _end_and_remove(layout)
        except OSError as error:
            if error.errno not in _MEANWHILE or not left:
                raise
            time.sleep(_PAUSE)
        else:
            return


def _end_and_remove(layout: Layout) -> None:
    """End the emulator first: it could start the others anew.

    A server writes its record before it is one. So none comes any more once the folder of the records is gone, and that
    goes only when empty: a record nobody has read is never thrown away.
    """
    folder = layout.aws / "processes"
    processes.end(_record(layout))
    for record in processes.records(folder):
        processes.end(record)
    with contextlib.suppress(FileNotFoundError):
        for draft in folder.glob("*.draft"):
            draft.unlink(missing_ok=True)
        folder.rmdir()
    if layout.aws.exists():
        shutil.rmtree(layout.aws)


def _check_room(layout: Layout) -> None:
    free = shutil.disk_usage(layout.home).free // 1_000_000
    if free < _ROOM:
        raise LocalError(f"{layout.home}: only {free} MB are free; the embedded AWS needs {_ROOM} MB")


def _record(layout: Layout) -> Path:
    return layout.aws / "processes" / "aws.json"


def _answers(endpoint: Endpoint) -> bool:
    """Whether it answers; the user's proxies have no say in what is on loopback."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{endpoint.url}/_ministack/health", timeout=10) as answer:
            return bool(answer.status == 200)
    except (OSError, http.client.HTTPException):  # URLError is an OSError
        return False


def _inherited() -> dict[str, str]:
    """Take from the user's environment what a program needs to run, and the authorities to trust."""
    names = ("PATH", "HOME", "LANG", "LC_ALL", "SSL_CERT_FILE")
    return {name: os.environ[name] for name in names if name in os.environ}


def _last_words(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
    return " / ".join([line for line in lines if line][-3:]) or "it said nothing"


@contextmanager
def _one_at_a_time(layout: Layout) -> Iterator[int]:
    layout.home.mkdir(exist_ok=True)
    with exclusive(layout.home / "aws.lock") as held:
        yield held


@contextmanager
def _explained(layout: Layout) -> Iterator[None]:
    """Turn a full disk or a checkout that cannot be written into one line."""
    try:
        yield
    except OSError as error:
        raise LocalError(f"{error.filename or layout.home}: {error.strerror}; the embedded AWS needs it") from error
