"""`python -m benchmarks [NAME ...]`: run the benchmarks named, or all, and print a table of each as Markdown."""

import argparse
import platform
import subprocess
import sys
from datetime import UTC, datetime

import psutil

from benchmarks import connections, dags, deploy, image, laptop, render, sizes, validate

BENCHMARKS = {
    "render": render.measure,
    "validate": validate.measure,
    "deploy": deploy.measure,
    "laptop": laptop.measure,
    "image": image.measure,
    "connections": connections.measure,
    "sizes": sizes.measure,
    "dags": dags.measure,
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all without one")
    names = parser.parse_args(arguments).names or list(BENCHMARKS)
    if unknown := set(names) - set(BENCHMARKS):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    print(machine())
    for name in names:
        print(f"\n### {name}\n")
        for line in BENCHMARKS[name]():
            print(line, flush=True)
    return 0


def machine() -> str:
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, commit {commit.stdout.strip() or 'unknown'}, "
        f"Python {platform.python_version()} on {platform.system()}, "
        f"{psutil.cpu_count()} cores, {memory:.0f} GiB"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
