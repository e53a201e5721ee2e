"""However the embedded AWS was left, the next start and stop put everything in order."""

import os
import pwd
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from botocore.exceptions import BotoCoreError

from local import embedded_aws, processes
from local.errors import LocalError
from local.layout import Layout
from local.ordinary_user import closed_to_others
from tests.integration.embedded_aws.conftest import running_in
from tests.integration.embedded_aws.deploying import Trial
from tests.integration.embedded_aws.templates import children

PYTHON = Path(sys.executable)
SOMEBODY = pwd.getpwnam("daemon").pw_uid  # an account that is there on every Linux and macOS, and not root


def quiet(_: str) -> None:
    """Report nothing."""


@pytest.fixture(autouse=True)
def stopped(layout: Layout) -> Iterator[None]:
    yield
    embedded_aws.stop(layout)
    assert running_in(layout.checkout) == []
    assert not layout.aws.exists()


def kill_emulator(layout: Layout) -> None:
    process = processes.alive(layout.aws / "processes" / "aws.json")
    assert process is not None
    process.kill()
    while processes.alive(layout.aws / "processes" / "aws.json") is not None:
        time.sleep(0.01)


def test_it_outlives_its_caller_and_starts_once(layout: Layout) -> None:
    script = "import sys; from pathlib import Path; from local.layout import Layout; from local import embedded_aws\n"
    script += "print(embedded_aws.start(Layout(Path(sys.argv[1])), lambda _: None).url)"
    command = [sys.executable, "-c", script, str(layout.checkout)]
    environment = {**os.environ, "PYTHONPATH": str(layout.checkout)}
    callers = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = {caller.communicate(timeout=60)[0] for caller in callers}
    assert len(told) == 1
    endpoint = embedded_aws.running(layout)
    assert endpoint is not None
    assert told == {f"{endpoint.url}\n"}
    assert embedded_aws.start(layout, quiet) == endpoint
    assert len(list(processes.records(layout.aws / "processes"))) == 1


def test_stop_takes_all_of_it(layout: Layout) -> None:
    Trial(embedded_aws.start(layout, quiet)).create(children())
    assert len(list(processes.records(layout.aws / "processes"))) == 3
    embedded_aws.stop(layout)
    assert embedded_aws.running(layout) is None
    assert running_in(layout.checkout) == []
    embedded_aws.stop(layout)


def test_one_that_is_stopped_is_not_started_anew(layout: Layout) -> None:
    endpoint = embedded_aws.start(layout, quiet)
    Trial(endpoint).create(children())
    process = processes.alive(layout.aws / "processes" / "aws.json")
    assert process is not None
    process.suspend()
    with pytest.raises(LocalError, match=rf"\(process {process.pid}\) does not answer"):
        embedded_aws.start(layout, quiet)
    process.resume()
    assert embedded_aws.start(layout, quiet) == endpoint
    assert len(list(processes.records(layout.aws / "processes"))) == 3


@pytest.mark.parametrize("then", ["start", "stop"])
def test_killed_it_leaves_servers_that_are_found(layout: Layout, then: str) -> None:
    first = embedded_aws.start(layout, quiet)
    Trial(first).create(children())
    kill_emulator(layout)
    assert embedded_aws.running(layout) is None
    assert len(running_in(layout.checkout)) == 2  # PostgreSQL (its own processes have other names) and Valkey
    if then == "stop":
        embedded_aws.stop(layout)
        assert running_in(layout.checkout) == []
    else:
        second = embedded_aws.start(layout, quiet)
        assert len(running_in(layout.checkout)) == 1
        assert Trial(second).create(children())["StackStatus"] == "CREATE_COMPLETE"


def deploy_again_and_again(trial: Trial) -> None:
    while True:
        trial.create(children())
        trial.delete()
        trial.client("s3").delete_bucket(Bucket="templates")


@pytest.mark.parametrize("moment", [0.05, 0.2, 0.4, 0.6, 0.8, 1.0])
def test_killed_at_any_moment_of_a_deployment_nothing_is_left(layout: Layout, moment: float) -> None:
    trial = Trial(embedded_aws.start(layout, quiet))
    killer = threading.Timer(moment, kill_emulator, [layout])
    killer.start()
    with pytest.raises(BotoCoreError):  # that nobody answers any more
        deploy_again_and_again(trial)
    killer.join()
    embedded_aws.stop(layout)
    time.sleep(0.3)  # a server on its way up would show itself now
    assert running_in(layout.checkout) == []


