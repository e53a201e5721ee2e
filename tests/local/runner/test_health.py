import pytest

from local.runner.definitions import HealthCheck
from local.runner.health import EAGER, Health, Status, arguments, observed, pause

CHECK = HealthCheck(("CMD", "true"), interval=30, timeout=5, retries=3, start_period=100)


def after(check: HealthCheck, *checks: tuple[float, bool]) -> Health:
    health = Health()
    for at, passed in checks:
        health = observed(health, check, passed=passed, at=at)
    return health


def test_one_pass_is_healthy() -> None:
    assert after(CHECK, (2, False), (4, True)) == Health(Status.HEALTHY)


def test_failures_within_the_start_period_do_not_count() -> None:
    assert after(CHECK, *((at, False) for at in range(2, 100, 2))) == Health(Status.UNKNOWN)


def test_eager_checks_are_no_less_patient_than_ecs() -> None:
    eager = [(float(at), False) for at in range(2, 162, 2)]
    assert after(CHECK, *eager[:-1]).status is Status.UNKNOWN
    assert after(CHECK, *eager) == Health(Status.UNHEALTHY, failures=3, counted_at=160)


def test_without_a_start_period_the_first_failure_counts_after_an_interval() -> None:
    check = HealthCheck(("CMD", "true"), interval=30, retries=1)
    assert after(check, (28, False)).status is Status.UNKNOWN
    assert after(check, (30, False)).status is Status.UNHEALTHY


def test_once_healthy_every_failure_counts_even_within_the_start_period() -> None:
    assert after(CHECK, (2, True), (32, False), (62, False)).status is Status.HEALTHY
    assert after(CHECK, (2, True), (32, False), (62, False), (92, False)).status is Status.UNHEALTHY


def test_a_pass_forgives_the_failures_before() -> None:
    assert after(CHECK, (2, True), (32, False), (62, False), (92, True), (122, False)).status is Status.HEALTHY


@pytest.mark.parametrize(("status", "seconds"), [(Status.UNKNOWN, EAGER), (Status.HEALTHY, 30)])
def test_checks_are_eager_until_the_first_pass(status: Status, seconds: float) -> None:
    assert pause(Health(status), CHECK) == seconds


def test_commands() -> None:
    assert list(arguments(HealthCheck(("CMD", "python", "-m", "x")))) == ["python", "-m", "x"]
    assert list(arguments(HealthCheck(("CMD-SHELL", "curl -f $URL || exit 1")))) == [
        "/bin/sh",
        "-c",
        "curl -f $URL || exit 1",
    ]
