"""A plan as people read it: on a terminal, in a pull request, as data."""

from __future__ import annotations

from dataclasses import replace

from deployer.cloudformation.changes import Change, Property, Recreation, Replacement
from deployer.console.markdown import markdown
from deployer.console.plan import text
from deployer.plans.costs import Costs, Day
from deployer.plans.plan import Plan, StackPlan, as_data

DATABASE = Change(
    "app/Database", "MetadataDatabase", "db", "AWS::RDS::DBInstance", "Modify", Replacement.YES, certain=True,
    policy="ReplaceAndSnapshot",
    properties=(
        Property("DBName", Recreation.ALWAYS, before="airflow", after="flow"),
        Property("VPCSecurityGroups", certain=False, source="ResourceReference", cause="Firewall/Group"),
    ),
)  # fmt: skip
SERVICE = Change(
    "app/Services", "Worker", "arn", "AWS::ECS::Service", "Modify", certain=True,
    properties=(Property("Cluster", Recreation.ALWAYS, certain=False, source="ParameterReference", cause="C"),),
)  # fmt: skip
CHANGES = (DATABASE, SERVICE, Change("app", "Topic", "", "AWS::SNS::Topic", "Add"))
COSTS = Costs(
    "eu-west-1", "$",
    Day(4, 4, complete=True, text="4.00", groups={"Database": "1.00", "Tasks": "3.00"}),
    Day(5, 6, complete=False, text="5.00 to 6.00, incomplete", groups={"Database": "2.00 to 3.00", "Tasks": "3.00"}),
)  # fmt: skip
PLAN = Plan(
    "app",
    "main",
    (
        StackPlan("app-foundation", creates=False, changes=()),
        StackPlan("app", creates=False, changes=CHANGES, by_hand=("by hand: Vpc",), warnings=("a quota",)),
    ),
    COSTS,
    ["the image stays"],
)
NOTHING = Plan("app", "main", (StackPlan("app", creates=False, changes=()),))


def test_a_plan_on_a_terminal() -> None:
    assert text(PLAN).splitlines() == [
        "app, compared with main",
        "",
        "app-foundation: nothing changes",
        "",
        "To update app:",
        "-/+  modify  app/Database/MetadataDatabase  AWS::RDS::DBInstance  is replaced, leaves a snapshot",
        "       DBName: airflow -> flow (replaces it)",
        "       VPCSecurityGroups (by Firewall/Group, perhaps)",
        "~    modify  app/Services/Worker            AWS::ECS::Service",
        "       Cluster (by parameter C, perhaps, replaces it)",
        "+    add     app/Topic                      AWS::SNS::Topic",
        "!!  Database/MetadataDatabase holds data and is replaced by an empty one (for DBName):"
        " a snapshot of it is taken first",
        "a quota",
        "by hand: Vpc",
        "2 to add, 1 to change, 1 to destroy",
        "",
        "the image stays",
        "$ a day in eu-west-1: 4.00 before, 5.00 to 6.00, incomplete after",
        "  Database: 1.00 before, 2.00 to 3.00 after",
        "2 to add, 1 to change, 1 to destroy",
    ]


def test_a_plan_in_a_pull_request() -> None:
    assert (
        markdown(PLAN)
        == """\
### app: 2 to add, 1 to change, 1 to destroy

Compared with main.

$ a day in eu-west-1: 4.00 before, 5.00 to 6.00, incomplete after
- Database: 1.00 before, 2.00 to 3.00 after

> [!CAUTION]
> - `Database/MetadataDatabase` holds data and is replaced by an empty one (for DBName): a snapshot of it is taken first

_the image stays_

`app-foundation` stays as it is.

<details><summary><code>app</code>: 2 to add, 1 to change, 1 to destroy</summary>

```diff
! -/+  modify  app/Database/MetadataDatabase  AWS::RDS::DBInstance  is replaced, leaves a snapshot
         DBName: airflow -> flow (replaces it)
         VPCSecurityGroups (by Firewall/Group, perhaps)
! ~    modify  app/Services/Worker            AWS::ECS::Service
         Cluster (by parameter C, perhaps, replaces it)
+ +    add     app/Topic                      AWS::SNS::Topic
! a quota
! by hand: Vpc
```

</details>"""
    )


def test_a_plan_that_changes_nothing() -> None:
    assert text(NOTHING).endswith("app: nothing changes\n\n0 to add, 0 to change, 0 to destroy")
    assert markdown(NOTHING).endswith("`app` stays as it is.")


def test_a_long_plan_fits_into_a_comment_and_says_what_is_left_out() -> None:
    many = tuple(Change("app", f"Topic{number}", "", "AWS::SNS::Topic", "Add") for number in range(5000))
    told = markdown(replace(PLAN, stacks=(StackPlan("app", creates=True, changes=many),)))

    assert len(told) < 65_536
    assert "lines more: `make airflow-diff` shows them\n```" in told


def test_what_looks_like_the_end_of_a_block_does_not_end_it() -> None:
    sly = replace(SERVICE, properties=(Property("Command", before="```", after="</details>"),))
    told = markdown(replace(PLAN, stacks=(StackPlan("app", creates=False, changes=(sly,)),)))

    assert "````diff\n" in told
    assert "\n````\n" in told


def test_a_plan_as_data() -> None:
    data = as_data(PLAN)

    assert data["summary"] == {"add": 2, "change": 1, "destroy": 1}
    assert data["losesData"] == [
        {
            "name": "Database/MetadataDatabase",
            "what": "is replaced by an empty one",
            "fate": "a snapshot of it is taken first",
        }
    ]
    assert data["unseen"] == []
    assert data["costs"]["unknown"] == ""
    assert data["costs"]["before"] == {"day": [4, 4], "complete": True}
    assert data["costs"]["after"] == {"day": [5, 6], "complete": False}
    first, second, third = data["stacks"][1]["changes"]
    assert (first["name"], first["replacement"], first["policy"]) == (
        "Database/MetadataDatabase", "True", "ReplaceAndSnapshot",
    )  # fmt: skip
    assert first["properties"][0] | {"source": ""} == {
        "name": "DBName", "recreation": "Always", "certain": True, "source": "", "cause": "",
        "before": "airflow", "after": "flow", "later": False,
    }  # fmt: skip
    assert (second["action"], third["action"]) == ("Modify", "Add")
    assert as_data(NOTHING)["costs"] is None
