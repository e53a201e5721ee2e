"""Rules of what the image is built of: each speaks of its key and says what to write."""

from typing import Any

import pytest

from tests.generator.config.rules.shown import Shown, findings, speaks

DIGEST = f"sha256:{'0' * 64}"


def image(**values: Any) -> dict[str, Any]:
    return {"image": values}


SHOWN: list[Shown] = [
    (
        "password-in-url",
        image(packageIndex="https://me:open-sesame@pypi.example.com/simple"),
        "image.packageIndex",
        "for all to read",
    ),
    ("password-in-url", image(debianMirror="https://token@mirrors.example.com"), "image.debianMirror", "before @"),
    ("packages-unencrypted", image(packageIndex="http://pypi.example.com"), "image.packageIndex", "write https://"),
    ("packages-unencrypted", image(debianMirror="http://mirrors.example.com"), "image.debianMirror", "other packages"),
    ("base-unpinned", image(base="localhost:5000/airflow"), "image.base", "localhost:5000/airflow:3.3.2-python3.12"),
    ("base-unpinned", image(base="apache/airflow:latest"), "image.base", " apache/airflow:3.3.2-python3.12"),
    (
        "base-of-another-airflow",
        image(base="apache/airflow:3.2.1-python3.12"),
        "image.base",
        "is of Airflow 3.2.1, and airflow.version is 3.3.2",
    ),
    ("base-of-another-airflow", image(base=f"apache/airflow:3.2.1@{DIGEST}"), "image.base", "make them agree"),
]


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: f"{shown[0]}: {shown[2]}")
def test_a_rule_speaks_of_its_key(shown: Shown) -> None:
    speaks(shown)


def test_no_rule_repeats_a_password() -> None:
    given = image(packageIndex="http://me:open-sesame@pypi.example.com/simple")
    assert not [one for one in findings(given) if "sesame" in one.what]


@pytest.mark.parametrize(
    "base",
    [
        "apache/airflow:3.3.2-python3.11",
        "localhost:5000/airflow:3.3.2",
        "example.com/mine/airflow:release-7",
        f"example.com/airflow@{DIGEST}",
    ],
)
def test_bases_of_this_airflow_are_fine(base: str) -> None:
    assert not [one for one in findings(image(base=base)) if one.path[0] == "image"]
