from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator.airflow.components import Component, components
from generator.config.environments import load
from generator.config.tasks import Task
from generator.cost.assumptions import DAYS_A_MONTH, Range
from generator.cost.estimate import estimate
from generator.cost.items import DATA, NETWORK, REST, TASKS
from tests.generator.cost.deployments import REGION, SHIPPED, cents, line, names, only, priced, settings

SERVICE_YML = Path(__file__).parents[3] / "service.yml"


def test_the_tasks_of_the_default_come_to_what_a_hand_reckons() -> None:
    # 2 x 0.5 and 3 x 0.25 vCPU; 4 x 1 and 1 x 2 GB; 5 public addresses.
    by_hand = 24 * (1.75 * 0.04048 + 6 * 0.004445 + 5 * 0.005)

    assert cents(priced().of(TASKS).low) == cents(by_hand) == 2.94


def test_network_and_data_of_the_default_come_to_what_a_hand_reckons() -> None:
    one = priced()

    assert cents(one.of(NETWORK).high) == cents(24 * (0.0225 + 0.1 * 0.008 + 2 * 0.005))
    assert cents(one.of(DATA).high) == cents(24 * (0.016 + 0.0128) + 20 * 0.115 / DAYS_A_MONTH)


def test_the_default_costs_at_most_five_dollars_a_day() -> None:
    one = estimate(load(SERVICE_YML, "stage"), REGION, SHIPPED)

    assert one.complete
    assert 3 < one.day.low <= one.day.high <= 5


def test_the_cheap_environment_costs_at_most_half_of_that() -> None:
    one = estimate(load(SERVICE_YML, "dev"), REGION, SHIPPED)

    assert one.complete
    assert one.day.high <= 2.5


def test_prices_by_the_hour_the_month_and_the_use_come_to_days() -> None:
    prices = only(nat__hour=2, nat_gb__use=3, ipv4__hour=0, alb__hour=0, alb_lcu__hour=0, rds_gb__month=DAYS_A_MONTH)
    one = priced({"network": {"mode": "private"}}, region="somewhere", prices=prices)

    assert line(one, "NAT gateways").day == Range(48, 48)
    assert line(one, "NAT gateways: GB carried").day == Range(3, 30)
    assert (line(one, "database: GB of storage").day or Range(0, 0)).high == pytest.approx(20)


def test_a_day_becomes_an_average_month() -> None:
    one = priced()

    assert one.month.low == pytest.approx(one.day.low * 365 / 12)


def test_tasks_cost_the_hours_that_they_run_and_all_else_costs_the_whole_day() -> None:
    always, office = priced(), priced({"service": {"hours": {}}})

    assert office.of(TASKS).low == pytest.approx(always.of(TASKS).low * 65 / 168)
    assert office.of(NETWORK) == always.of(NETWORK)
    assert office.of(DATA) == always.of(DATA)


def test_autoscaling_gives_a_range_from_the_fewest_to_the_most() -> None:
    one = priced({"service": {"workers": {"autoscaling": {"minCapacity": 0, "maxCapacity": 10}}}})

    assert line(one, "workers: vCPU").item.many == Range(0, 5)
    assert line(one, "workers: public address").item.many == Range(0, 10)
    assert one.of(TASKS).low < priced().of(TASKS).low < one.of(TASKS).high


def test_spot_is_for_workers_alone_or_for_all() -> None:
    workers, everything = (priced({"service": {"spot": spot}}) for spot in ("workers", "all"))

    assert {name for name in names(workers) if "Spot" in name} == {
        "workers (Spot): vCPU",
        "workers (Spot): GB of memory",
        "workers (Spot): public address",
    }
    assert "scheduler (Spot): vCPU" in names(everything)
    assert everything.day.high < workers.day.high < priced().day.high


def test_a_new_component_in_the_catalogue_is_billed_without_another_word() -> None:
    chosen = settings()
    more = Component("librarian", "librarian", (), Task(cpu=1024, memory=4096, desired_count=2))
    without = estimate(chosen, REGION, SHIPPED)
    with_it = estimate(chosen, REGION, SHIPPED, [*components(chosen), more])

    assert line(with_it, "librarian: vCPU").item.many == Range(2, 2)
    assert names(with_it) - names(without) == {
        f"librarian: {what}" for what in ("vCPU", "GB of memory", "public address")
    }
    by_hand = 2 * 24 * (0.04048 + 4 * 0.004445 + 0.005)
    assert with_it.of(TASKS).low - without.of(TASKS).low == pytest.approx(by_hand)


