"""What settings want of account and region."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from deployer.preflight.wanted import Broker, Database, Existing, Vcpus
from deployer.verbs.wanted import wanted_of
from generator.config.settings import Settings
from generator.render import render
from tests.matrix.options import EXISTING, WITH_ENDPOINTS
from tests.matrix.selection import combinations

REGION = "eu-central-1"
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:mine-AbCdEf"
NAMED: dict[str, str] = {"serviceName": "airflow", "environment": "dev", "owner": "data"}
Of = Callable[..., Settings]


def of(**more: Any) -> Settings:
    return Settings.model_validate(NAMED | more)


def test_the_defaults() -> None:
    wanted = wanted_of(of(), REGION)
    assert (wanted.stack, wanted.zones, wanted.addresses, wanted.scales) == ("airflow-dev", ["", ""], 0, False)
    assert wanted.database == Database("postgres", "17", "postgres17", "db.t4g.micro", storage=20)
    assert wanted.broker == Broker("valkey", "8.0", "cache.t4g.micro")
    assert (wanted.on_demand, wanted.spot) == (Vcpus(1.75, 1.75), Vcpus())
    assert (wanted.existing, wanted.endpoints, wanted.secrets, wanted.image) == (None, {}, {}, "")


def test_a_database_in_two_zones() -> None:
    instance = wanted_of(of(metadataDb={"multiAz": True}), REGION).database
    cluster = wanted_of(of(metadataDb={"engine": "aurora-postgresql", "multiAz": True}), REGION).database
    assert instance is not None
    assert cluster is not None
    assert (instance.instances, instance.zones) == (1, 2)
    assert (cluster.instance_class, cluster.instances, cluster.zones, cluster.storage) == ("db.serverless", 2, 2, 0)


def test_sqs_is_no_server() -> None:
    assert wanted_of(of(celeryBackend={"engine": "sqs"}), REGION).broker is None


@pytest.mark.parametrize(("gateways", "addresses"), [("one", 1), ("perZone", 2)])
def test_nat_gateways_have_addresses(gateways: str, addresses: int) -> None:
    assert wanted_of(of(network={"mode": "private", "natGateways": gateways}), REGION).addresses == addresses


def test_processors_at_full_scale_on_spot_and_on_demand() -> None:
    workers = {"cpu": 2048, "memory": 4096, "autoscaling": {"minCapacity": 1, "maxCapacity": 4, "cpu": {"target": 70}}}
    wanted = wanted_of(of(service={"spot": "workers", "workers": workers}), REGION)
    assert (wanted.on_demand, wanted.spot, wanted.scales) == (Vcpus(1.25, 1.25), Vcpus(2, 8), True)


def test_a_network_of_somebody_else() -> None:
    wanted = wanted_of(of(network={"mode": "existing", "existing": WITH_ENDPOINTS}), REGION)
    theirs = (EXISTING["taskSubnetIds"], EXISTING["loadBalancerSubnetIds"], EXISTING["databaseSubnetIds"])
    tables = ["rtb-0123456789abcdef0", "rtb-0123456789abcdef1"]
    assert wanted.existing == Existing("vpc-0123456789abcdef0", "10.20.0.0/16", *theirs, tables)
    assert wanted.zones == []
    assert "ecr.dkr" in wanted.endpoints
    assert (wanted.endpoint_zones, wanted.gateways) == (1, ["com.amazonaws.eu-central-1.s3"])
    more = {"mode": "existing", "existing": WITH_ENDPOINTS, "endpointZones": "all", "endpoints": ["dynamodb"]}
    wanted = wanted_of(of(network=more), REGION)
    assert wanted.endpoint_zones == len(EXISTING["taskSubnetIds"])
    assert wanted.gateways == ["com.amazonaws.eu-central-1.s3", "com.amazonaws.eu-central-1.dynamodb"]
    assert wanted_of(of(network={"mode": "existing", "existing": EXISTING}), REGION).gateways == []


def test_secrets_that_exist_already() -> None:
    ours = {"A_TOKEN": f"{SECRET}:token::", "A_PARAMETER": "arn:aws:ssm:eu-central-1:123456789012:parameter/one"}
    wanted = wanted_of(of(secrets={"fernet": SECRET}, airflow={"secrets": ours}), REGION)
    assert wanted.secrets == {"secrets.fernet": SECRET, "airflow.secrets.A_TOKEN": SECRET}


def test_an_image_of_the_command_line_comes_first() -> None:
    settings = of(airflow={"image": "mine:one"})
    assert [wanted_of(settings, REGION, named).image for named in ("", "mine:two")] == ["mine:one", "mine:two"]


def test_endpoint_services_are_those_that_the_templates_name() -> None:
    regions = {"eu-central-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov"}
    for combination in combinations():
        text = render(combination.settings).get("endpoints.yml")
        template = yaml.load(text, yaml.CSafeLoader) if text else {"Resources": {}}
        resources = [one["Properties"] for one in template["Resources"].values()]
        names = [one["ServiceName"] for one in resources if one["VpcEndpointType"] == "Interface"]
        for region, partition in regions.items():
            named = {_text(name, template, region, partition) for name in names}
            assert set(wanted_of(combination.settings, region).endpoints.values()) == named


def _text(value: Any, template: Any, region: str, partition: str) -> str:
    match value:
        case {"Fn::Sub": text}:
            return str(text).replace("${AWS::Region}", region)
        case {"Fn::Join": [between, parts]}:
            return str(between).join(_text(part, template, region, partition) for part in parts)
        case {"Fn::FindInMap": [name, _, key]}:
            return str(template["Mappings"][name][partition][key])
        case {"Ref": "AWS::Region"}:
            return region
    return str(value)
