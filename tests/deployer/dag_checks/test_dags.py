import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deployer.dag_checks import dags
from deployer.dag_checks.dags import DagReport
from deployer.errors import DeployError


def file(name: str, **more: Any) -> dict[str, Any]:
    """What docker/dag_check says of a file with nothing to say."""
    nothing: dict[str, Any] = {
        each: [] for each in ("dags", "errors", "templates", "lookups", "placeholders", "deprecations")
    }
    return {"file": name, "seconds": 0.1, **nothing, **more}


def at(place: str, **more: Any) -> dict[str, Any]:
    name, line = place.split(":")
    return {"file": name, "line": int(line), **more}


def made(place: str, name: str, maker: str = "") -> dict[str, Any]:
    """A DAG."""
    return at(place, id=name, maker=maker or place.split(":", maxsplit=1)[0])


def error(place: str, what: str, kind: str = "import") -> dict[str, Any]:
    return at(place, kind=kind, what=what)


def fold(
    *files: dict[str, Any], plugins: tuple[dict[str, Any], ...] = (), unwalkable: str = "", image_python: str = ""
) -> DagReport:
    said = {"airflow": "3.3.2", "python": "3.11.7", "limit": 30.0, "seconds": 3.4}
    return dags.fold(said | {"plugins": plugins, "unwalkable": unwalkable, "files": files}, image_python)


def lines(report: DagReport) -> list[str]:
    return [str(one) for one in report.findings]


def test_dags_that_are_in_order_pass_and_are_counted() -> None:
    two = [made("dags/a.py:3", "a"), made("dags/a.py:9", "b")]
    report = fold(file("dags/a.py", dags=two), file("dags/b.py"))
    assert report.passed
    assert report.summary == "2 files, 2 DAGs, 3.4 s with Airflow 3.3.2; errors: 0, warnings: 0, notes: 0"


def test_an_error_is_told_by_file_and_line_and_fails_the_check() -> None:
    report = fold(file("dags/a.py", errors=[error("dags/a.py:12", "SyntaxError: '(' was never closed")]))
    assert lines(report) == ["dags/a.py:12: error: SyntaxError: '(' was never closed"]
    assert not report.passed


def test_what_many_files_import_is_told_once() -> None:
    wrong = [error("dags/common/x.py:2", "NameError: no")]
    report = fold(*(file(f"dags/{name}.py", errors=wrong) for name in "abc"))
    assert lines(report) == ["dags/common/x.py:2: error: NameError: no (imported by dags/a.py and 2 more)"]


@pytest.mark.parametrize(
    ("module", "hint"),
    [("pandas", "docker/requirements.txt"), ("airflow.providers.slack", "apache-airflow-providers-")],
)
def test_a_missing_package_is_told_where_to_name(module: str, hint: str) -> None:
    [said] = lines(
        fold(file("dags/a.py", errors=[error("dags/a.py:1", f"ModuleNotFoundError: No module named '{module}'")]))
    )
    assert hint in said


def test_an_id_used_twice_is_an_error_at_both_places() -> None:
    report = fold(
        file("dags/a.py", dags=[made("dags/a.py:3", "same")]),
        file("dags/b.py", dags=[made("dags/b.py:5", "same"), made("dags/b.py:9", "other")]),
    )
    assert lines(report) == [
        "dags/a.py:3: error: DAG 'same' is also made at dags/b.py:5",
        "dags/b.py:5: error: DAG 'same' is also made at dags/a.py:3",
    ]


def test_one_file_that_uses_an_id_twice_is_told_too() -> None:
    twice = [made("dags/a.py:3", "same"), made("dags/a.py:7", "same")]
    assert [one.line for one in fold(file("dags/a.py", dags=twice)).at("error")] == [3, 7]


def test_a_line_that_uses_an_id_twice_is_told_once() -> None:
    [said] = lines(fold(file("dags/a.py", dags=[made("dags/a.py:3", "same")] * 2)))
    assert said == "dags/a.py:3: error: DAG 'same' is made more than once here"


def test_dags_imported_from_another_dag_file_are_one_error_with_the_cure() -> None:
    names = ("x", "y")
    report = fold(
        file("dags/a.py", dags=[made("dags/a.py:3", name) for name in names]),
        file("dags/b.py", dags=[made("dags/b.py:1", name, "dags/a.py") for name in names]),
    )
    [said] = lines(report)
    assert said.startswith("dags/b.py:1: error: it has DAGs of dags/a.py")
    assert "third file" in said


@pytest.mark.parametrize("kind", ["lookup", "aws", "folder", "library"])
def test_what_only_the_deployment_knows_stops_nobody(kind: str) -> None:
    looked_up = [at("dags/a.py:4", what="Variable 'x'")]
    report = fold(file("dags/a.py", errors=[error("dags/a.py:4", "not found", kind)], lookups=looked_up))
    assert report.passed
    assert [(one.line, one.level) for one in report.findings] == [(4, "warning")]


