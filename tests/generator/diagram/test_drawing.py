"""The drawing itself: what is on it, and that nothing lies on anything else."""

import json
import subprocess
import sys
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from generator.diagram.draw import draw
from generator.diagram.drawing.measure import fit, width, wrap
from tests.generator.diagram import deployed, shapes
from tests.generator.diagram.deployed import Wanted, ingress, ref, resource, templates
from tests.generator.diagram.shapes import Drawing

CHECKOUT = Path(__file__).parents[3]
PUBLIC = Wanted(zones=2, tiers=("public", "isolated"), nats=0, tasks_in="public", endpoints=(), groups=("Workers",))
ISOLATED = Wanted(zones=2, tiers=("isolated",), nats=0, tasks_in="isolated", scheme="internal", flower=False)
ENDPOINTS = ("s3", "ecr.api", "ecr.dkr", "logs", "secretsmanager", "sqs", "kms", "monitoring", "servicediscovery")
VARIANTS = {
    "private": Wanted(),
    "public": PUBLIC,
    "isolated": ISOLATED,
    "sqs": replace(ISOLATED, broker="sqs", endpoints=ENDPOINTS, groups=("Workers",)),
    "existing": Wanted(existing=True, scheme="internal"),
    "internal": Wanted(scheme="internal", nats=1),
    "one zone": Wanted(zones=1, nats=1, endpoints=(), groups=()),
    "four zones": Wanted(zones=4, nats=4, aurora=True, allowed=tuple(f"10.{n}.0.0/16" for n in range(9))),
    "six zones": Wanted(zones=6, nats=1, groups=()),
    "stores beside services": replace(PUBLIC, stores_in="public"),
    "stores nearer to the internet": Wanted(tasks_in="isolated", stores_in="private", scheme="internal"),
}


def drawn(wanted: Wanted) -> Drawing:
    return of(templates(wanted))


def of(bodies: dict[str, Any]) -> Drawing:
    return shapes.read(draw(deployed.text(bodies)))


def titles(drawing: Drawing) -> set[str]:
    return {arrow.title for arrow in drawing.arrows}


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest) -> Drawing:
    return drawn(VARIANTS[request.param])


def test_no_text_leaves_its_box(variant: Drawing) -> None:
    assert_text_stays_inside(variant)


def test_nothing_lies_on_anything_else(variant: Drawing) -> None:
    assert_nothing_overlaps(variant)


def test_no_arrow_crosses_text_or_goes_through_a_thing(variant: Drawing) -> None:
    assert_arrows_go_round(variant)


@settings(max_examples=25, deadline=None, derandomize=True, phases=[Phase.generate])
@given(
    st.builds(
        Wanted,
        zones=st.integers(1, 4),
        nats=st.integers(0, 1),
        tasks_in=st.sampled_from(["public", "private", "isolated"]),
        stores_in=st.sampled_from(["private", "isolated"]),
        scheme=st.sampled_from(["internet-facing", "internal"]),
        allowed=st.lists(st.sampled_from(["0.0.0.0/0", "10.1.0.0/16", "192.0.2.7/32"]), unique=True),
        groups=st.lists(st.sampled_from(["Workers", "GPU", "Heavy", "VeryLongNameOfAGroupOfWorkers"]), unique=True),
        flower=st.booleans(),
        endpoints=st.lists(st.sampled_from(ENDPOINTS), unique=True),
        broker=st.sampled_from(["valkey", "sqs"]),
        existing=st.booleans(),
    )
)
def test_whatever_is_deployed_is_drawn_in_order(wanted: Wanted) -> None:
    drawing = drawn(wanted)
    assert_text_stays_inside(drawing)
    assert_nothing_overlaps(drawing)
    assert_arrows_go_round(drawing)


def assert_text_stays_inside(drawing: Drawing) -> None:
    for group in drawing.groups:
        assert shapes.within(group.box, drawing.page), group
        for text in group.texts:
            assert shapes.within(text.box, group.box), text


