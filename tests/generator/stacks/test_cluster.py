"""The cluster, and the names in it."""

from generator.stacks import cluster
from tests.generator.stacks.alone import alone, properties, settings_with, skipped

INPUTS = cluster.Inputs(vpc_id="vpc-1")


def test_services_may_go_over_to_spot_and_back() -> None:
    body = alone(cluster.build, INPUTS, settings_with())
    assert properties(body, "Cluster")["CapacityProviders"] == ["FARGATE", "FARGATE_SPOT"]


def test_names_are_known_in_the_network_alone() -> None:
    found = properties(alone(cluster.build, INPUTS, settings_with()), "Namespace")
    assert found["Name"] == "air-dev.internal"
    assert found["Vpc"] == {"Ref": "VpcId"}


def test_metrics_of_every_task_are_on_request() -> None:
    def insights(*, wanted: bool) -> tuple[object, set[str]]:
        settings = settings_with({"cloudwatch": {"containerInsights": wanted}})
        body = alone(cluster.build, INPUTS, settings)
        return properties(body, "Cluster")["ClusterSettings"][0]["Value"], skipped(body, "Cluster")

    assert insights(wanted=True) == ("enabled", set())
    assert insights(wanted=False) == ("disabled", {"CKV_AWS_65"})
