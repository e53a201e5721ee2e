import pytest
from dag_check.places import Place, deepest, message

OURS = ["/checkout/dags", "/checkout/plugins"]

IMPORT_ERROR = """Traceback (most recent call last):
  File "/site-packages/airflow/importer.py", line 245, in parse
    loader.exec_module(new_module)
  File "/checkout/dags/a.py", line 3, in <module>
    import common.b
  File "/checkout/dags/common/b.py", line 2, in <module>
    import pandas.nothing
  File "/site-packages/pandas/__init__.py", line 9, in __getattr__
    raise ImportError
ImportError: there is nothing
"""
SYNTAX_ERROR = """Traceback (most recent call last):
  File "/site-packages/airflow/importer.py", line 245, in parse
    loader.exec_module(new_module)
  File "/checkout/dags/a.py", line 12
    x = (
        ^
SyntaxError: '(' was never closed
"""
CHAINED = (
    IMPORT_ERROR
    + """
During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/checkout/dags/a.py", line 5, in <module>
    raise RuntimeError("two\\nlines")
RuntimeError: two
lines
"""
)
CRASH = """Fatal Python error: Segmentation fault

Current thread 0x0000 (most recent call first):
  File "/usr/lib/ctypes.py", line 500 in string_at
  File "/checkout/plugins/p.py", line 7 in crash
  File "/checkout/dags/a.py", line 4 in <module>
"""


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (IMPORT_ERROR, Place("/checkout/dags/common/b.py", 2)),
        (SYNTAX_ERROR, Place("/checkout/dags/a.py", 12)),
        (CHAINED, Place("/checkout/dags/a.py", 5)),
        (CRASH, Place("/checkout/plugins/p.py", 7)),
        ("AirflowException: no trace of a file", None),
        (IMPORT_ERROR.replace("/checkout/dags", "/checkout/dags-of-others"), None),
    ],
)
def test_the_users_own_line_nearest_to_the_fault_is_found(text: str, place: Place | None) -> None:
    assert deepest(text, OURS) == place


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (IMPORT_ERROR, "ImportError: there is nothing"),
        (SYNTAX_ERROR, "SyntaxError: '(' was never closed"),
        (CHAINED, "RuntimeError: two lines"),
        ("AirflowException: no trace of a file\n", "AirflowException: no trace of a file"),
    ],
)
def test_what_was_raised_is_one_line(text: str, said: str) -> None:
    assert message(text) == said
