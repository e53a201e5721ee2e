"""The step of the image's build that installs docker/requirements.txt: what it says when a line is in the way."""

import pytest
from steps.requirements import Line, contradictions, explanations, main, pins, read, refused

CONSTRAINTS = "# made by Airflow\ntabulate==0.10.0\nflask_login==0.6.3\nbotocore==1.43.98\n"
HELD = pins(CONSTRAINTS) | {"apache-airflow": "3.3.2", "apache-airflow-core": "3.3.2"}
CONFLICT = """Collecting aiobotocore==2.0.0
ERROR: Cannot install -r /opt/airflow/build/requirements.txt (line 2) because of conflicting dependencies.

The conflict is caused by:
    aiobotocore 2.0.0 depends on botocore<1.22.9 and >=1.22.8
    The user requested (constraint) botocore==1.43.98

Additionally, some packages in these conflicts have no matching distributions available for your environment:
    tabulate

ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/
""".splitlines()


def lines(*texts: str) -> list[Line]:
    return list(read("\n".join(texts), "requirements.txt"))


def test_a_line_against_a_constraint_is_named_with_the_constraint() -> None:
    (said,) = contradictions(lines("# mine", "cowsay", "Flask-Login<0.5  # old"), HELD, "3.3.2")
    assert said.startswith("docker/requirements.txt:3: Flask-Login<0.5 contradicts flask-login==0.6.3")


@pytest.mark.parametrize(
    "line", ["tabulate", "tabulate>=0.9", "tabulate==0.10.0", "cowsay==5", 'tabulate<0.1; sys_platform == "plan9"']
)
def test_what_the_constraints_allow_or_do_not_know_is_left_to_pip(line: str) -> None:
    assert not list(contradictions(lines(line), HELD, "3.3.2"))


@pytest.mark.parametrize("line", ["apache-airflow==3.2.0", "apache_airflow[ldap]<3", "apache-airflow-core==3.0.0"])
def test_airflow_itself_is_chosen_elsewhere(line: str) -> None:
    (said,) = contradictions(lines(line), HELD, "3.3.2")
    assert said.startswith("docker/requirements.txt:1: ")
    assert "airflow.version" in said


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("cowsay==6.1 --hash=sha256:00", "write it without --hash"),
        ("    --hash=sha256:00", "write it without --hash"),
        ("-rmore.txt", "-rmore.txt is not in the image"),
        ("--constraint=mine.txt", "--constraint=mine.txt is not in the image"),
    ],
)
def test_what_could_not_be_held_to_the_constraints_is_refused(line: str, told: str) -> None:
    (said,) = refused(f"cowsay\n{line}\n--extra-index-url https://x\n", "requirements.txt")
    assert said.startswith(f"docker/requirements.txt:2: {told}")


def test_extras_of_this_airflow_and_providers_are_no_contradiction() -> None:
    wanted = lines("apache-airflow[ldap]", "apache-airflow==3.3.2", "apache-airflow-providers-snowflake==6.0")
    assert not list(contradictions(wanted, HELD, "3.3.2"))


def test_a_conflict_further_down_is_told_by_the_line_that_brings_it() -> None:
    (said,) = explanations(CONFLICT, lines("tabulate", "aiobotocore==2.0.0"), "3.3.2")
    assert said == (
        "docker/requirements.txt:2: aiobotocore==2.0.0 cannot be installed beside Airflow 3.3.2: "
        "aiobotocore 2.0.0 depends on botocore<1.22.9 and >=1.22.8; The user requested (constraint) botocore==1.43.98"
    )


def test_a_package_that_does_not_exist() -> None:
    said = ["ERROR: No matching distribution found for no-such-thing"]
    (told,) = explanations(said, lines("cowsay", "no_such.thing"), "3.3.2")
    assert told.startswith("docker/requirements.txt:2: no_such.thing cannot be installed")


def test_a_package_that_only_a_compiler_could_install() -> None:
    said = ["  error: subprocess-exited-with-error", "  ERROR: Failed building wheel for pyodbc"]
    (told,) = explanations(said, lines("pyodbc==4.0.1"), "3.3.2")
    assert "Failed building wheel for pyodbc" in told


def test_an_index_out_of_reach_is_not_a_missing_package() -> None:
    said = [
        "WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError(...)': /simple/cowsay/",
        "ERROR: No matching distribution found for cowsay",
    ]
    assert explanations(said, lines("cowsay"), "3.3.2") == [
        "PACKAGE_INDEX (or PyPI) cannot be reached from the build; what pip said is above"
    ]


def test_what_cannot_be_told_apart_keeps_pips_own_reason() -> None:
    (told,) = explanations(["ERROR: Invalid requirement: 'not a req!!': Expected end"], lines("cowsay"), "3.3.2")
    assert "Invalid requirement: 'not a req!!'" in told


def test_a_password_in_the_index_is_refused_before_pip_runs() -> None:
    (said,) = main({"PACKAGE_INDEX": "https://me:s3cret@pypi.example.com/simple"})
    assert said.startswith("PACKAGE_INDEX: ")
    assert "s3cret" not in said
