from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser

from deployer.cloudformation.events import StackEvent
from deployer.console.page import page
from deployer.console.progress import Node, State
from tests.deployer.console.playing import DATABASE, Play
from tests.deployer.scripted_cloudformation import Resource, nested

HOSTILE = "<script>alert('x')</script>\"onload=\"&"


class _Reader(HTMLParser):
    """Reads rows and bars, and stumbles on what is never closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows, self.bars = 0, list[str]()
        self.tags, self.open, self.text = set[str](), list[str](), ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag != "meta":
            self.open.append(tag)
        assert not any(name.startswith("on") or name in {"src", "href"} for name, _ in attrs)
        self.rows += tag == "tr"
        if tag == "span":
            self.bars.append(dict(attrs)["style"] or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_each_resource_has_a_bar_as_long_as_it_took() -> None:
    play = Play()
    play.deploy(nested("Database", Resource("Metadata", DATABASE, seconds=500)), Resource("Bucket", seconds=100))
    read = _Reader(page(play.at(999), play.when(999)))

    assert read.rows == len(read.bars) == 4
    whole, _, metadata, bucket = read.bars
    assert "left:0.00%;width:100.00%" in whole
    assert "width:99." in metadata
    assert "width:19." in bucket
    assert "8 min 20 s" in read.text


def test_a_rollback_is_a_bar_of_its_own_and_the_reason_is_told() -> None:
    play = Play()
    play.deploy(Resource("Queue", fails="no room"), Resource("Bucket"))
    read = _Reader(page(play.at(999), play.when(999), ["first cause: no room", "    last line of the log"]))

    assert len(read.bars) > 3
    assert "no room" in read.text
    assert "last line of the log" in read.text
    assert "rolled back" in read.text


def test_what_others_have_named_runs_nothing_and_fetches_nothing() -> None:
    time = datetime(2026, 1, 1, tzinfo=UTC)
    failed = StackEvent(time, "app", "arn", HOSTILE, "x", HOSTILE, "CREATE_FAILED", HOSTILE)
    child = Node(HOSTILE, f"app/{HOSTILE}", HOSTILE, State.FAILED, failure=failed)
    text = page(Node("app", "app", "", State.FAILED, children=(child,)), time, [HOSTILE])
    read = _Reader(text)

    assert "script" not in read.tags
    assert read.text.count(HOSTILE) == 3
    assert "default-src 'none'" in text
    assert "http" not in text.replace("http-equiv", "")
