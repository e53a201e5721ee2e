from __future__ import annotations

import json
import re

from generator.cost import variants
from generator.cost.assumptions import SENTENCES
from generator.cost.report import as_data, compare, report, table
from tests.generator.cost.deployments import REGION, SHIPPED, line, names, only, priced, settings


def test_the_table_has_each_line_the_totals_and_what_they_rest_on() -> None:
    one = priced()
    text = table(one)

    for what in names(one):
        assert f"  {what} " in text
    assert re.search(r"\n  webserver: vCPU +0\.5 +24\.0 +0\.04048 an hour +0\.49\n", text)
    assert re.search(r"\nAll of it, a day +4\.\d\d to 4\.\d\d\n", text)
    assert all(sentence in text for sentence in SENTENCES)
    assert all(source.url in text for source in one.sources.values())


def test_an_incomplete_total_is_never_shown_as_a_plain_number() -> None:
    text = table(priced({"metadataDb": {"instanceType": "db.x99.huge"}}))

    assert re.search(r"  database: db\.x99\.huge +1 +no price +no price\n", text)
    assert re.search(r"\nDatabase and broker +0\.38, incomplete\n", text)
    assert re.search(r"\nAll of it, a day +4\.\d\d to 4\.\d\d, incomplete\n", text)
    assert "INCOMPLETE: no price is known in us-east-1 for rds.x99.huge" in text


def test_where_nothing_has_a_price_no_number_is_shown() -> None:
    text = compare([("Ningxia", priced(region="cn-northwest-1")), ("Virginia", priced())])

    assert re.search(r"\nA day +no price +4\.", text)
    assert re.search(r"\nIn +CNY +\$\n", text)


def test_a_comparison_says_how_much_of_it_is_guessed() -> None:
    text = compare([("Frankfurt", priced(region="eu-central-1")), ("Virginia", priced())])

    assert re.search(r"\nPrices that are estimates +[1-9]\d? of 29 +0 of 29$", text)


def test_a_price_that_is_an_estimate_bears_a_mark() -> None:
    assert "~" not in table(priced())
    assert re.search(r"workers \(Spot\): vCPU .* ~0\.0126", table(priced({"service": {"spot": "workers"}})))


def test_nat_stands_against_endpoints() -> None:
    found = dict(variants.modes(settings(), REGION, SHIPPED))

    assert line(found["private, one NAT"], "NAT gateways").item.many.high == 1
    assert line(found["private, a NAT a zone"], "NAT gateways").item.many.high == 2
    assert line(found["isolated, one zone"], "VPC endpoints").item.many.high == 5
    assert line(found["isolated, each zone"], "VPC endpoints").item.many.high == 10
    for label, one in found.items():
        assert ("webserver: public address" in names(one)) == (label == "public")
        assert ("load balancer: public addresses" in names(one)) == ("isolated" not in label)


def test_the_report_sets_environments_networks_and_regions_side_by_side() -> None:
    every = {name: settings({"environment": name}) for name in ("stage", "prod")}
    text = report(every, "stage", REGION, SHIPPED)

    for label in ("stage", "prod", *variants.MODES, *SHIPPED.regions):
        assert label in text
    assert text.startswith("stage in us-east-1, $ a day\n")


def test_the_same_as_data_is_json() -> None:
    one = priced({"metadataDb": {"instanceType": "db.x99.huge"}})
    data = json.loads(json.dumps(as_data(one)))

    assert data["complete"] is False
    assert len(data["lines"]) == len(one.lines)
    unpriced = next(item for item in data["lines"] if item["key"] == "rds.x99.huge")
    assert unpriced["price"] is unpriced["day"] is None


def test_less_than_half_a_cent_is_not_nothing() -> None:
    text = table(priced(region="somewhere", prices=only(alb_lcu__hour=0.001)))

    assert re.search(r"load balancer: work \(LCU\) .* under 0\.01\n", text)
