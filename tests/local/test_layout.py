from pathlib import Path

from local.layout import Layout


def test_everything_made_lies_under_one_folder_of_the_checkout() -> None:
    layout = Layout(Path("/somewhere/airflow"))
    assert layout.home == Path("/somewhere/airflow/.local")
    assert {layout.venvs.parent, layout.aws.parent, layout.run.parent} == {layout.home}
    assert len({layout.venvs, layout.aws, layout.run}) == 3