def assert_nothing_overlaps(drawing: Drawing) -> None:
    solid = drawing.of("panel", "label")
    for place, one in enumerate(solid):
        for other in solid[place + 1 :]:
            assert not shapes.overlap(one.box, other.box), (one, other)
    for group in drawing.of("vpc", "zone", "subnet", "cluster", "endpoints", "regional"):
        for text in group.texts:
            on_it = [one for one in solid if shapes.overlap(text.box, one.box)]
            assert not on_it, text


def assert_arrows_go_round(drawing: Drawing) -> None:
    texts = [text for group in drawing.groups if group.kind != "label" for text in group.texts]
    for arrow in drawing.arrows:
        for line in arrow.segments:
            assert not [text.text for text in texts if shapes.crosses(line, text.box)], arrow
            assert not [one for one in drawing.of("panel") if shapes.crosses(line, one.box)], arrow
            others = [one for one in drawing.of("label") if not arrow.title.endswith(one.texts[0].text.split(" · ")[0])]
            assert not [one for one in others if shapes.crosses(line, one.box)], arrow
    inside = [arrow for arrow in drawing.arrows if "internet" not in arrow.title]
    for one, other in combinations(inside, 2):
        assert not [line for line in one.segments for beside in other.segments if shapes.along(line, beside)], (
            one,
            other,
        )


def test_the_nat_gateways_are_drawn_where_they_stand() -> None:
    assert drawn(Wanted()).texts.count("NAT gateway") == 3
    assert "Services to the internet, through NAT" in titles(drawn(Wanted()))
    without = drawn(Wanted(nats=0))
    assert "NAT gateway" not in without.texts
    assert "Services to the internet, through NAT" not in titles(without)


def test_tasks_with_public_addresses_need_no_nat() -> None:
    assert "Services to the internet, from public addresses" in titles(drawn(PUBLIC))


def test_zones_are_columns() -> None:
    zones = drawn(Wanted(zones=3)).of("zone")
    assert [zone.texts[0].text for zone in zones] == [f"Availability zone {number}" for number in (1, 2, 3)]
    assert [zone.box.right < after.box.x for zone, after in pairwise(zones)] == [True, True]
    for subnet in drawn(Wanted(zones=3)).of("subnet"):
        assert sum(shapes.within(subnet.box, zone.box) for zone in zones) == 1


def test_the_scheme_of_the_load_balancer() -> None:
    assert any(text.startswith("internet-facing") for text in drawn(Wanted()).texts)
    assert any(text.startswith("internal") for text in drawn(Wanted(scheme="internal")).texts)


def test_an_empty_allow_list_lets_nobody_in() -> None:
    drawing = drawn(Wanted(allowed=()))
    assert "Nobody may connect" in drawing.texts
    assert not [title for title in titles(drawing) if "to Load balancer" in title]
    assert "203.0.113.0/24, 198.51.100.7/32 to Load balancer: HTTPS 443" in titles(drawn(Wanted()))


def test_a_rule_more_changes_an_arrow() -> None:
    bodies = templates()
    assert "Scheduler, Workers to Broker: TCP 6379" in titles(of(bodies))
    bodies["firewall.yml"]["Resources"]["More"] = ingress("FlowerGroup", "BrokerGroup", 6379)
    assert "Flower, Scheduler, Workers to Broker: TCP 6379" in titles(of(bodies))


def test_what_every_service_reaches_has_one_arrow() -> None:
    drawing = drawn(PUBLIC)
    bodies = templates(PUBLIC)
    bodies["firewall.yml"]["Resources"]["More"] = ingress("FlowerGroup", "DatabaseGroup", 5432)
    assert "Every service to Metadata database: TCP 5432" not in titles(drawing)
    assert "Every service to Metadata database: TCP 5432" in titles(of(bodies))


