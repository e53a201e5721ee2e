"""YAML as data that remembers where it stands."""

from pathlib import Path

import pytest

from generator.config.source import LARGEST_FILE, Position, SettingsError, dotted, parse, read


def problems(text: str) -> list[str]:
    try:
        found = parse(text, "service.yml").problems
    except SettingsError as error:
        found = error.problems
    return [str(problem) for problem in found]


def test_every_value_knows_its_position() -> None:
    source = parse("a: 1\nb:\n  c: [x, y]\n", "service.yml")
    assert source.data == {"a": 1, "b": {"c": ["x", "y"]}}
    assert source.positions["b", "c"] == Position("service.yml", 3, 3)
    assert source.positions["b", "c", 1] == Position("service.yml", 3, 10)


def test_a_path_that_the_file_lacks_is_placed_at_what_surrounds_it() -> None:
    source = parse("a: 1\nb:\n  c: 2\n", "service.yml")
    assert source.position(("b", "missing", "deeper")) == source.positions[("b",)]
    assert source.position(("elsewhere",)).line == 1


def test_keys_are_words_even_when_yaml_reads_numbers() -> None:
    assert parse("publicSubnet: {1: {}}", "service.yml").data == {"publicSubnet": {"1": {}}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [1\n", "service.yml:2:1: not valid YAML: expected ',' or ']'"),
        ("a: 1\nb: 2\na: 3\n", "service.yml:3:1: a: written twice; keep one of the two"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", "service.yml:3:3: c: `<<` is not supported"),
        ("? [1, 2]\n: 3\n", "service.yml:1:3: a key must be a plain word"),
        ("a: &x [*x]\n", "service.yml:1:4: a[0]: contains itself through an alias"),
        ("a: 2001-99-99\n", "service.yml:1:4: a: cannot be read as YAML"),
        ("a: !!python/name:os.system x\n", "service.yml:1:4: a: cannot be read as YAML"),
        ('a: "\\ud800"\n', "service.yml:1:4: a: has half a character in it (\\ud800)"),
        ('b: {"\\ud800": 1}\n', "service.yml:1:5: b: a key has half a character in it (\\ud800)"),
        ('a: "\\UFFFFFFFF"\n', "service.yml:1:1: not valid YAML"),
        ("a: !!bool x\n", "service.yml:1:4: a: cannot be read as YAML: it is no bool"),
        ("", "service.yml:1:1: is empty"),
        ("a: \x00", "service.yml:1:1: not valid YAML"),
        ("[" * 100_000, "service.yml:1:1: not valid YAML"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, expected: str) -> None:
    assert problems(text)[0].startswith(expected)


def test_all_problems_are_said_at_once_in_the_order_of_the_file() -> None:
    found = problems("a: 2001-99-99\nb: 1\nb: 2\nc: 2001-13-13\n")
    assert [line.split(":")[1] for line in found] == ["1", "3", "4"]


def test_what_can_be_read_beside_a_problem_is_data() -> None:
    source = parse("a: 2001-99-99\nb: 1\nb: 2\nc: 3\n", "service.yml")
    assert source.data == {"a": None, "b": 1, "c": 3}
    assert len(source.problems) == 2


def test_every_scalar_is_known_as_it_is_written() -> None:
    source = parse("a: 012\nb: [7:00, yes]\n", "service.yml")
    assert source.data == {"a": 10, "b": [420, True]}
    assert source.texts == {("a",): "012", ("b", 0): "7:00", ("b", 1): "yes"}


def test_aliases_are_followed_but_not_without_end() -> None:
    assert parse("a: &x [1]\nb: *x\n", "service.yml").data == {"a": [1], "b": [1]}
    layers = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
        f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
    )
    assert "values once its aliases are followed" in problems(layers)[0]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    huge, binary = tmp_path / "huge.yml", tmp_path / "binary.yml"
    huge.write_text("a: " + "x" * LARGEST_FILE)
    binary.write_bytes(b"\xff\xfe\x00")
    for file, reason in [
        (tmp_path / "none.yml", "no such file"),
        (tmp_path, "cannot be read: Is a directory"),
        (huge, "settings fit in"),
        (binary, "not UTF-8"),
        (Path("/dev/zero"), "settings fit in"),
    ]:
        with pytest.raises(SettingsError, match=reason) as caught:
            read(file)
        assert str(caught.value).startswith(f"{file}:1:1: ")


def test_paths_read_as_people_write_them() -> None:
    assert dotted(("service", "webserver", "cpu")) == "service.webserver.cpu"
    assert dotted(("whitelistedIPs", 0)) == "whitelistedIPs[0]"
    assert dotted(()) == ""