def test_worker_groups_and_flower_are_billed_by_their_names() -> None:
    one = priced({"service": {"workerGroups": {"big": {"cpu": 2048, "memory": 8192}}, "flower": {"enabled": True}}})

    assert line(one, "workers-big: GB of memory").item.many == Range(8, 8)
    assert "flower: vCPU" in names(one)


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ({"celeryBackend": {"numNodes": 1}}, {"celeryBackend": {"numNodes": 3}}),
        ({"celeryBackend": {"engine": "valkey"}}, {"celeryBackend": {"engine": "redis"}}),
        ({"metadataDb": {"multiAz": False}}, {"metadataDb": {"multiAz": True}}),
        ({"metadataDb": {"instanceType": "db.t4g.small"}}, {"metadataDb": {"instanceType": "db.m7g.large"}}),
        ({"service": {"workers": {"desiredCount": 1}}}, {"service": {"workers": {"desiredCount": 2}}}),
        ({"service": {"workers": {"memory": 2048}}}, {"service": {"workers": {"memory": 3072}}}),
        ({"service": {"architecture": "arm64"}}, {"service": {"architecture": "x86_64"}}),
        ({"network": {"mode": "private"}}, {"network": {"mode": "private", "natGateways": "perZone"}}),
        ({"network": {"mode": "isolated"}}, {"network": {"mode": "isolated", "endpointZones": "all"}}),
        ({"network": {"endpoints": ["athena"]}}, {"network": {"endpoints": ["athena", "glue"]}}),
        ({"loadBalancer": {"scheme": "internal"}}, {"loadBalancer": {"scheme": "internet-facing"}}),
    ],
)  # fmt: skip
def test_more_of_something_costs_more(less: dict[str, Any], more: dict[str, Any]) -> None:
    assert priced(less).day.low < priced(more).day.low
    assert priced(less).day.high < priced(more).day.high


def test_an_unknown_class_has_no_price_and_the_total_says_that_it_is_not_all() -> None:
    one = priced({"metadataDb": {"instanceType": "db.x99.huge"}})

    assert [unpriced.item.key for unpriced in one.unpriced] == ["rds.x99.huge"]
    assert not one.complete
    assert line(one, "database: db.x99.huge").day is None
    assert one.day.high == pytest.approx(priced().day.high - 24 * 0.016)


@pytest.mark.parametrize("region", ["cn-north-1", "cn-northwest-1", "eu-nowhere-9"])
def test_a_region_without_prices_is_never_for_nothing(region: str) -> None:
    one = priced(region=region)

    assert len(one.unpriced) == len(one.lines) > 20
    assert one.currency == ("CNY" if region.startswith("cn-") else "USD")


@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-west-1"])
def test_the_default_and_much_more_has_prices_in_the_regions_people_ask_for(region: str) -> None:
    much = {
        "network": {"mode": "isolated", "flowLogs": True},
        "service": {"architecture": "arm64", "spot": "workers"},
        "celeryBackend": {"engine": "sqs"},
        "metadataDb": {"engine": "aurora-postgresql"},
        "kms": {"customerKey": True},
        "alarms": {"email": "a@example.com"},
        "logging": {"target": "cloudwatch"},
    }

    assert priced(region=region).complete
    assert priced(much, region=region).complete


def test_sqs_is_billed_for_asking_when_there_is_nothing() -> None:
    one = priced({"celeryBackend": {"engine": "sqs"}, "service": {"workers": {"desiredCount": 2}}})

    # Two workers, each every ten seconds; and a thousand tasks with three requests each.
    assert line(one, "broker: million requests of SQS, polling").item.many.low == pytest.approx(2 * 8640 / 1e6)
    assert line(one, "broker: million requests of SQS, tasks").item.many.low == pytest.approx(0.003)
    assert not any("cache" in name for name in names(one))


def test_aurora_is_billed_from_its_least_to_its_most_and_never_rests_while_airflow_runs() -> None:
    aurora = {"metadataDb": {"engine": "aurora-postgresql", "serverless": {"minCapacity": 0, "maxCapacity": 4}}}
    what = "database: ACU of Aurora Serverless v2"

    assert line(priced(aurora), what).item.many == Range(0.5, 4)
    assert line(priced(aurora, {"metadataDb": {"multiAz": True}}), what).item.many == Range(1, 8)
    assert line(priced(aurora, {"service": {"hours": {}}}), what).item.many.low == pytest.approx(0.5 * 65 / 168)
    assert "database: db.t4g.micro" not in names(priced(aurora))


def test_a_secret_or_key_that_exists_already_is_not_billed_here() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:x"
    given = priced({"secrets": {"fernet": arn, "jwt": arn}})
    key = {"kms": {"keyArn": "arn:aws:kms:us-east-1:123456789012:key/x"}}

    assert line(given, "secrets").item.many.low == line(priced(), "secrets").item.many.low - 2
    assert "customer's key" in names(priced({"kms": {"customerKey": True}}))
    assert "customer's key" not in names(priced(key))
    assert "customer's key: 10,000 requests" in names(priced(key))


def test_each_measure_that_is_followed_makes_two_alarms() -> None:
    follows = {"minCapacity": 1, "maxCapacity": 2, "cpu": {"target": 50}, "memory": {"target": 50}}
    one = priced({"service": {"workers": {"autoscaling": follows}}, "alarms": {"email": "a@example.com"}})

    assert line(one, "alarms").item.many == Range(3 + 2 * 2, 3 + 2 * 2)
    assert "alarms" not in names(priced())


def test_no_group_is_forgotten_in_the_sum() -> None:
    one = priced()

    assert one.day.high == pytest.approx(sum(one.of(group).high for group in (TASKS, NETWORK, DATA, REST)))
    assert replace(one, lines=()).day == Range(0, 0)
