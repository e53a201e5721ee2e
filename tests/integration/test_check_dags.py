"""The check of DAGs with a real Airflow: a file for every kind of mistake, told by the line it is in."""

import json
import re
import zipfile
from pathlib import Path

import pytest

from deployer.dag_checks import dags
from deployer.dag_checks.dags import DagReport
from deployer.verbs.dags import difference
from generator.config.environments import load
from local import airflow_versions, venvs
from local.airflow_versions import Other
from local.layout import Layout
from tests.integration.commands import make

LIMITS = {
    "DB_SECRET": dags.PLACEHOLDER,
    "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "4.5",
    "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "7",
}
WITH_TASKS = """from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Asset, Connection, Param, Variable, dag, task
"""
FILES = {
    "good.py": WITH_TASKS
    + """
@dag(schedule=[Asset("a")], params={"x": Param(1)})
def good():
    @task
    def one(): ...

    one() >> EmptyOperator(task_id="two")

good()
""",
    "common/names.py": "import json\nNAMES = json.loads('{')\n",
    "common/missing.py": "\nimport no_such_module\n",
    "not_one.py": "raise SystemExit('nobody imports this: it has not both of the words that Airflow looks for')\n",
    "ignored/bad_dag.py": "import airflow, no_such_module\n",
    ".airflowignore": "ignored/\n",
    "syntax.py": "from airflow.sdk import DAG\n\nx = (\n",
    "helper_1.py": "from airflow.sdk import DAG\nfrom common import names\n",
    "helper_2.py": "from airflow.sdk import DAG\nfrom common import names\n",
    "missing.py": "from airflow.sdk import DAG\nimport common.missing\n",
    "provider.py": "from airflow.sdk import DAG\nfrom airflow.providers.nobody import Thing\n",
    "cycle.py": WITH_TASKS
    + """
with DAG("has_cycle"):
    a, b, c = (EmptyOperator(task_id=name) for name in "abc")
    a >> b >> c >> b
""",
    "twice_1.py": "from airflow.sdk import DAG\n\nd = DAG('twice')\n",
    "twice_2.py": "from airflow.sdk import DAG\nd = DAG('twice')\n",
    "twice_here.py": WITH_TASKS
    + """
with DAG("twice_here", schedule="@daily"):
    EmptyOperator(task_id="a")
with DAG("twice_here", schedule="@daily"):
    EmptyOperator(task_id="a")
same = DAG("once")
also = same
""",
    "imports.py": "from airflow.sdk import DAG\nfrom imported import one, two\n",
    "imported.py": "from airflow.sdk import DAG\none, two = DAG('one'), DAG('two')\n",
    "unserializable.py": """from airflow.sdk import DAG
from airflow.timetables.base import Timetable

class Mine(Timetable): ...

d = DAG("unserializable", schedule=Mine())
""",
    "variable.py": WITH_TASKS + "\nNAME = Variable.get('name')\n",
    "connection.py": WITH_TASKS + "\nCONNECTION = Connection.get('warehouse')\n",
    "given.py": WITH_TASKS + "\nassert Variable.get('given') == 'by the shell'\n",
    "default.py": WITH_TASKS + "\nassert Variable.get('unset', default='mine') == 'mine'\n",
    "aws.py": "from airflow.sdk import DAG\nimport boto3\n\nboto3.client('s3').list_buckets()\n",
    "secret.py": "from airflow.sdk import DAG\nimport os\nassert 'AWS_ACCESS_KEY_ID' not in os.environ\n",
    "signed_in.py": "from airflow.sdk import DAG\nimport boto3\nassert boto3.Session().get_credentials() is None\n",
    "database.py": """from airflow.sdk import DAG
from airflow.utils.session import create_session
with create_session() as session: ...
""",
    "placeholder.py": "from airflow.sdk import DAG\nimport os, json\njson.loads(os.environ.get('DB_SECRET'))\n",
    "had_default.py": WITH_TASKS + "\nVariable.get('cfg', default=None).split()\n",
    "no_variable.py": "from airflow.sdk import DAG\nimport os\nos.environ['TEAM']\n",
    "in_image.py": "from airflow.sdk import DAG\n\nopen('/opt/airflow/dags/sql/q.sql')\n",
    "sibling.py": "from airflow.sdk import DAG\nimport names\n",
    "template.py": """from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG
with DAG("template"):
    BashOperator(task_id="a", bash_command="no_such.sh")
""",
    "waits.py": "from airflow.sdk import DAG\nimport time\n\ntime.sleep(60)\n",
    "slow.py": "from airflow.sdk import DAG\nimport time\n\ntime.sleep(2.5)\n",
    "hangs.py": """from airflow.sdk import DAG
import time
while True:
    try:
        time.sleep(60)
    except BaseException: ...
""",
    "crashes.py": "from airflow.sdk import DAG\nimport ctypes\nctypes.string_at(0)\n",
    "leaves.py": "from airflow.sdk import DAG\nimport os\nos._exit(0)\n",
    "exits.py": "from airflow.sdk import DAG\nimport sys\n\nsys.exit('no')\n",
    "asks.py": "from airflow.sdk import DAG\ninput('is anybody there?')\n",
    "prints.py": "from airflow.sdk import DAG\nprint('{\"a\": 1}')\n",
}


