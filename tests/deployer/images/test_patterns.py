from __future__ import annotations

import pytest

from deployer.images.patterns import patterns


@pytest.mark.parametrize(
    ("lines", "path", "out"),
    [
        ("dags", "dags", True),
        ("dags", "dags/a/b.py", True),
        ("dags", "more/dags/a.py", False),
        ("dags", "dags2", False),
        ("/dags/", "dags/a.py", True),
        ("./dags", "dags/a.py", True),
        ("*", "a/b/c", True),
        ("*/b", "a/b/c", True),
        ("*/b", "a/x/b", False),
        ("*.py", "a.py", True),
        ("*.py", "dags/a.py", False),
        ("**/*.py", "a.py", True),
        ("**/*.py", "dags/deep/a.py", True),
        ("dags/**", "dags/a", True),
        ("dags/**/x", "dags/a/b/x/y", True),
        ("**/.*", "dags/.git/config", True),
        ("**/.*", ".env", True),
        ("**/.*", "dags/a.b", False),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("[ab].py", "b.py", True),
        ("[^ab].py", "b.py", False),
        (r"\#x", "#x", True),
        ("a+b", "a+b", True),
        ("a.b", "axb", False),
        ("# a", "a", False),
        ("", "a", False),
        ("*\n!dags", "dags/a.py", False),
        ("*\n!dags\n**/*.pyc", "dags/a.pyc", True),
        ("*\n!dags\n**/*.pyc\n!dags/keep.pyc", "dags/keep.pyc", False),
        ("!dags\n*", "dags", True),
        ("a\r\nb\r\n", "b", True),
        ("  a  ", "a", True),
        ("! a", "a", False),
    ],
)
def test_a_path_stays_out_as_docker_would_leave_it_out(lines: str, path: str, out: bool) -> None:
    assert patterns(lines).leave_out(path) is out


@pytest.mark.parametrize(
    ("folder", "worth"),
    [("docker", True), ("docker/airflow_runtime", True), (".venv", False), ("docker/other", False), ("deep", False)],
)
def test_only_folders_that_may_hold_something_are_looked_into(folder: str, worth: bool) -> None:
    assert patterns("*\n!docker/airflow_runtime\n!docker/x.txt").worth_a_look(folder) is worth


def test_behind_two_stars_anything_may_come() -> None:
    assert patterns("*\n!a/**/b").worth_a_look("a/x/y")
    assert not patterns("*\n!a/**/b").worth_a_look("c")
