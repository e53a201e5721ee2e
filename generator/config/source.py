"""Read YAML as plain data that remembers where in the file each value stands, and how it is written there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

LARGEST_FILE = 200_000  # bytes; settings are a page or two
MOST_VALUES = 20_000  # aliases of aliases multiply: stop before memory does
HALF_A_CHARACTER = re.compile(r"[\ud800-\udfff]")  # a surrogate: only an escape makes it, and UTF-8 cannot write it

KeyPath: TypeAlias = tuple[str | int, ...]
# Any JSON-like value; mypy cannot follow a recursive alias through pydantic, so object it is.
Data: TypeAlias = object


@dataclass(frozen=True, order=True)
class Position:
    """A place in a file; line and column count from 1, as editors do."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong in a settings file, and what to write instead."""

    position: Position
    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.position}: {self.path}: {self.what}" if self.path else f"{self.position}: {self.what}"


class SettingsError(Exception):
    """The settings cannot be used; `problems` holds every reason found, once, in the file's order."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True)
class Source:
    """A file's data and, for every value in it, the position of that value.

    `texts` are its scalars as they are written: `012` where YAML reads 10. `problems` are what could not be read: the
    data holds None in its place, and the first of what is written twice. Who uses the data raises them.
    """

    file: str
    data: Data
    positions: dict[KeyPath, Position]
    texts: dict[KeyPath, str]
    problems: tuple[Problem, ...]

    def position(self, path: KeyPath) -> Position:
        """Where `path` stands, or the nearest mapping or list around it that the file has."""
        while path and path not in self.positions:
            path = path[:-1]
        return self.positions.get(path, Position(self.file, 1, 1))


def read(file: Path) -> Source:
    """Read a YAML file; raise SettingsError when it is missing, unreadable, too large or not plain YAML."""
    name = str(file)
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)  # a device has no size to ask for
        if len(content) > LARGEST_FILE:
            raise _fault(name, f"is too large; settings fit in {LARGEST_FILE:,} bytes")
        return parse(content.decode(), name)
    except FileNotFoundError:
        raise _fault(name, "no such file; name another with SETTINGS=file") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise _fault(name, f"cannot be read: {reason}") from None


def parse(text: str, file: str) -> Source:
    """Parse YAML text; `file` is the name used in positions. Raises SettingsError when it is no YAML at all."""
    try:
        # Not the C loader: it overruns the stack on deeply nested text, and a page is read in milliseconds anyway.
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Position(file, mark.line + 1, mark.column + 1) if mark else Position(file, 1, 1)
        raise SettingsError(Problem(place, "", f"not valid YAML: {error.problem or error.context}")) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # "\UFFFFFFFF" is no character
        raise _fault(file, f"not valid YAML: {str(error).splitlines()[0]}") from None
    except RecursionError:
        raise _fault(file, "not valid YAML: nested too deeply") from None
    if root is None:
        raise _fault(file, "is empty; `serviceName: airflow` is a beginning")
    return _Builder(file).build(root)


def _fault(file: str, what: str) -> SettingsError:
    return SettingsError(Problem(Position(file, 1, 1), "", what))


def _half(found: re.Match[str]) -> str:
    return f"half a character in it (\\u{ord(found[0]):x}); write the character itself"


class _Builder:
    """Walks YAML's nodes once: gathers data, positions and problems."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._scalars = yaml.SafeLoader("")
        self._positions: dict[KeyPath, Position] = {}
        self._texts: dict[KeyPath, str] = {}
        self._problems: list[Problem] = []
        self._open: set[int] = set()
        self._values = 0

    def build(self, root: Node) -> Source:
        data = self._value(root, ())
        return Source(self._file, data, self._positions, self._texts, tuple(self._problems))

    def _value(self, node: Node, path: KeyPath) -> Data:
        self._values += 1
        if self._values > MOST_VALUES:
            raise _fault(self._file, f"has more than {MOST_VALUES:,} values once its aliases are followed")
        self._positions.setdefault(path, self._place(node))
        if id(node) in self._open:
            self._report(node, path, "contains itself through an alias; write the value out")
            return None
        self._open.add(id(node))
        try:
            if isinstance(node, MappingNode):
                return dict(self._entries(node, path))
            if isinstance(node, SequenceNode):
                return [self._value(item, (*path, index)) for index, item in enumerate(node.value)]
            return self._scalar(node, path)
        finally:
            self._open.discard(id(node))

    def _entries(self, node: MappingNode, path: KeyPath) -> Iterator[tuple[str, Data]]:
        seen: set[str] = set()
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self._report(key_node, path, "a key must be a plain word")
                continue
            key: str = key_node.value
            if half := HALF_A_CHARACTER.search(key):
                self._report(key_node, path, f"a key has {_half(half)}")
                continue
            inner = (*path, key)
            if key_node.tag == "tag:yaml.org,2002:merge":
                self._report(key_node, path, "`<<` is not supported; `environments:` lays one mapping over another")
            elif key in seen:
                self._report(key_node, inner, "written twice; keep one of the two")
            else:
                seen.add(key)
                self._positions[inner] = self._place(key_node)
                yield key, self._value(value_node, inner)

    def _scalar(self, node: Node, path: KeyPath) -> Data:
        if half := HALF_A_CHARACTER.search(node.value):
            self._report(node, path, f"has {_half(half)}")
            return None
        self._texts[path] = node.value
        try:
            value: Data = self._scalars.construct_object(node)
            repr(value)  # a number that is too long to be shown raises ValueError here, where its place is known
        except (yaml.YAMLError, ValueError) as error:
            reason = error.problem if isinstance(error, yaml.MarkedYAMLError) else error
        except (LookupError, AttributeError, ArithmeticError):  # PyYAML of `!!bool x`, `!!timestamp x`, 1:1:...:1.5
            reason = f"it is no {node.tag.rpartition(':')[2]}"
        else:
            return value
        self._report(node, path, f"cannot be read as YAML: {reason}")
        return None

    def _report(self, node: Node, path: KeyPath, what: str) -> None:
        self._problems.append(Problem(self._place(node), dotted(path), what))

    def _place(self, node: Node) -> Position:
        return Position(self._file, node.start_mark.line + 1, node.start_mark.column + 1)


def dotted(path: KeyPath) -> str:
    """A key path as people write it: `service.webserver.cpu`, `whitelistedIPs[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")
