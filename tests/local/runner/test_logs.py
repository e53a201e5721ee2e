from pathlib import Path

from local.runner.logs import clean, tail


def test_the_last_lines_that_are_not_blank(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("one\ntwo\n\nthree\n   \n")
    assert tail(log, 2) == ["two", "three"]
    assert tail(log, 9) == ["one", "two", "three"]


def test_a_log_that_is_not_there_has_no_lines(tmp_path: Path) -> None:
    assert tail(tmp_path / "log", 1) == []


def test_only_the_end_of_a_long_log_is_read(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"x" * 100_000 + b"\nlast\xff\n")
    assert tail(log, 1) == ["last\N{REPLACEMENT CHARACTER}"]


def test_nothing_reaches_the_terminal_but_text() -> None:
    assert clean("\x1b[1;31mred\x1b[0m\x1b]0;title\x07 \x1b[2J\x07text\tend\r") == "red text end"


def test_secrets_are_hidden_but_not_words() -> None:
    assert clean("postgresql://airflow:hunter22@host", ["hunter22", "airfl"]) == "postgresql://airflow:***@host"