def test_groups_of_workers_share_a_card() -> None:
    assert "3 groups" in drawn(Wanted()).texts
    assert "and 5 more" in drawn(Wanted(groups=tuple(f"Group{n}" for n in range(9)))).texts
    assert not [text for text in drawn(PUBLIC).texts if text.endswith("groups")]


def test_a_service_may_reach_the_load_balancer() -> None:
    bodies = templates(PUBLIC)
    bodies["firewall.yml"]["Resources"]["Back"] = ingress("WorkersGroup", "LoadBalancerGroup", 443)
    assert "Workers to Load balancer: TCP 443" in titles(of(bodies))


def test_a_store_may_stand_above_the_services() -> None:
    assert "Scheduler, Workers to Broker: TCP 6379" in titles(drawn(Wanted(stores_in="public")))


def test_several_load_balancers_stand_side_by_side() -> None:
    bodies = templates()
    more = bodies["load_balancer.yml"]["Resources"]
    more["Second"] = {**more["LoadBalancer"]}
    drawing = of(bodies)
    assert "Second" in drawing.texts
    assert_text_stays_inside(drawing)
    assert_nothing_overlaps(drawing)


def test_without_services_there_is_a_drawing_too() -> None:
    assert shapes.read(draw({})).page.width > 0
    assert "Templates" in of({"foundation.yml": templates()["foundation.yml"]}).texts


def test_what_users_write_stays_text() -> None:
    bodies = templates(Wanted(allowed=('<script>&"',)))
    bodies["root.yml"]["Description"] = "A <b>bold</b> & \x07 'quoted' title " + "long " * 60
    drawing = of(bodies)
    assert drawing.title.startswith("A <b>bold</b> &  'quoted' title")
    assert '<script>&"' in drawing.texts
    assert_text_stays_inside(drawing)


def test_it_can_be_read_out() -> None:
    drawing = drawn(Wanted())
    assert drawing.title == "Airflow on AWS: air-prod"
    assert "PostgreSQL 17" in drawing.description
    assert "VPC 10.0.0.0/16" in drawing.description


def test_the_same_templates_give_the_same_bytes_whatever_the_hash_seed_and_order() -> None:
    files = deployed.text(templates())
    program = "import json, sys; from generator.diagram.draw import draw; sys.stdout.write(draw(json.load(sys.stdin)))"

    def output(seed: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", program],
            cwd=CHECKOUT,
            env={"PYTHONHASHSEED": seed},
            input=json.dumps(files),
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert output("1") == output("2") == draw(files)


@pytest.mark.parametrize("environment", sorted(path.name for path in (CHECKOUT / "templates").iterdir()))
def test_what_the_generator_renders_is_drawn(environment: str) -> None:
    files = {path.name: path.read_text() for path in sorted((CHECKOUT / "templates" / environment).glob("*.yml"))}
    drawing = shapes.read(draw(files))
    assert {"Webserver", "Scheduler", "Load balancer"} <= set(drawing.texts)
    assert any("Load balancer to Webserver" in title for title in titles(drawing))
    assert any("Metadata database" in title for title in titles(drawing))
    assert_text_stays_inside(drawing)
    assert_nothing_overlaps(drawing)


def test_text_is_made_to_fit() -> None:
    assert fit("short", 200, 12) == "short"
    assert fit("much too long for this", 60, 12).endswith("…")
    assert width(fit("much too long for this", 60, 12), 12) <= 60
    assert wrap("one two three four five six", 60, 12, most=2)[-1].endswith("…")
    assert all(width(line, 12) <= 60 for line in wrap("one two three four five six", 60, 12, most=3))


def test_unknown_resources_leave_the_drawing_as_it_is() -> None:
    bodies = templates()
    before = draw(deployed.text(bodies))
    bodies["storage.yml"]["Resources"]["New"] = resource("Quantum::Computer", Near=ref("VpcId"))
    assert draw(deployed.text(bodies)) == before
