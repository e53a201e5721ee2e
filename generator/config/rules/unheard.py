"""What is written and has no effect beside the other settings: worth knowing, and no mistake in a base."""

from collections.abc import Iterable

from generator.config.fields import Section
from generator.config.findings import Found, Level, rule
from generator.config.leaves import alias
from generator.config.settings import Settings
from generator.config.source import KeyPath


def _written(section: Section, path: KeyPath, fields: Iterable[str]) -> list[KeyPath]:
    """Those of the fields that the file says, as paths."""
    known = (type(section) if path else Settings).model_fields
    return [(*path, alias(name, known[name])) for name in fields if name in section.model_fields_set]


@rule(Level.NOTE)
def without_effect(settings: Settings) -> Found:
    """A setting is written that means nothing beside the others."""
    for paths, why in [*_network(settings), *_data(settings), *_image(settings)]:
        for path in paths:
            yield path, f"has no effect {why}"


def _network(settings: Settings) -> Iterable[tuple[list[KeyPath], str]]:
    network, path = settings.network, ("network",)
    if network.mode != "private":
        yield _written(network, path, ["nat_gateways"]), f"in mode {network.mode}, which has no NAT"
    if not settings.makes_endpoints and not network.endpoints:
        yield _written(network, path, ["endpoint_zones"]), f"in mode {network.mode}, which has no endpoints"
    if not settings.own_network:
        unused = ["flow_logs", *([] if settings.makes_endpoints else ["endpoints"])]
        yield _written(network, path, unused), "in a network that somebody else keeps"
        yield _written(settings, (), ["public_subnet", "private_subnet"]), "in mode existing: see network.existing"
        yield _written(settings.service, ("service",), ["cidr_block"]), "in mode existing: see network.existing.vpcCidr"
    else:
        yield _written(network, path, ["existing"]), "unless network.mode is existing"
        if network.mode == "public":
            yield _written(settings, (), ["private_subnet"]), "in mode public, where everything stands in publicSubnet"
        if network.mode == "isolated" and not settings.internet_facing:
            why = "in mode isolated, unless loadBalancer.scheme is internet-facing"
            yield _written(settings, (), ["public_subnet"]), why


def _data(settings: Settings) -> Iterable[tuple[list[KeyPath], str]]:
    database, broker, flower = settings.metadata_db, settings.celery_backend, settings.service.flower
    if database.aurora:
        fields = ["instance_type", "allocated_storage", "max_allocated_storage"]
        yield (
            _written(database, ("metadataDb",), fields),
            "with Aurora, which grows by itself: see metadataDb.serverless",
        )
    else:
        yield _written(database, ("metadataDb",), ["serverless"]), "unless engine is aurora-postgresql"
    if broker.sqs:
        fields = ["engine_version", "auto_minor_version_upgrade", "instance_type", "port", "num_nodes", "az_mode"]
        yield _written(broker, ("celeryBackend",), fields), "with sqs, which has no servers"
        yield _written(settings.secrets, ("secrets",), ["broker"]), "with sqs, which has no token"
    else:
        yield _written(broker, ("celeryBackend",), ["visibility_timeout"]), "unless engine is sqs"
    if not flower.enabled:
        yield _written(settings.secrets, ("secrets",), ["flower"]), "unless service.flower.enabled is true"
        if "enabled" not in flower.model_fields_set:
            why = "until service.flower.enabled is true: Flower runs only on request"
            yield _written(settings.service, ("service",), ["flower"]), why
    if not settings.alarms.email:
        yield _written(settings.alarms, ("alarms",), ["queue_age", "free_storage"]), "without alarms.email"


def _image(settings: Settings) -> Iterable[tuple[list[KeyPath], str]]:
    if settings.airflow.image:
        fields = ["base", "package_index", "debian_mirror"]
        yield _written(settings.image, ("image",), fields), "with airflow.image, which is built already"
