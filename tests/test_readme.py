"""The README promises commands: each exists, and each is one that a test runs."""

import re
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
# Where each is run as it stands, or with consent given beforehand.
RUN_BY = {
    "make airflow-local": "integration/test_airflow_local.py",
    "make airflow-password ENVIRONMENT=local": "integration/test_airflow_local.py",
    "make test": "itself: nobody would read this otherwise",
    "make airflow-init": "integration/test_path_to_production.py",
    "make airflow-cost ENVIRONMENT=dev": "integration/test_path_to_production.py",
    "make airflow-validate ENVIRONMENT=dev": "integration/test_path_to_production.py",
    "export AWS_REGION=eu-central-1 AWS_PROFILE=mine ENVIRONMENT=dev": "integration/test_path_to_production.py",
    "make airflow-check-dags": "integration/test_path_to_production.py",
    "make airflow-deploy": "integration/test_path_to_production.py",
    "make airflow-push-image": "integration/test_path_to_production.py",
    "make airflow-rollback": "integration/test_path_to_production.py",
    "make airflow-permissions": "integration/test_path_to_production.py",
    "make airflow-doctor": "integration/test_path_to_production.py",
    "make airflow-diff": "integration/test_path_to_production.py",
    "make airflow-status": "integration/test_path_to_production.py",
    "make airflow-outputs": "integration/test_path_to_production.py",
    "make airflow-open": "integration/test_path_to_production.py",
    "make airflow-events": "integration/test_path_to_production.py",
    "make airflow-destroy": "integration/test_path_to_production.py",
}


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", (CHECKOUT / "README.md").read_text(), re.DOTALL)
    lines = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def test_every_command_is_run_by_a_test() -> None:
    assert set(commands()) == set(RUN_BY)
    for place in RUN_BY.values():
        if place.startswith("integration/"):
            assert (CHECKOUT / "tests" / place).exists()


def test_every_target_exists_and_is_explained() -> None:
    makefile = (CHECKOUT / "Makefile").read_text()
    explained = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    phony = next(line for line in makefile.splitlines() if line.startswith(".PHONY")).split()[1:]
    assert explained == set(phony)
    assert {command.split()[1] for command in commands() if command.startswith("make ")} <= explained


def test_links_lead_somewhere() -> None:
    for page in (CHECKOUT / "README.md", *(CHECKOUT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert target.startswith("http") or (page.parent / target).exists(), f"{page}: {target}"
