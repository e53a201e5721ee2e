"""The picture of the live tree in the README is the one that the tree is drawn like."""

from __future__ import annotations

import re
import xml.etree.ElementTree as Xml

from benchmarks import picture
from deployer.checkout import CHECKOUT

FILE = CHECKOUT / "docs" / "images" / "deploy.svg"


def test_the_picture_is_up_to_date() -> None:
    assert FILE.read_text("utf-8") == picture.svg(), "make docs/images/deploy.svg"


def test_it_shows_a_deploy_midway_and_fetches_nothing() -> None:
    drawn = FILE.read_text("utf-8")
    texts = " ".join("".join(Xml.fromstring(drawn).itertext()).replace("\xa0", " ").split())  # noqa: S314 - our own

    assert "airflow-dev creating" in texts
    assert "MetadataDatabase creating" in texts
    assert "usually 10 min" in texts
    assert not re.search(r"(?:href|src|url)\W{1,3}https?:", drawn)