@pytest.fixture(scope="module")
def python(clone: Path) -> Path:
    make(clone, ".venv/ready")
    return venvs.airflow(Layout(clone), lambda _: None)


@pytest.fixture(scope="module")
def report(clone: Path, python: Path, tmp_path_factory: pytest.TempPathFactory) -> DagReport:
    checkout = tmp_path_factory.mktemp("checkout")
    for name, text in FILES.items():
        file = checkout / "dags" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    with zipfile.ZipFile(checkout / "dags" / "packed.zip", "w") as packed:
        packed.writestr("inside.py", "from airflow.sdk import DAG\n\n\nd = DAG('inside')\nraise ValueError('no')\n")
    (checkout / "plugins").mkdir()
    (checkout / "plugins" / "plugin.py").write_text("\n\nraise ValueError('no plugin')\n")
    (checkout / "docker").symlink_to(clone / "docker")
    signed_in = tmp_path_factory.mktemp("home") / ".aws"
    signed_in.mkdir()
    keys = "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = not-to-be-used\n"
    (signed_in / "credentials").write_text(keys)
    with pytest.MonkeyPatch.context() as shell:
        shell.setenv("AIRFLOW_VAR_GIVEN", "by the shell")
        shell.setenv("AWS_ACCESS_KEY_ID", "not-to-be-used")
        shell.setenv("HOME", str(signed_in.parent))
        found = dags.check(checkout, LIMITS, python, lambda _: None)
    assert not list(checkout.rglob("__pycache__")), "it leaves the user's folders as they are"
    return found


TOLD = {
    "syntax.py": (["dags/syntax.py:3"], "error", r"SyntaxError: '\(' was never closed"),
    "a helper's fault": (["dags/common/names.py:2"], "error", r"JSONDecodeError: .*helper_1\.py and 1 more"),
    "missing.py": (["dags/common/missing.py:2"], "error", "'no_such_module'; a package for it belongs in docker/req"),
    "provider.py": (["dags/provider.py:2"], "error", "name its package"),
    "cycle.py": (["dags/cycle.py:4"], "error", "DAG 'has_cycle' has a cycle: b >> c >> b"),
    "twice": (["dags/twice_1.py:3", "dags/twice_2.py:2"], "error", "DAG 'twice' is also made at dags/twice_"),
    "twice_here.py": (["dags/twice_here.py:4", "dags/twice_here.py:6"], "error", "also made at dags/twice_here.py"),
    "imports.py": (["dags/imports.py:2"], "error", r"DAGs of dags/imported\.py.* third file"),
    "database.py": (["dags/database.py:3"], "error", "(?i)database access|metadatabase|not allowed"),
    "placeholder.py": (["dags/placeholder.py:3"], "error", "JSONDecodeError: .*DB_SECRET is 'placeholder' here"),
    "had_default.py": (["dags/had_default.py:4"], "error", "Variable 'cfg' had its default here, give AIRFLOW_VAR_CFG"),
    "no_variable.py": (["dags/no_variable.py:3"], "error", r"KeyError: 'TEAM'.*airflow\.variables"),
    "in_image.py": (["dags/in_image.py:3"], "warning", "no /opt/airflow here .*__file__"),
    "sibling.py": (["dags/sibling.py:2"], "error", r"imports begin at dags/ .* dags/common/names\.py$"),
    "template.py": (["dags/template.py:3"], "warning", r"'bash_command'.*no_such\.sh"),
    "unserializable.py": (["dags/unserializable.py:6"], "error", "cannot be serialized: .*Timetable"),
    "variable.py": (["dags/variable.py:4"], "warning", "not checked: .*Variable name not found"),
    "connection.py": (["dags/connection.py:4"], "warning", "not checked: .*`warehouse` isn't defined"),
    "default.py": (["dags/default.py:4"], "note", "Variable 'unset' is looked up at every parse"),
    "aws.py": (["dags/aws.py:4"], "warning", "not checked: the import asks AWS"),
    "waits.py": (["dags/waits.py:4"], "error", r"not imported after 4\.5 s"),
    "slow.py": (["dags/slow.py:1"], "warning", r"its import took \d\.\d s; Airflow gives up after 4\.5 s"),
    "hangs.py": (["dags/hangs.py:5"], "error", "its import did not end within 7 s"),
    "crashes.py": (["dags/crashes.py:3"], "error", r"its import crashed Python \(SIGSEGV\)"),
    "leaves.py": (["dags/leaves.py:1"], "error", "its import ended Python itself"),
    "exits.py": (["dags/exits.py:4"], "error", "SystemExit: no"),
    "asks.py": (["dags/asks.py:2"], "error", "EOFError"),
    "packed.zip": (["dags/packed.zip/inside.py:5"], "error", "ValueError: no"),
    "plugins": (["plugins/plugin.py:3"], "error", "plugin: ValueError: no plugin"),
}


