import json
import os
import platform
import subprocess
import sys
from pathlib import Path

from airflow_runtime import exits, facts

from tests.docker import migrations

RUNTIME = Path(facts.__file__).parents[1]


def asked(*packages: Path) -> subprocess.CompletedProcess[str]:
    """The facts of an image with these packages, asked for as one asks the image."""
    path = ":".join(map(str, (RUNTIME, *packages)))
    return subprocess.run(
        [sys.executable, "-m", "airflow_runtime.facts"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def installed(packages: Path, version: str) -> Path:
    """An Airflow whose import would fail: nothing but its migrations and what pip writes of it."""
    metadata = packages / f"apache_airflow-{version}.dist-info" / "METADATA"
    metadata.parent.mkdir(parents=True)
    metadata.write_text(f"Metadata-Version: 2.1\nName: apache-airflow\nVersion: {version}\n")
    return migrations.write(packages)


def test_tells_versions_and_revisions_without_importing_airflow(tmp_path: Path) -> None:
    done = asked(installed(tmp_path, "3.9.1"))

    assert json.loads(done.stdout) == {
        "airflow": "3.9.1",
        "python": platform.python_version(),
        "database": {
            "alembic_version": {"heads": ["new"], "known": ["new", "old"]},
            "alembic_version_fab": {"heads": ["fab"], "known": ["fab"]},
        },
    }
    assert done.stderr == ""


def test_an_image_without_airflow_is_an_error(tmp_path: Path) -> None:
    done = asked(tmp_path)

    assert done.returncode == exits.MISCONFIGURED
    assert "this image holds no Airflow" in done.stderr
    assert "Traceback" not in done.stderr
