import threading
import time
from pathlib import Path

import pytest

from local import venvs
from local.errors import LocalError
from local.layout import Layout


class Uv:
    """Makes environments as uv does, as far as `ensure` can see; may be told to fail at the installation."""

    def __init__(self, failure: Exception | None = None, pause: float = 0) -> None:
        self.calls: list[list[str]] = []
        self._failure = failure
        self._pause = pause

    def __call__(self, arguments: list[str], held: int) -> None:  # noqa: ARG002
        self.calls.append(arguments)
        time.sleep(self._pause)
        if arguments[0] == "venv":
            python = Path(arguments[-1]) / "bin" / "python"
            python.parent.mkdir(parents=True)
            python.touch()
        elif self._failure is not None:
            raise self._failure

    @property
    def made(self) -> int:
        return sum(call[0] == "venv" for call in self.calls)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path)


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.lock"
    path.write_text("one==1\n")
    return path


def ensure(layout: Layout, lock: Path, uv: Uv) -> Path:
    return venvs.ensure(layout, "aws", lock, lambda _: None, uv)


def test_it_is_made_once_with_hashes_checked(layout: Layout, lock: Path) -> None:
    uv = Uv()
    assert ensure(layout, lock, uv) == layout.venvs / "aws" / "bin" / "python"
    assert ensure(layout, lock, uv).exists()
    assert uv.made == 1
    assert {"--require-hashes", str(lock)} <= set(uv.calls[1])


def test_another_lock_makes_it_anew(layout: Layout, lock: Path) -> None:
    uv = Uv()
    ensure(layout, lock, uv)
    stray = layout.venvs / "aws" / "left-over"
    stray.touch()
    lock.write_text("one==2\n")
    ensure(layout, lock, uv)
    assert uv.made == 2
    assert not stray.exists()


def test_a_half_made_one_is_made_anew(layout: Layout, lock: Path) -> None:
    with pytest.raises(LocalError):
        ensure(layout, lock, Uv(LocalError("no space left on device")))
    uv = Uv()
    ensure(layout, lock, uv)
    assert uv.made == 1


def test_one_whose_python_is_gone_is_made_anew(layout: Layout, lock: Path) -> None:
    uv = Uv()
    ensure(layout, lock, uv).unlink()
    assert ensure(layout, lock, uv).exists()
    assert uv.made == 2


def test_one_that_was_moved_is_made_anew(tmp_path: Path, layout: Layout, lock: Path) -> None:
    uv = Uv()
    ensure(layout, lock, uv)
    elsewhere = Layout(tmp_path / "elsewhere")
    elsewhere.checkout.mkdir()
    layout.home.rename(elsewhere.home)
    ensure(elsewhere, lock, uv)
    assert uv.made == 2


