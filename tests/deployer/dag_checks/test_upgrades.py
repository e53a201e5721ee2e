from typing import Any

import pytest

from deployer.dag_checks import upgrades
from deployer.dag_checks.dags import DagReport, Finding
from deployer.errors import WrongUse

RELEASED = dict.fromkeys(("2.11.0", "3.2.1", "3.2.2", "3.3.0rc1", "3.3.0", "3.3.1", "3.3.2", "3.4.0b1", "3.4.0b2"), "")


def migrations(*revisions: str) -> list[dict[str, Any]]:
    """Migrations one after the other."""
    before = [[], *([each] for each in revisions[:-1])]
    return [
        {"revision": one, "after": last, "title": f"Do {one}."} for one, last in zip(revisions, before, strict=True)
    ]


def facts(airflow: str = "3.3.2", **more: Any) -> dict[str, Any]:
    tables = {"alembic_version": migrations("a", "b"), "alembic_version_fab": migrations("f")}
    return {"airflow": airflow, "migrations": tables, "providers": {}, "options": {}, **more}


def dags(*findings: Finding, deprecations: tuple[Finding, ...] = ()) -> DagReport:
    return DagReport("3.3.2", 3, 3, 1.0, findings, deprecations)


def compared(other: dict[str, Any], present: dict[str, Any] | None = None, **more: Any) -> upgrades.Upgrade:
    given = {"dags": (dags(), dags()), "options": {}, "refused": "", **more}
    return upgrades.compare(present or facts(), other, **given)


def lines(upgrade: upgrades.Upgrade, where: str) -> list[str]:
    return [str(one) for one in upgrade.lines if one.where.startswith(where)]


def test_the_same_database_needs_no_migration() -> None:
    upgrade = compared(facts("3.3.3"))
    assert lines(upgrade, "database") == ["database: note: no migration is needed"]
    assert upgrade.summary == "Airflow 3.3.2 -> 3.3.3: nothing stands against it"


def test_migrations_are_counted_named_and_no_obstacle() -> None:
    tables = {"alembic_version": migrations("a", "b", "c", "d"), "alembic_version_fab": migrations("f", "g")}
    upgrade = compared(facts("3.4.0", migrations=tables))
    said = lines(upgrade, "database")
    assert [one.split(": ")[2:] for one in said[:3]] == [[f"migration {one}", f"Do {one}."] for one in "cdg"]
    assert said[3].startswith("database: warning: 3 migrations")
    assert not upgrade.stands_against


def test_a_version_behind_the_database_is_refused() -> None:
    tables = {"alembic_version": migrations("a"), "alembic_version_fab": migrations("f")}
    upgrade = compared(facts("3.2.2", migrations=tables))
    assert "it is past 3.2.2, which does not know Airflow's revision b; the way back is a snapshot" in str(
        upgrade.stands_against[0]
    )
    assert upgrade.summary == "Airflow 3.3.2 -> 3.2.2: 1 against it"


@pytest.mark.parametrize(
    ("verdict", "level"), [("unknown", "error"), ("renamed", "warning"), ("deprecated", "warning")]
)
def test_an_option_that_it_sees_otherwise_is_told_where_it_is_set(verdict: str, level: str) -> None:
    other = facts(options={"core.x": {"is": verdict, "words": "[api] y"}, "core.same": {}})
    upgrade = compared(other, facts(options={"core.x": {}, "core.same": {}}), options={"core.x": "service.yml:7:5"})
    [said] = lines(upgrade, "service.yml")
    assert said.startswith(f"service.yml:7:5: {level}: core.x ")
    assert "[api] y" in said
    assert bool(upgrade.stands_against) is (level == "error")


def test_an_option_that_was_as_bad_before_is_no_news() -> None:
    same = {"core.x": {"is": "unknown", "words": ""}}
    assert not compared(facts(options=same), facts(options=same), options={"core.x": "service.yml:7:5"}).stands_against


def test_of_the_dags_only_what_is_new_is_told() -> None:
    old, new = Finding("dags/a.py", 1, "error", "old"), Finding("dags/b.py", 2, "error", "new")
    warned, deprecated = Finding("dags/c.py", 3, "warning", "slow"), Finding("dags/a.py", 9, "note", "deprecated")
    upgrade = compared(facts(), dags=(dags(old), dags(old, new, warned, deprecations=(deprecated,))))
    assert lines(upgrade, "dags/") == ["dags/b.py:2: error: new", "dags/a.py:9: note: deprecated"]
    assert "deprecation warnings: 0 -> 1" in str(next(one for one in upgrade.lines if one.where == "dags"))


def test_a_version_whose_check_of_the_dags_fails_has_that_against_it() -> None:
    upgrade = compared(facts(), dags=(dags(), "Airflow does not start (status 1): ImportError"))
    [said] = upgrade.stands_against
    assert str(said).endswith("could not be checked with it: Airflow does not start (status 1): ImportError")
    assert upgrade.as_data()["passed"] is False


def test_requirements_that_do_not_fit_stand_against_it() -> None:
    [said] = compared(facts(), refused="Because you require celery<5").stands_against
    assert str(said) == "docker/requirements.txt: error: cannot be installed beside it: Because you require celery<5"


def test_providers_that_change_are_one_line() -> None:
    present = facts(providers={"apache-airflow-providers-amazon": "9.1", "apache-airflow-providers-http": "5.0"})
    other = facts(providers={"apache-airflow-providers-amazon": "9.2", "apache-airflow-providers-http": "5.0"})
    assert lines(compared(other, present), "providers") == ["providers: note: amazon 9.1 -> 9.2"]


@pytest.mark.parametrize("version", ["2.11.0", "3.4", "latest", "3.4.0; rm"])
def test_what_is_no_version_of_airflow_3_is_wrong_use(version: str) -> None:
    with pytest.raises(WrongUse, match="is no version of Airflow 3"):
        upgrades.require_known(version, RELEASED)


def test_a_version_that_does_not_exist_is_told_with_the_nearest() -> None:
    with pytest.raises(WrongUse, match=r"^there is no Airflow 3\.3\.9; the nearest are 3\.3\.0, 3\.3\.1, 3\.3\.2$"):
        upgrades.require_known("3.3.9", RELEASED)
    assert upgrades.nearest("3.2.9", RELEASED) == ["3.2.1", "3.2.2", "3.3.0"]
    assert upgrades.nearest("3.4.0b9", RELEASED)[-1] == "3.4.0b2"


@pytest.mark.parametrize(("version", "released"), [("3.4.0b2", RELEASED), ("3.9.9", {})])
def test_a_version_that_exists_or_nobody_knows_of_is_tried(version: str, released: dict[str, str]) -> None:
    upgrades.require_known(version, released)
