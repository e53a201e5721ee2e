"""The picture of the architecture: every reader's part put together."""

from collections.abc import Mapping

from generator.diagram.model import Architecture
from generator.diagram.reading import firewall, front, regional, tree
from generator.diagram.reading.network import network
from generator.diagram.reading.services import services
from generator.diagram.reading.stores import stores


def read(files: Mapping[str, str]) -> Architecture:
    """Read rendered templates, as YAML by file name; what is not known here is left out.

    Raises yaml.YAMLError when a text is not YAML.
    """
    found = tree.read(files)
    place, tasks = network(found), services(found)
    by_front = front.reaches(found)
    in_front = [reach.target for reach in by_front]
    return Architecture(
        found.title,
        place,
        front.load_balancers(found, firewall.rules(found)),
        tuple(sorted(tasks, key=lambda task: (task.is_worker, _place(task.key, in_front), task.name))),
        stores(found, place),
        regional.regional(found),
        tuple(dict.fromkeys((*by_front, *firewall.reaches(found, tasks, place), *regional.reaches(found)))),
    )


def _place(key: str, among: list[str]) -> int:
    """Return where something stands in a list, or the end of it."""
    return among.index(key) if key in among else len(among)
