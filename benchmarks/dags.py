"""The check of 200 DAG files: written anew, of several kinds, as a team's folder holds them."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import CHECKOUT, head, row, run
from local import venvs
from local.layout import Layout

FILES = 200
ROUNDS = 5

TASK_FLOW = """
import json
from datetime import datetime, timedelta

from airflow.sdk import dag, task


@dag(dag_id="flow_{number}", schedule="@daily", start_date=datetime(2026, 1, 1), catchup=False, tags=["team"])
def flow():
    @task(retries=2, retry_delay=timedelta(minutes=5))
    def extract(part: int) -> list[int]:
        return list(range(part))

    @task
    def transform(values: list[int]) -> int:
        return sum(values)

    @task
    def load(totals: list[int]) -> str:
        return json.dumps(list(totals))

    load(transform.expand(values=extract.expand(part=[1, 2, 3])))


flow()
"""

CLASSIC = """
from datetime import datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import BranchPythonOperator, PythonOperator
from airflow.sdk import DAG, TaskGroup
from shared.names import name

with DAG("classic_{number}", schedule="15 3 * * *", start_date=datetime(2026, 1, 1), catchup=False) as dag:
    begin, end = EmptyOperator(task_id="begin"), EmptyOperator(task_id="end", trigger_rule="none_failed")
    branch = BranchPythonOperator(task_id="branch", python_callable=lambda: "steps.step_0")
    with TaskGroup("steps") as steps:
        for number in range(5):
            BashOperator(task_id=name(number), bash_command="echo {{{{ ds }}}}")
    begin >> branch >> steps >> PythonOperator(task_id="tell", python_callable=print) >> end
"""

CLOUD = """
from datetime import datetime

from airflow.providers.amazon.aws.operators.athena import AthenaOperator
from airflow.providers.amazon.aws.operators.s3 import S3CopyObjectOperator, S3ListOperator
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import DAG, Asset

with DAG("cloud_{number}", schedule=[Asset("s3://bucket/{number}")], start_date=datetime(2026, 1, 1)) as dag:
    arrived = S3KeySensor(task_id="arrived", bucket_key="s3://bucket/{{{{ ds }}}}/in", deferrable=True)
    listed = S3ListOperator(task_id="listed", bucket="bucket")
    copied = S3CopyObjectOperator(task_id="copied", source_bucket_key="s3://a/b", dest_bucket_key="s3://a/c")
    asked = AthenaOperator(task_id="asked", query="select 1", database="d", output_location="s3://bucket/out")
    stored = SQLExecuteQueryOperator(task_id="stored", conn_id="warehouse", sql="insert into t values (1)")
    arrived >> listed >> copied >> asked >> stored
"""


def measure() -> Iterator[str]:
    python = venvs.airflow(Layout(CHECKOUT), lambda _: None)
    with tempfile.TemporaryDirectory() as folder:
        checkout = Path(folder)
        (checkout / "docker").symlink_to(CHECKOUT / "docker")
        write(checkout / "dags")
        words = ("-c", _CHECK.format(checkout=str(checkout), python=str(python)))
        start = [run([str(python), "-c", "import airflow.dag_processing.dagbag"]) for _ in range(ROUNDS)]
        yield from head("importing Airflow")
        median = sorted(each.seconds for each in start)[ROUNDS // 2]
        yield row("importing Airflow, and nothing else", start)
        checks = [run([str(CHECKOUT / ".venv" / "bin" / "python"), *words]) for _ in range(ROUNDS)]
        yield row(f"DAG check of {FILES} files", checks, median)


_CHECK = """
from pathlib import Path
from deployer.dag_checks import dags
found = dags.check(Path({checkout!r}), {{}}, Path({python!r}), print)
assert (found.files, found.findings) == (200, ()), found
"""


def write(folder: Path) -> None:
    """Write the files: half of them task flows, the rest classic operators, one in five with AWS's."""
    (folder / "shared").mkdir(parents=True)
    (folder / "shared" / "names.py").write_text('def name(number: int) -> str:\n    return f"step_{number}"\n')
    kinds = (TASK_FLOW, CLASSIC, TASK_FLOW, CLASSIC, CLOUD)
    for number in range(FILES):
        (folder / f"dag_{number}.py").write_text(kinds[number % len(kinds)].format(number=number))