def test_a_caller_killed_while_it_starts_does_no_harm(layout: Layout) -> None:
    script = "import sys; from pathlib import Path; from local.layout import Layout; from local import embedded_aws\n"
    script += "embedded_aws.start(Layout(Path(sys.argv[1])), lambda said: print(said, flush=True))"
    caller = subprocess.Popen(
        [sys.executable, "-c", script, str(layout.checkout)],
        env={**os.environ, "PYTHONPATH": str(layout.checkout)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert caller.stdout is not None
    assert "starting" in caller.stdout.readline()
    time.sleep(0.1)
    caller.kill()
    caller.communicate()
    embedded_aws.start(layout, quiet)
    emulators = [line for line in running_in(layout.checkout) if "-m local.aws " in line]
    assert len(emulators) == 1


def test_only_loopback_is_listened_on(layout: Layout) -> None:
    Trial(embedded_aws.start(layout, quiet)).create(children())
    listening = []
    for record in processes.records(layout.aws / "processes"):
        process = processes.alive(record)
        assert process is not None
        listening += [one.laddr for one in process.net_connections() if one.status == psutil.CONN_LISTEN]
    assert {address.ip for address in listening} == {"127.0.0.1"}
    assert len(listening) == 5  # the emulator, two doors, PostgreSQL, Valkey


def test_two_checkouts_do_not_meet(layout: Layout) -> None:
    first = embedded_aws.start(layout, quiet)
    other = Layout(layout.checkout / "other")
    shutil.copytree(layout.checkout / "local", other.checkout / "local")
    try:
        second = embedded_aws.start(other, quiet)
        Trial(second).create(children())
        assert len(Trial(first).client("cloudformation").describe_stacks()["Stacks"]) == 0
        embedded_aws.stop(layout)
        assert embedded_aws.running(other) == second
    finally:
        embedded_aws.stop(other)
        shutil.rmtree(other.checkout)


def test_a_start_that_fails_says_why_in_one_line(layout: Layout) -> None:
    broken = layout.checkout / "local" / "aws" / "settings.py"
    whole = broken.read_text()
    try:
        broken.write_text(whole + "\nraise RuntimeError('it is broken')\n")
        with pytest.raises(LocalError, match=r"did not start \(ended with 1\): .*RuntimeError: it is broken$") as told:
            embedded_aws.start(layout, quiet)
        assert "\n" not in str(told.value)
    finally:
        broken.write_text(whole)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs an ordinary account")
def test_root_is_told_when_the_ordinary_account_cannot_enter(layout: Layout) -> None:
    layout.checkout.chmod(0o700)
    try:
        with pytest.raises(LocalError, match="closed to other users"):
            embedded_aws.start(layout, quiet)
    finally:
        layout.checkout.chmod(0o755)


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
@pytest.mark.skipif(closed_to_others(PYTHON) is not None, reason=f"nobody else may run {PYTHON}")
def test_an_ordinary_user_runs_all_of_it(tmp_path: Path) -> None:
    """As somebody with a checkout and a home of his own, both closed to others."""
    home = Path(shutil.copytree(Path(__file__).parents[3] / "local", Path("/var/tmp") / tmp_path.name / "local")).parent  # noqa: S108
    try:
        for path in [home, *home.rglob("*")]:
            os.chown(path, SOMEBODY, SOMEBODY)
        home.chmod(0o700)
        told = as_somebody(
            home,
            """
            trial = Trial(embedded_aws.start(layout, lambda _: None))
            print(trial.create(children())["StackStatus"])
            print(sorted({process.uids().real for process in map(processes.alive, records()) if process}))
            print(oct(layout.aws.stat().st_mode & 0o777))
            embedded_aws.stop(layout)
            layout.home.chmod(0o500)
            try:
                embedded_aws.start(layout, lambda _: None)
            except LocalError as error:
                print(error)
            layout.home.chmod(0o700)
            """,
        )
        assert told[:3] == ["CREATE_COMPLETE", f"[{SOMEBODY}]", "0o700"]
        assert "Permission denied" in told[3]
    finally:
        shutil.rmtree(home)


def as_somebody(home: Path, script: str) -> list[str]:
    """What a script prints when somebody who is not root runs it in a checkout of his."""
    lines = [line.removeprefix(" " * 12) for line in script.splitlines()]
    before = f"""
import sys
from pathlib import Path
sys.path[:0] = [{str(home)!r}, {str(Path(__file__).parents[3])!r}]
from local import embedded_aws, processes
from local.errors import LocalError
from local.layout import Layout
from local.ordinary_user import closed_to_others
from tests.integration.embedded_aws.deploying import Trial
from tests.integration.embedded_aws.templates import children
layout = Layout(Path({str(home)!r}))
def records(): return list(processes.records(layout.aws / "processes"))
"""
    done = subprocess.run(
        [PYTHON, "-c", before + "\n".join(lines)],
        user=SOMEBODY,
        group=SOMEBODY,
        extra_groups=[],
        env={**os.environ, "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
