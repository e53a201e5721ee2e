"""Compiles the packages that the components import, once here: the official image ships them without bytecode.

Without it every container compiles for itself before it is healthy. Packages that no component uses stay as they are,
and so does the standard library, which the official image has compiled. Runs as the packages' owner.
"""

import compileall
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

COMPONENTS_USE = (
    "apache-airflow",
    "apache-airflow-providers-amazon",
    "apache-airflow-providers-celery",
    "apache-airflow-providers-fab",
    "apache-airflow-providers-postgres",
    "redis",
    "statsd",
)


def with_dependencies(names: Iterable[str]) -> dict[str, Distribution]:
    """What is installed of the packages and of all that they require."""
    found: dict[str, Distribution] = {}
    left = list(names)
    while left:
        name = canonicalize_name(left.pop())
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue
        wanted = [Requirement(text) for text in found[name].requires or ()]
        left += [each.name for each in wanted if not each.marker or each.marker.evaluate({"extra": ""})]
    return found


def sources_of(packages: Iterable[Distribution]) -> list[str]:
    """Every Python file that the packages installed."""
    return [
        str(package.locate_file(file)) for package in packages for file in package.files or () if file.suffix == ".py"
    ]


if __name__ == "__main__":
    files = sources_of(with_dependencies(COMPONENTS_USE).values())
    sys.stdout.write(f"compiling {len(files)} files\n")  # with emulation it takes minutes
    sys.stdout.flush()
    with ProcessPoolExecutor() as pool:  # quiet: a template in a package need not be valid Python
        list(pool.map(partial(compileall.compile_file, quiet=2), files, chunksize=100))
