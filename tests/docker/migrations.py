"""Migrations of an Airflow, as its packages hold them: `old` and then `new`, and one of the FAB provider."""

from pathlib import Path

SCRIPTS = {
    "airflow": [("old", "None"), ("new", "'old'")],
    "airflow/providers/fab": [("fab", "None")],
}


def write(packages: Path) -> Path:
    """Write them among Python's packages; give that folder back."""
    for package, revisions in SCRIPTS.items():
        folder = packages / package / "migrations" / "versions"
        folder.mkdir(parents=True)
        for name, before in revisions:
            (folder / f"{name}.py").write_text(f"revision = '{name}'\ndown_revision = {before}\n")
    return packages
