"""Consent: to all of it at once, and to each loss of data by its name."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from deployer.cloudformation.change_sets import ChangeSet
from deployer.cloudformation.changes import Change, Property, Recreation, Replacement
from deployer.consent import Question
from deployer.console.screen import Screen
from deployer.errors import Declined, DeployError
from deployer.plans.consent import consent

DATABASE = Change(
    "app/Database", "MetadataDatabase", "db", "AWS::RDS::DBInstance", "Modify", Replacement.YES, certain=True,
    policy="ReplaceAndSnapshot", properties=(Property("DBName", Recreation.ALWAYS),),
)  # fmt: skip
LOGS = Change("app/Storage", "Logs", "b", "AWS::S3::Bucket", "Remove", policy="Delete")
QUEUE = Change("app", "Topic", "", "AWS::SNS::Topic", "Add")
NAMES = ["Database/MetadataDatabase", "Storage/Logs"]


def change_set(*changes: Change) -> ChangeSet:
    return ChangeSet("id", "app", "arn", creates=False, changes=changes)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def asked(
    *given: str, typed: str | None = None, changes: tuple[Change, ...] = (DATABASE, LOGS, QUEUE), nested: bool = True
) -> bool:
    """Ask a real screen, as somebody at a terminal, or as a machine where nobody types."""
    answers = io.StringIO() if typed is None else Terminal(typed)
    screen = Screen(io.StringIO(), answers, {}, given)
    return consent(screen.ask, lambda _: "shown", nested=nested)(change_set(*changes))


def test_without_a_loss_one_question_is_enough() -> None:
    assert asked("--yes", changes=(QUEUE,))
    assert asked(typed="y\n", changes=(QUEUE,))


def test_each_loss_is_agreed_to_by_typing_its_name() -> None:
    assert asked(typed="y\nDatabase/MetadataDatabase\nStorage/Logs\n")
    assert not asked(typed="y\nDatabase/MetadataDatabase\ny\n")
    assert not asked(typed="n\nDatabase/MetadataDatabase\nStorage/Logs\n")


def test_a_protected_database_that_would_go_is_refused_and_nobody_is_asked() -> None:
    protected = replace(DATABASE, protected=True)
    with pytest.raises(DeployError) as caught:
        asked("--yes", *(f"--allow-replacement {name}" for name in NAMES), changes=(protected, LOGS))

    assert not isinstance(caught.value, Declined)
    assert caught.value.line == (
        "Database/MetadataDatabase holds data and is replaced by an empty one (for DBName): it is protected against "
        "deletion, and so stays without a snapshot, in no stack any more"
    )
    assert caught.value.hint.startswith("set metadataDb.deletionProtection to false in service.yml and deploy that ")


def test_yes_does_not_cover_a_loss() -> None:
    all_of_it = " ".join(["--yes", *(f"--allow-replacement {name}" for name in NAMES)])
    for given in ((), ("--yes",), ("--yes", "--allow-replacement Database/MetadataDatabase")):
        with pytest.raises(Declined) as caught:
            asked(*given)
        assert caught.value.hint == f'approve beforehand with ARGS="{all_of_it}"'


def test_a_nested_stack_that_nobody_looked_into_is_agreed_to_by_its_name() -> None:
    blind = (Change("app", "Database", "arn", "AWS::CloudFormation::Stack", "Modify"), QUEUE)

    with pytest.raises(Declined, match="--yes --allow-replacement Database"):
        asked("--yes", changes=blind, nested=False)
    assert asked("--yes", "--allow-replacement Database", changes=blind, nested=False)
    assert not asked(typed="y\ny\n", changes=blind, nested=False)
    assert asked(typed="y\nDatabase\n", changes=blind, nested=False)
    assert asked("--yes", changes=blind), "that was not asked for: CloudFormation would have told"


def test_what_is_allowed_by_name_beforehand_is_not_asked_about() -> None:
    assert asked("--yes", *(f"--allow-replacement {name}" for name in NAMES))


def test_who_is_asked_is_told_what_would_be_lost_and_why() -> None:
    questions: list[Question] = []

    def ask(question: Question) -> bool:
        questions.append(question)
        return True

    assert consent(ask, lambda made: f"changes of {made.stack}")(change_set(DATABASE, LOGS))
    assert [each.word for each in questions] == ["", *NAMES]
    assert questions[0].shown == "changes of app"
    assert questions[1].text == (
        "Database/MetadataDatabase holds data and is replaced by an empty one (for DBName):"
        " a snapshot of it is taken first. To let that happen,"
    )
