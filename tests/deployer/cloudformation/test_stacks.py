from __future__ import annotations

import pytest

from deployer.cloudformation import stacks
from deployer.cloudformation.stacks import StackNames
from deployer.errors import DeployError
from tests.deployer.scripted_clients import scripted
from tests.deployer.scripted_cloudformation import Graph, ScriptedCloudFormation, VirtualTime


def test_the_two_stacks_of_an_environment() -> None:
    names = StackNames("airflow", "dev")

    assert (names.root, names.foundation) == ("airflow-dev", "airflow-dev-foundation")


def test_a_stack_is_found_by_name_and_id_until_it_is_deleted() -> None:
    time = VirtualTime()
    cloud = ScriptedCloudFormation(time)
    aws = scripted({"cloudformation": cloud})
    stack = cloud.put("app", "CREATE_COMPLETE", Graph(outputs={"Url": "http://x"}))
    stack.values = {"Image": "img"}

    found = stacks.find(aws, "app")
    assert found == stacks.find(aws, stack.id)
    assert found is not None
    assert (found.id, found.status, found.outputs) == (stack.id, "CREATE_COMPLETE", {"Url": "http://x"})
    assert found.parameters == {"Image": "img"}

    cloud.delete_stack("app")
    time.sleep(60)
    assert stacks.find(aws, "app") is None
    assert stacks.find(aws, stack.id) is None


def test_outputs_of_a_stack_that_is_not_there() -> None:
    cloud = ScriptedCloudFormation(VirtualTime())
    cloud.put("app", "REVIEW_IN_PROGRESS")

    for name in ("app", "other"):
        with pytest.raises(DeployError, match=f"there is no stack {name} in eu-west-1; .*make airflow-deploy"):
            stacks.outputs(scripted({"cloudformation": cloud}), name)
