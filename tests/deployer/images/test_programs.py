from __future__ import annotations

import os
import sys
import time

import pytest

from deployer.images.programs import Call, run

BOTH = "import sys; print('out', flush=True); print('err', file=sys.stderr)"


def python(text: str, **rest: object) -> Call:
    return Call([sys.executable, "-c", text], **rest)  # type: ignore[arg-type]


def test_what_a_program_says_is_kept_by_stream() -> None:
    done = run(python(BOTH))

    assert (done.status, done.output) == (0, "out\n")
    assert [line for line in done.lines if line] == ["out", "err"]


def test_lines_are_passed_on_as_they_come_without_colours() -> None:
    told: list[tuple[str, float]] = []
    slow = "import time; print('\\x1b[91mone\\x1b[0m', flush=True); time.sleep(0.3); print('two\\rthree')"

    done = run(python(slow), lambda line: told.append((line, time.monotonic())))

    assert [line for line, _ in told] == ["one", "two", "three"] == list(done.lines)
    assert told[1][1] - told[0][1] > 0.2


def test_only_the_end_of_much_is_kept() -> None:
    done = run(python("for n in range(5000): print(n)"), lambda _: None)

    assert done.lines[-1] == "4999"
    assert len(done.lines) < 1000


def test_what_is_typed_arrives_and_is_not_shown() -> None:
    call = python("import sys; sys.exit(sys.stdin.read() != 'sec' + 'ret')", typed="secret")

    assert run(call).status == 0
    assert "secret" not in repr(call)


def test_variables_come_on_top_of_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONE", "1")
    show = "import os; print(os.environ['ONE'] + os.environ['TWO'])"

    assert run(python(show, variables={"TWO": "2"})).output == "12\n"


def test_bytes_that_are_no_text_do_no_harm() -> None:
    assert run(python(r"import os; os.write(1, b'a\xff\n'); os._exit(3)"), lambda _: None).status == 3


def test_a_program_ends_with_us() -> None:
    pids: list[int] = []

    def interrupted(line: str) -> None:
        pids.append(int(line))
        raise KeyboardInterrupt

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(python("import os, time; print(os.getpid(), flush=True); time.sleep(60)"), interrupted)

    assert time.monotonic() - start < 5
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)
