#!/usr/bin/env python3
"""A container engine's command line whose containers are processes of this machine; its state is files in FAKE_STATE.

What it was asked is in `calls`. `oom`, `down` and `slow` are made by tests: the next container is short of memory, no
engine answers, a container takes its time to run.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

STATE = Path(__file__).parent
CONTAINERS = STATE / "containers"
OPTIONS = ("--signal", "--format", "--filter")


def run(arguments: list[str]) -> int:
    options = []
    while arguments[0].startswith("--"):
        options.append(arguments.pop(0))
    told = dict(option.removeprefix("--").partition("=")[::2] for option in options)
    image, *command = arguments
    if image not in (STATE / "images").read_text().split():
        return refuse(f"Unable to find image '{image}' locally", 125)
    variables = {"PATH": os.defpath}
    names = [option.partition("=")[2] for option in options if option.startswith("--env=")]
    variables |= {name: os.environ[name] for name in names if name in os.environ}
    mount = dict(pair.split("=") for pair in told["mount"].split(",") if "=" in pair)
    variables = {name: value.replace(mount["target"], mount["source"]) for name, value in variables.items()}
    program = {"python": sys.executable}.get(told.get("entrypoint", ""), told.get("entrypoint", ""))
    if "name" not in told:
        return subprocess.run([program, *command], env=variables, check=False).returncode
    folder = CONTAINERS / told["name"]
    folder.mkdir(parents=True)
    (folder / "told").write_text(json.dumps({"options": options, "variables": variables}))
    time.sleep(0.4 if (STATE / "slow").exists() else 0)
    if os.fork() == 0:  # a container is no child of the command line
        if os.fork() == 0:
            os.setsid()
            keep(folder, [program, *command] if program else command, variables)
        os._exit(0)
    os.wait()
    while not (folder / "code").exists():
        if not folder.exists():
            return 137
        time.sleep(0.01)
    return int((folder / "code").read_text())


def keep(folder: Path, command: list[str], variables: dict[str, str]) -> None:
    process = subprocess.Popen(command, env=variables)
    write(folder / "pid", process.pid)
    code = process.wait()
    if folder.exists():
        write(folder / "code", code if code >= 0 else 128 - code)
    os._exit(0)


def write(path: Path, number: int) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text(str(number))
    draft.rename(path)


def execute(arguments: list[str]) -> int:
    told = json.loads((CONTAINERS / arguments[0] / "told").read_text())
    return subprocess.run(arguments[1:], env=told["variables"], check=False).returncode


def kill(arguments: list[str]) -> int:
    folder = CONTAINERS / arguments[-1]
    if not (folder / "pid").exists() or (folder / "code").exists():
        return refuse(f"Cannot kill container: {folder.name}: is not running")
    os.kill(int((folder / "pid").read_text()), getattr(signal, f"SIG{arguments[1]}"))
    return 0


def remove(arguments: list[str]) -> int:
    names = [word for word in arguments if not word.startswith("--")]
    for name in names:
        folder = CONTAINERS / name
        if not folder.exists():
            return refuse(f"Error: No such container: {name}")
        if (folder / "pid").exists() and not (folder / "code").exists():
            os.kill(int((folder / "pid").read_text()), signal.SIGKILL)
        folder.rename(STATE / f"removed-{name}")
    return 0


def inspect(arguments: list[str]) -> int:
    print("true" if (STATE / "oom").exists() else "false")  # noqa: T201
    return 0


def image(arguments: list[str]) -> int:
    if arguments[-1] not in (STATE / "images").read_text().split():
        return refuse(f"Error: No such image: {arguments[-1]}")
    print('["PYTHONPATH=/of/the/image", "PATH=/bin"]')  # noqa: T201
    return 0


def ps(arguments: list[str]) -> int:
    label = f"--label={arguments[-1].removeprefix('label=')}"
    for folder in sorted(CONTAINERS.glob("*")):
        if label in json.loads((folder / "told").read_text())["options"]:
            print(folder.name)  # noqa: T201
    return 0


def version(arguments: list[str]) -> int:
    return 0


def refuse(words: str, status: int = 1) -> int:
    sys.stderr.write(f"{words}\n")
    return status


VERBS = {"run": run, "exec": execute, "kill": kill, "rm": remove, "inspect": inspect, "image": image, "ps": ps}


def main(verb: str, arguments: list[str]) -> int:
    with (STATE / "calls").open("a") as calls:
        calls.write(f"{verb} {' '.join(arguments)}\n")
    if (STATE / "down").exists():
        return refuse("Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?")
    return VERBS.get(verb, version)(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
