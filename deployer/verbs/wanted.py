"""What settings want of account and region, for the preflight, which knows no settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployer.preflight.wanted import Broker, Database, Existing, Vcpus, Wanted
    from generator.config.settings import Settings


def wanted_of(settings: Settings, region: str, image: str = "") -> Wanted:
    """What the settings want of account and region; `image` is one that was named on the command line."""
    from deployer.preflight.wanted import Wanted
    from generator.stacks.endpoint_services import interface_services, name_in
    from generator.stacks.scaling import wanted as scales

    zones = _zones(settings)
    return Wanted(
        stack=settings.stack_name,
        zones=zones,
        addresses=_addresses(settings),
        database=_database(settings),
        broker=_broker(settings),
        existing=None if settings.own_network else _existing(settings),
        on_demand=_vcpus(settings, spot=False),
        spot=_vcpus(settings, spot=True),
        endpoints={service: name_in(region, service) for service in interface_services(settings)},
        endpoint_zones=_endpoint_zones(settings, zones),
        gateways=_gateways(settings, region),
        certificate=settings.https.certificate_arn,
        domain=settings.https.domain_name,
        hosted_zone=settings.https.hosted_zone_id,
        secrets=_secrets(settings),
        image=image or settings.airflow.image,
        boundary=settings.iam.permissions_boundary,
        scales=scales(settings),
    )


def _zones(settings: Settings) -> list[str]:
    """Letters of the zones that the tasks' subnets stand in; the other kind of subnets stands in the same ones."""
    if not settings.own_network:
        return []
    subnets = settings.public_subnet if settings.network.mode == "public" else settings.private_subnet
    return [subnet.availability_zone for subnet in subnets.values()]


def _endpoint_zones(settings: Settings, zones: list[str]) -> int:
    if settings.network.endpoint_zones == "one":
        return 1
    return len(zones) if settings.own_network else len(settings.network.existing.task_subnet_ids)


def _gateways(settings: Settings, region: str) -> list[str]:
    """Endpoints that are entered in somebody else's route tables."""
    from generator.stacks.endpoint_services import GATEWAYS, name_in

    if settings.own_network or not settings.makes_endpoints:
        return []
    return [name_in(region, one) for one in GATEWAYS if one == "s3" or one in settings.network.endpoints]


def _addresses(settings: Settings) -> int:
    """One elastic IP address for each NAT gateway."""
    if settings.network.mode != "private":
        return 0
    return len(settings.private_subnet) if settings.network.nat_gateways == "perZone" else 1


def _database(settings: Settings) -> Database:
    from deployer.preflight.wanted import Database

    wanted = settings.metadata_db
    copies = 2 if wanted.multi_az else 1
    return Database(
        engine=wanted.engine,
        version=wanted.engine_version,
        family=wanted.parameter_family,
        instance_class="db.serverless" if wanted.aurora else wanted.instance_type,
        instances=copies if wanted.aurora else 1,  # the standby of an instance counts in no quota
        zones=copies,
        storage=0 if wanted.aurora else wanted.allocated_storage,
        snapshot=wanted.snapshot_identifier,
    )


def _broker(settings: Settings) -> Broker | None:
    from deployer.preflight.wanted import Broker

    wanted = settings.celery_backend
    return None if wanted.sqs else Broker(wanted.engine, wanted.version, wanted.instance_type)


def _existing(settings: Settings) -> Existing:
    from deployer.preflight.wanted import Existing

    theirs = settings.network.existing
    return Existing(
        vpc=theirs.vpc_id,
        cidr=str(theirs.vpc_cidr or ""),
        tasks=theirs.task_subnet_ids,
        load_balancer=theirs.load_balancer_subnet_ids,
        database=theirs.database_subnet_ids,
        route_tables=theirs.route_table_ids,
    )


def _vcpus(settings: Settings, *, spot: bool) -> Vcpus:
    from deployer.preflight.wanted import Vcpus
    from generator.airflow.components import components
    from generator.cost.tasks import on_spot

    tasks = [one.task for one in components(settings) if on_spot(settings, one) is spot]
    return Vcpus(sum(one.cpu * one.first for one in tasks) / 1024, sum(one.cpu * one.most for one in tasks) / 1024)


def _secrets(settings: Settings) -> dict[str, str]:
    """Secrets that exist already, without the JSON key that a reference may end in; SSM's are not looked at."""
    named = {f"secrets.{name}": arn for name, arn in settings.secrets.model_dump().items() if arn}
    for variable, reference in settings.airflow.secrets.items():
        if reference.split(":")[2] == "secretsmanager":
            named[f"airflow.secrets.{variable}"] = ":".join(reference.split(":")[:7])
    return named
