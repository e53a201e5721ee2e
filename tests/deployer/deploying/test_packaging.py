from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from deployer.deploying import packaging
from deployer.errors import DeployError
from tests.deployer.scripted_clients import scripted
from tests.deployer.scripted_storage import ScriptedS3

BASE = "https://s3.eu-west-1.amazonaws.com/bucket"
TEXTS = {
    "root.yml": "Resources:\n  A:\n    Properties:\n      TemplateURL: 'parts/a.yml'\n      Other: TemplateURL\n",
    "parts/a.yml": 'Resources:\n  B:\n    Properties:\n      TemplateURL: "b.yml"\n',
    "parts/b.yml": "Resources: {}\n",
    "alone.yml": "Resources: {}\n",
}


def test_children_come_first_and_their_hashes_are_in_the_parents() -> None:
    objects = packaging.plan(TEXTS, "root.yml", BASE)

    assert [each.source for each in objects] == ["parts/b.yml", "parts/a.yml", "root.yml"]
    for each in objects:
        assert each.key == f"templates/{sha256(each.body).hexdigest()}.yml"
    leaf, middle, root = objects
    assert f"      TemplateURL: {BASE}/{leaf.key}\n" in middle.body.decode()
    assert f"      TemplateURL: {BASE}/{middle.key}\n      Other: TemplateURL\n" in root.body.decode()


def test_a_changed_leaf_changes_every_key_above_it_and_no_other() -> None:
    texts = {**TEXTS, "c.yml": "C", "root.yml": TEXTS["root.yml"] + "      TemplateURL: c.yml\n"}
    before = {each.source: each.key for each in packaging.plan(texts, "root.yml", BASE)}
    after = {
        each.source: each.key
        for each in packaging.plan({**texts, "parts/b.yml": "Resources: {X: 1}\n"}, "root.yml", BASE)
    }

    assert {source for source in before if before[source] != after[source]} == {
        "root.yml",
        "parts/a.yml",
        "parts/b.yml",
    }


def test_a_template_that_is_a_url_already_is_left_alone() -> None:
    text = "      TemplateURL: https://example.com/x.yml\n"

    assert packaging.plan({"root.yml": text}, "root.yml", BASE)[0].body == text.encode()


def test_a_missing_child_is_named_with_file_and_line() -> None:
    with pytest.raises(DeployError, match=r"^parts/a.yml:4: TemplateURL: there is no file b.yml"):
        packaging.plan({k: v for k, v in TEXTS.items() if k != "parts/b.yml"}, "root.yml", BASE)


def test_a_child_outside_the_folder_is_not_taken() -> None:
    with pytest.raises(DeployError, match="there is no file"):
        packaging.plan({"root.yml": "  TemplateURL: ../secrets.yml\n"}, "root.yml", BASE)


def test_templates_nested_in_themselves_are_refused() -> None:
    texts = {"root.yml": "  TemplateURL: a.yml\n", "a.yml": "  TemplateURL: root.yml\n"}

    with pytest.raises(DeployError, match=r"root.yml: is nested in itself by way of a.yml"):
        packaging.plan(texts, "root.yml", BASE)


def test_a_template_too_large_for_cloudformation_is_refused() -> None:
    with pytest.raises(DeployError, match=r"root.yml: has 1048577 bytes"):
        packaging.plan({"root.yml": "#" * (1024 * 1024 + 1)}, "root.yml", BASE)


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("https://s3.cn-north-1.amazonaws.com.cn", "https://s3.cn-north-1.amazonaws.com.cn/b"),
        ("http://127.0.0.1:4566/", "http://127.0.0.1:4566/b"),
    ],
)
def test_urls_follow_the_clients_own_end_point(endpoint: str, expected: str) -> None:
    assert packaging.base_url(endpoint, "b") == expected


def test_only_what_is_not_there_is_uploaded(tmp_path: Path) -> None:
    s3 = ScriptedS3("bucket")
    aws = scripted({"s3": s3})
    _write(tmp_path, TEXTS)

    url = packaging.package(aws, tmp_path, "bucket")

    bodies = s3.bodies("bucket")
    assert url.startswith(f"{BASE}/templates/")
    assert b"templates/" in bodies[url.removeprefix(f"{BASE}/")]
    assert len(bodies) == 3  # what no template names is not uploaded

    _write(tmp_path, {"root.yml": TEXTS["root.yml"] + "# changed\n"})
    s3.calls.clear()
    assert packaging.package(aws, tmp_path, "bucket") != url
    assert s3.calls == ["ListObjectsV2", "PutObject"]


def test_where_nothing_changed_one_request_is_enough(tmp_path: Path) -> None:
    s3 = ScriptedS3("bucket")
    aws = scripted({"s3": s3})
    _write(tmp_path, TEXTS)
    url = packaging.package(aws, tmp_path, "bucket")
    s3.calls.clear()

    assert packaging.package(aws, tmp_path, "bucket") == url
    assert s3.calls == ["ListObjectsV2"]


def test_a_folder_without_root_says_how_to_render(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="make airflow-render"):
        packaging.read_folder(tmp_path)


def _write(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