def test_an_error_after_a_default_names_the_variable_to_give() -> None:
    looked_up = [at("dags/a.py:4", what="Variable 'cfg'")]
    wrong = [error("dags/a.py:5", "AttributeError: 'NoneType' object has no attribute 'split'")]
    said = lines(fold(file("dags/a.py", errors=wrong, lookups=looked_up)))[1]
    assert "error: AttributeError" in said
    assert said.endswith("Variable 'cfg' had its default here, give AIRFLOW_VAR_CFG")


def test_an_error_after_reading_a_secret_says_that_it_is_none_here() -> None:
    wrong = [error("dags/a.py:5", "JSONDecodeError: Expecting value")]
    [said] = lines(fold(file("dags/a.py", errors=wrong, placeholders=[at("dags/a.py:4", what="DB_SECRET")])))
    assert "DB_SECRET is 'placeholder' here: give its value to the check in the shell" in said


@pytest.mark.parametrize(
    ("image_python", "what", "level"),
    [
        ("3.12", "SyntaxError: invalid syntax", "warning"),
        ("3.12", "SyntaxError: f-string: unmatched '['", "warning"),
        ("3.12", "SyntaxError: '(' was never closed", "error"),  # in every version
        ("3.12", "IndentationError: unexpected indent", "error"),
        ("3.11", "SyntaxError: invalid syntax", "error"),
        ("3.10", "SyntaxError: invalid syntax", "error"),
        ("", "SyntaxError: invalid syntax", "error"),
    ],
)
def test_syntax_that_the_images_newer_python_may_read_stops_nobody(image_python: str, what: str, level: str) -> None:
    [said] = fold(file("dags/a.py", errors=[error("dags/a.py:5", what)]), image_python=image_python).findings
    assert said.level == level
    assert ("this is Python 3.11.7, the image's is 3.12" in said.what) is (level == "warning")


def test_a_folder_that_cannot_be_gone_through_is_an_error_of_it() -> None:
    [said] = lines(fold(unwalkable="RuntimeError: Detected recursive loop"))
    assert said == "dags:1: error: the folder cannot be gone through: RuntimeError: Detected recursive loop"


def test_without_the_users_requirements_a_missing_package_stops_nobody() -> None:
    missing = error("dags/a.py:1", "ModuleNotFoundError: No module named 'pandas'")
    report = fold(file("dags/a.py", errors=[missing, error("dags/a.py:2", "NameError: no")]))
    found = dags.without_requirements(report, "docker/requirements.txt does not fit")
    assert [(one.file, one.line, one.level) for one in found.findings] == [
        ("dags/a.py", 1, "warning"),
        ("dags/a.py", 2, "error"),
        ("docker/requirements.txt", 1, "warning"),
    ]
    assert "does not fit" in found.findings[-1].what


def test_a_template_that_is_not_found_is_a_warning() -> None:
    report = fold(file("dags/a.py", templates=[at("dags/a.py:3", what="no_such.sh not found")]))
    assert lines(report) == ["dags/a.py:3: warning: no_such.sh not found"]


def test_what_is_looked_up_at_every_parse_is_noted() -> None:
    report = fold(file("dags/a.py", lookups=[at("dags/a.py:4", what="Variable 'x'")]))
    assert report.passed
    assert lines(report)[0].startswith("dags/a.py:4: note: Variable 'x' is looked up at every parse")


@pytest.mark.parametrize(("seconds", "level"), [(9.9, None), (10.1, "warning")])
def test_an_import_that_takes_a_third_of_what_is_allowed_is_a_warning(seconds: float, level: str | None) -> None:
    assert [one.level for one in fold(file("dags/a.py", seconds=seconds)).findings] == [level] * bool(level)


def test_one_that_took_too_long_is_an_error_and_nothing_else() -> None:
    late = file("dags/a.py", seconds=30.0, errors=[error("dags/a.py:7", "not imported after 30 s", "time")])
    assert [(one.line, one.level) for one in fold(late).findings] == [(7, "error")]


def test_a_file_that_ended_python_is_an_error() -> None:
    gone = file("dags/a.py", seconds=None, errors=[error("dags/a.py:7", "crashed Python (SIGSEGV)", "end")])
    assert lines(fold(gone)) == ["dags/a.py:7: error: its import crashed Python (SIGSEGV)"]


def test_a_plugin_that_does_not_load_is_an_error() -> None:
    assert lines(fold(file("dags/a.py"), plugins=(at("plugins/p.py:3", what="ValueError"),))) == [
        "plugins/p.py:3: error: plugin: ValueError"
    ]


def test_no_dag_files_at_all_is_a_warning() -> None:
    assert [one.level for one in fold().findings] == ["warning"]


