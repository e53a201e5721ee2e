from __future__ import annotations

from typing import Any

from deployer import first_counts
from tests.deployer.scripted_clients import scripted


class ScriptedEcs:
    """Services of one cluster: name -> tasks wanted and tags."""

    def __init__(self, services: dict[str, tuple[int, dict[str, str]]]) -> None:
        self.calls: list[str] = []
        self.services = services
        self.updated: dict[str, int] = {}

    def list_services(self, nextToken: str = "0", **_: object) -> dict[str, Any]:  # noqa: N803
        names, start = sorted(self.services), int(nextToken)
        page: dict[str, Any] = {"serviceArns": names[start : start + 7]}
        return page | ({"nextToken": str(start + 7)} if start + 7 < len(names) else {})

    def describe_services(self, services: list[str], include: list[str], **_: object) -> dict[str, Any]:
        assert include == ["TAGS"]
        assert len(services) <= 10
        found = [(name, *self.services[name]) for name in services]
        return {
            "services": [
                {"serviceArn": name, "desiredCount": count, "tags": [{"key": k, "value": v} for k, v in tags.items()]}
                for name, count, tags in found
            ]
        }

    def update_service(self, service: str, desiredCount: int, **_: object) -> dict[str, Any]:  # noqa: N803
        self.updated[service] = desiredCount
        return {"service": {}}


def test_only_services_that_want_another_count_get_it() -> None:
    plain: dict[str, tuple[int, dict[str, str]]] = {f"s{number:02}": (1, {}) for number in range(15)}
    ecs = ScriptedEcs(plain | {"s03": (1, {"DesiredCount": "3"}), "s12": (1, {"DesiredCount": "0"}),
                               "s14": (2, {"DesiredCount": "2"}), "s15": (1, {"DesiredCount": "many"})})  # fmt: skip
    first_counts.apply(scripted({"ecs": ecs}), "c", first_counts.services(scripted({"ecs": ecs}), None))
    assert ecs.updated == {"s03": 3, "s12": 0}


def test_services_that_were_there_keep_what_people_and_autoscaling_gave_them() -> None:
    ecs = ScriptedEcs({"old": (7, {"DesiredCount": "2"})})
    aws = scripted({"ecs": ecs})
    before = first_counts.services(aws, "c")
    ecs.services["new"] = (1, {"DesiredCount": "4"})
    first_counts.apply(aws, "c", before)
    assert ecs.updated == {"new": 4}
