"""Five questions become a service.yml that loads, and answers that will not do are told by its own rules."""

from itertools import product
from pathlib import Path

import pytest

from generator.config.environments import judged, load_with_findings, overlay
from generator.config.findings import Level
from generator.config.source import parse
from generator.config.starting import ENVIRONMENTS, QUESTIONS, SIZES, problem, starting_file

SHIPPED = Path(__file__).parents[3] / "service.yml"
ASKED = {question.name: question for question in QUESTIONS}


def test_there_are_five_questions_and_their_defaults_will_do() -> None:
    assert list(ASKED) == ["name", "owner", "region", "address", "size"]
    assert [problem(question, question.default) for question in QUESTIONS] == [None] * 5


def test_the_shipped_file_is_what_the_defaults_begin_with() -> None:
    assert SHIPPED.read_text() == starting_file({}), "it is written by generator.config.starting"


def test_it_is_a_page() -> None:
    lines = starting_file({}).splitlines()
    assert len(lines) <= 50
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_shipped_environments_have_no_warning_but_that_nobody_may_enter(environment: str) -> None:
    _, findings = load_with_findings(SHIPPED, environment)
    warned = [one.name for one in findings if one.level is Level.WARNING]
    assert warned == ([] if environment == "local" else ["nobody-may-enter"])


@pytest.mark.parametrize(("size", "environment"), list(product(SIZES, ENVIRONMENTS)))
def test_answers_become_settings(size: str, environment: str) -> None:
    answers = {"name": "flow", "owner": "yes: we", "region": "eu-central-1", "address": "203.0.113.7", "size": size}
    settings, findings = judged(overlay(parse(starting_file(answers), "service.yml"), environment))
    assert (settings.service_name, settings.owner, settings.region) == ("flow", "yes: we", "eu-central-1")
    assert settings.whitelisted_ips == (["127.0.0.1/32"] if environment == "local" else ["203.0.113.7/32"])
    assert {one.name for one in findings if one.level is Level.WARNING} <= {"no-https"}


def test_a_network_may_be_given_as_the_address() -> None:
    text = starting_file({"address": "10.0.0.0/8"})
    assert "whitelistedIPs: [10.0.0.0/8]" in text


@pytest.mark.parametrize(
    ("name", "answer", "expected"),
    [
        ("name", "Air Flow", "'Air Flow' will not do; write lower-case letters, digits and single hyphens"),
        ("name", "", "'' will not do; write lower-case"),
        ("name", "a: b", "'a: b' will not do"),
        ("owner", "R&D", "'R&D' will not do; write letters, digits, spaces and"),
        ("region", "us-east1", "'us-east1' will not do; write it like eu-central-1"),
        ("address", "300.1.1.1", "'300.1.1.1/32' is not an IPv4 network"),
        (
            "address",
            "10.0.0.1/8",
            "'10.0.0.1/8' is not an IPv4 network: 10.0.0.1/8 has host bits set; write it like 10.0",
        ),
        ("address", "me]", "'me]/32' is not an IPv4 network"),
        ("size", "huge", "write small, medium, large"),
    ],
)
def test_an_answer_that_will_not_do_is_told(name: str, answer: str, expected: str) -> None:
    assert (problem(ASKED[name], answer) or "").startswith(expected)
