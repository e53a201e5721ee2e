"""The names that Cloud Map answers inside the network and nobody answers on a laptop."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from local.runner.asking import asking

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import ServiceRegistryTypeDef
    from mypy_boto3_servicediscovery import ServiceDiscoveryClient

LOOPBACK = "127.0.0.1"


def private_names(names: ServiceDiscoveryClient, registries: Iterable[ServiceRegistryTypeDef]) -> frozenset[str]:
    """Return `<service>.<namespace>` for every registry of ECS services. Raises LocalError for one that is gone."""
    return frozenset(_name(names, registry["registryArn"]) for registry in registries if "registryArn" in registry)


def _name(names: ServiceDiscoveryClient, registry: str) -> str:
    with asking(f"service registry {registry}"):
        service = names.get_service(Id=registry.rpartition("/")[2])["Service"]
        # Older services hold their namespace in the DNS configuration alone.
        namespace = service.get("NamespaceId") or service["DnsConfig"]["NamespaceId"]
        return f"{service['Name']}.{names.get_namespace(Id=namespace)['Namespace']['Name']}"


def on_this_machine(value: str, private: frozenset[str]) -> str:
    """Replace each private name in `value` by loopback; a name that is part of a longer one stays."""
    if not private:
        return value
    longest_first = "|".join(re.escape(name) for name in sorted(private, key=len, reverse=True))
    return re.sub(rf"(?<![\w.-])(?:{longest_first})\.?(?![\w-])(?!\.\w)", LOOPBACK, value, flags=re.IGNORECASE)