def test_the_report_is_data_too() -> None:
    report = fold(file("dags/a.py", errors=[error("dags/a.py:12", "no")]))
    data = json.loads(json.dumps(report.as_data()))
    assert data["passed"] is False
    assert data["findings"][0] == {"file": "dags/a.py", "line": 12, "level": "error", "what": "no"}


def environment(variables: dict[str, str], shell: dict[str, str]) -> dict[str, str]:
    return dags.environment(Path("/checkout"), Path("/home"), variables, shell)


def test_the_code_of_dags_is_kept_from_the_account() -> None:
    shell = {"AWS_ACCESS_KEY_ID": "x", "AWS_PROFILE": "x", "GITHUB_TOKEN": "x", "PATH": "/bin", "https_proxy": "p"}
    assert environment({}, shell).keys() & shell.keys() == {"PATH", "https_proxy"}


def test_the_code_of_dags_does_not_find_who_is_signed_in_either(tmp_path: Path) -> None:
    """With botocore as it is, in a process that has the check's variables."""
    (tmp_path / ".aws").mkdir()
    keys = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = example\n"
    for name in ("credentials", "config"):
        (tmp_path / ".aws" / name).write_text(f"[default]\n{keys}")
    (tmp_path / ".boto").write_text(f"[Credentials]\n{keys}")
    home = tmp_path / "airflow"
    home.mkdir()
    given = {"AWS_CONFIG_FILE": str(tmp_path / ".aws" / "config")}
    variables = dags.environment(tmp_path, home, given, {"HOME": str(tmp_path), "PATH": os.environ["PATH"]})
    ask = "from botocore.session import Session; print(Session().get_credentials())"
    done = subprocess.run([sys.executable, "-c", ask], env=variables, capture_output=True, text=True, check=True)
    assert done.stdout == "None\n"
    files = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "BOTO_CONFIG")
    assert {variables[name] for name in files} == {os.devnull}, "also for who sets HOME himself"
    assert variables["HOME"] == str(home)


def test_it_has_the_settings_variables_but_those_that_ask_elsewhere() -> None:
    given = {
        "MINE": "1",
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "5",
        "AIRFLOW__SECRETS__BACKEND": "of.aws",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "x",
        "AIRFLOW__CORE__DAGS_FOLDER": "/elsewhere",
    }
    has = environment(given, {})
    assert {has["MINE"], has["AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT"]} == {"1", "5"}
    assert not {"AIRFLOW__SECRETS__BACKEND", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"} & has.keys()
    assert has["AIRFLOW__CORE__DAGS_FOLDER"] == "/checkout/dags"


def test_the_shells_own_airflow_variables_win() -> None:
    has = environment({"AIRFLOW_VAR_X": "settings"}, {"AIRFLOW_VAR_X": "shell", "AIRFLOW_CONN_Y": "http://y"})
    assert (has["AIRFLOW_VAR_X"], has["AIRFLOW_CONN_Y"]) == ("shell", "http://y")


def program(folder: Path, lines: str) -> Path:
    """A stand-in of Airflow's python."""
    file = folder / "python"
    file.write_text(f"#!/bin/sh\n{lines}\n")
    file.chmod(0o755)
    return file


def test_the_check_asks_airflows_python_in_a_home_that_has_the_users_folders(tmp_path: Path) -> None:
    known = {"airflow": "3.3.2", "python": "3.12.1", "limit": 30, "seconds": 1, "unwalkable": "", "plugins": []}
    said = json.dumps(known | {"files": [file("dags/a.py")]})
    (tmp_path / "dags").mkdir()
    saved = tmp_path / "asked"
    look = f'cat > {saved}; echo "$@" "$PWD" >> {saved}; ls -d "$AIRFLOW_HOME"/dags/ >> {saved} || exit 1'
    told: list[str] = []
    variables = {"TOKEN": "placeholder", "TEAM": "data"}
    report = dags.check(tmp_path, variables, program(tmp_path, f"{look}; echo '{said}'"), told.append)
    assert report.files == 1
    asked = saved.read_text()
    request = json.JSONDecoder().raw_decode(asked)[0]
    assert (request["root"], request["placeholders"]) == (str(tmp_path), ["TOKEN"])
    assert f"-P -m dag_check check {tmp_path}" in asked
    assert told == ["checking the DAGs"]
    assert not Path(asked.splitlines()[-1]).exists()  # the home is gone


def test_an_airflow_that_does_not_start_is_one_line(tmp_path: Path) -> None:
    broken = program(tmp_path, "echo 'Traceback' >&2; echo 'ValueError: bad option' >&2; exit 1")
    with pytest.raises(DeployError, match=r"^Airflow does not start \(status 1\): ValueError: bad option; see") as told:
        dags.check(tmp_path, {}, broken, lambda _: None)
    assert "\n" not in str(told.value)