def test_two_at_once_make_it_once(layout: Layout, lock: Path) -> None:
    uv = Uv(pause=0.05)
    both = [threading.Thread(target=ensure, args=(layout, lock, uv)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert uv.made == 1


@pytest.mark.parametrize(
    "failure", [LocalError("No space left on device"), OSError(28, "No space left on device"), OSError(30, "Read-only")]
)
def test_a_failure_is_one_line_that_names_the_environment(layout: Layout, lock: Path, failure: Exception) -> None:
    with pytest.raises(LocalError, match=r"^the virtual environment 'aws' could not be made: .+$") as told:
        ensure(layout, lock, Uv(failure))
    assert "\n" not in str(told.value)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The user's requirements."""
    path = tmp_path / "docker" / "requirements.txt"
    path.parent.mkdir()
    path.write_text("cowsay\n")
    return path


def with_own(layout: Layout, lock: Path, uv: Uv, own: Path) -> Path:
    return venvs.ensure(layout, "aws", lock, lambda _: None, uv, own)


def test_the_users_requirements_are_installed_under_the_locks_versions(layout: Layout, lock: Path, own: Path) -> None:
    uv = Uv()
    with_own(layout, lock, uv, own)
    assert {str(own), "--constraints", str(lock)} <= set(uv.calls[-1])
    assert "--require-hashes" not in uv.calls[-1]
    before = len(uv.calls)
    with_own(layout, lock, uv, own)
    assert len(uv.calls) == before


@pytest.mark.parametrize("text", ["", "# pandas\n\n  # and more\n", None])
def test_no_requirements_cost_nothing(layout: Layout, lock: Path, own: Path, text: str | None) -> None:
    ensure(layout, lock, Uv())
    own.unlink() if text is None else own.write_text(text)
    uv = Uv()
    with_own(layout, lock, uv, own)
    assert not uv.calls


def test_other_requirements_change_it_in_place(layout: Layout, lock: Path, own: Path) -> None:
    """An Airflow may be running from it."""
    with_own(layout, lock, Uv(), own)
    kept = layout.venvs / "aws" / "in-use"
    kept.touch()
    own.write_text("ponysay\n")
    uv = Uv()
    with_own(layout, lock, uv, own)
    assert kept.exists()
    assert [("--exact" in call, str(own) in call) for call in uv.calls] == [(True, False), (False, True)]
    own.write_text("")
    uv = Uv()
    with_own(layout, lock, uv, own)
    assert [("--exact" in call, str(own) in call) for call in uv.calls] == [(True, False)]


def test_requirements_that_are_included_count_too(layout: Layout, lock: Path, own: Path) -> None:
    own.write_text("-r more.txt\n--constraint=limits.txt  # why\n-r requirements.txt\n")
    for name in ("more.txt", "limits.txt"):
        (own.parent / name).write_text("cowsay\n")
    with_own(layout, lock, Uv(), own)
    for name in ("more.txt", "limits.txt"):
        same = Uv()
        with_own(layout, lock, same, own)
        assert not same.calls
        (own.parent / name).write_text("ponysay\n")
        uv = Uv()
        with_own(layout, lock, uv, own)
        assert uv.calls
    (own.parent / "more.txt").unlink()
    with pytest.raises(LocalError, match=r"more\.txt: cannot be read"):
        with_own(layout, lock, Uv(), own)


@pytest.mark.parametrize(
    ("index", "shell", "used"),
    [
        ("", {}, None),
        ("https://mirror/simple", {}, "https://mirror/simple"),
        ("https://mirror/simple", {"UV_DEFAULT_INDEX": "https://mine/simple"}, "https://mine/simple"),
        ("https://mirror/simple", {"UV_INDEX_URL": "https://mine/simple"}, None),
    ],
)
def test_the_index_of_the_settings_is_asked_unless_the_shell_has_one(
    index: str, shell: dict[str, str], used: str | None
) -> None:
    assert venvs.variables_of(index, shell).get("UV_DEFAULT_INDEX") == used


class Refusing(Uv):
    """Installs a lock, and refuses what the user wants."""

    def __call__(self, arguments: list[str], held: int) -> None:
        super().__call__(arguments, held)
        if "--constraints" in arguments:
            raise LocalError("Because you require celery<5 and celery==5.6.3, it is unsatisfiable")


def test_requirements_that_do_not_fit_are_told_and_leave_what_is_there(layout: Layout, lock: Path, own: Path) -> None:
    with pytest.raises(
        venvs.Unfit, match=r"^docker/requirements\.txt does not fit beside Airflow: Because you require"
    ):
        with_own(layout, lock, Refusing(), own)
    own.write_text("ponysay\n")
    uv = Uv()
    with_own(layout, lock, uv, own)
    assert uv.made == 0


def test_a_missing_lock_is_named(layout: Layout, lock: Path) -> None:
    lock.unlink()
    with pytest.raises(LocalError, match=r"requirements\.lock"):
        ensure(layout, lock, Uv())


def test_of_what_uv_says_its_complaint_and_the_cause_are_kept() -> None:
    said = (
        "  \N{MULTIPLICATION SIGN} Failed to download `one==1`\n  ├─▶ Request failed\n  ╰─▶ dns error: no such host\n"
    )
    assert venvs._last_words(said) == "Failed to download `one==1`: dns error: no such host"