@pytest.mark.parametrize("mistake", TOLD)
def test_a_mistake_is_told_by_file_and_line(report: DagReport, mistake: str) -> None:
    places, level, what = TOLD[mistake]
    said = [one for one in report.findings if f"{one.file}:{one.line}" in places]
    assert [f"{one.file}:{one.line}" for one in said] == places
    assert {one.level for one in said} == {level}
    assert all(re.search(what, one.what) for one in said), [one.what for one in said]


def test_nothing_else_is_told(report: DagReport) -> None:
    expected = {place for places, _, _ in TOLD.values() for place in places}
    assert {f"{one.file}:{one.line}" for one in report.findings} <= expected
    assert not report.passed


def test_a_plugin_that_ends_python_and_a_folder_without_end_are_told(clone: Path, python: Path, tmp_path: Path) -> None:
    for name in ("dags", "plugins"):
        (tmp_path / name).mkdir()
    (tmp_path / "dags" / "again").symlink_to(tmp_path / "dags")
    (tmp_path / "plugins" / "leaves.py").write_text("\nimport sys\nsys.exit(3)\n")
    (tmp_path / "docker").symlink_to(clone / "docker")
    found = dags.check(tmp_path, {}, python, lambda _: None)
    folder, plugin = map(str, found.findings)
    assert folder.startswith("dags:1: error: the folder cannot be gone through: ")
    assert plugin == "plugins/leaves.py:3: error: plugin: raised SystemExit: 3"


def test_the_samples_pass(clone: Path, python: Path) -> None:
    done = make(clone, "airflow-check-dags")
    assert done.stdout == ""
    assert re.search(r"\d files, \d DAGs, [\d.]+ s with Airflow [\d.]+; errors: 0, warnings: 0, notes: 0", done.stderr)
    assert json.loads(make(clone, "airflow-check-dags", "ARGS=--json").stdout)["passed"] is True


def test_a_newer_airflow_brings_migrations_and_no_longer_imports_a_dag(
    clone: Path, python: Path, tmp_path: Path
) -> None:
    """The older one in the place of the present one: there may be no newer one than the laptop's."""
    released = airflow_versions.released()
    if not released:
        pytest.skip("the package index does not answer as PyPI does")
    older = airflow_versions.ensure(Layout(clone), "3.2.2", released["3.2.2"], lambda _: None)
    for name in ("dags", "plugins"):
        (tmp_path / name).mkdir()
    (tmp_path / "dags" / "old.py").write_text("from airflow.sdk import DAG\n\nimport airflow.utils.log.action_logger\n")
    (tmp_path / "docker").symlink_to(clone / "docker")
    told: list[str] = []
    options = ("core.executor", "api_auth.jwt_secret", "database.sql_alchemy_conn_secret", "core.fernet_key_cmd")
    where = dict.fromkeys(options, "set by this tool")
    found = difference(
        tmp_path, load(clone / "service.yml", "local"), where, older.python, Other(python, "", ""), told.append
    )
    [against] = found.stands_against
    assert (against.where, "ModuleNotFoundError" in against.what) == ("dags/old.py:3", True)
    said = [one.what for one in found.lines if one.where == "database"]
    assert any(re.match(r"migration \w+: ", one) for one in said)
    assert any(re.match(r"\d+ migrations, run when the webserver starts", one) for one in said)
    assert any("Airflow 3.2.2, the settings say" in one for one in told)


def test_an_older_airflow_cannot_have_the_database_of_a_newer(clone: Path, python: Path, tmp_path: Path) -> None:
    if not airflow_versions.released():
        pytest.skip("the package index does not answer as PyPI does")
    settings = tmp_path / "service.yml"
    text = "serviceName: airflow\nowner: me\nairflow:\n  options: {state_store: {default_retention_days: '7'}}\n"
    settings.write_text(f"{text}environments:\n  local: {{}}\n")
    words = (f"SETTINGS={settings}", "ARGS=--to 3.2.2 --json")
    said = json.loads(make(clone, "airflow-upgrade-check", *words, status=2).stdout)
    against = {line["where"].split(":")[0]: line["what"] for line in said["lines"] if line["level"] == "error"}
    assert against.keys() == {"database", str(settings)}
    assert against["database"].startswith("it is past 3.2.2, which does not know Airflow's revision")
    assert against[str(settings)].startswith("state_store.default_retention_days is unknown to it")
    assert any("amazon" in line["what"] for line in said["lines"] if line["where"] == "providers")
    assert "there is no Airflow 3.3.999" in make(clone, "airflow-upgrade-check", "ARGS=--to 3.3.999", status=2).stderr
