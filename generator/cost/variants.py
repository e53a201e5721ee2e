"""The same settings in another way: what a comparison sets side by side."""

from collections.abc import Mapping

from generator.config.settings import Settings
from generator.cost.estimate import Estimate, estimate
from generator.cost.prices import Prices

MODES: Mapping[str, Mapping[str, str]] = {
    "public": {"mode": "public"},
    "private, one NAT": {"mode": "private", "nat_gateways": "one"},
    "private, a NAT a zone": {"mode": "private", "nat_gateways": "perZone"},
    "isolated, one zone": {"mode": "isolated", "endpoint_zones": "one"},
    "isolated, each zone": {"mode": "isolated", "endpoint_zones": "all"},
}


def modes(settings: Settings, region: str, prices: Prices) -> list[tuple[str, Estimate]]:
    """NAT against endpoints: the same deployment in every network mode that makes its own network."""
    networks = {label: settings.network.model_copy(update=changes) for label, changes in MODES.items()}
    return [
        (label, estimate(settings.model_copy(update={"network": network}), region, prices))
        for label, network in networks.items()
    ]


def regions(settings: Settings, prices: Prices) -> list[tuple[str, Estimate]]:
    """The same deployment in every region whose prices are known, and those that the file names without any."""
    return [(region, estimate(settings, region, prices)) for region in prices.regions]


def environments(all_settings: Mapping[str, Settings], region: str, prices: Prices) -> list[tuple[str, Estimate]]:
    """Every environment in one region."""
    return [(name, estimate(settings, region, prices)) for name, settings in all_settings.items()]
