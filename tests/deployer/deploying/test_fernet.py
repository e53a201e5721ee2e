from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from deployer.cloudformation import stacks
from deployer.cloudformation.stacks import Stack, StackNames
from deployer.deploying import deployed, fernet
from deployer.deploying.deployed import LastDeploy
from deployer.deploying.fernet import Brought, Offer
from deployer.errors import DeployError
from deployer.tools import Tools
from tests.deployer.scripted_clients import RefusedError, Service, scripted
from tests.deployer.scripted_cloudformation import Graph, Resource, ScriptedCloudFormation, VirtualTime, nested
from tests.deployer.scripted_secrets import ScriptedSecrets
from tests.deployer.scripted_snapshots import Rds
from tests.deployer.scripted_storage import ScriptedS3

NAMES = StackNames("airflow", "dev")
KEY = base64.urlsafe_b64encode(b"k" * 32).decode()
OTHER = base64.urlsafe_b64encode(b"\xfb\xff" * 16).decode()  # with - and _
TAGS = {"Service": "airflow", "Environment": "dev"}


class Scene:
    """A foundation, and nothing on it yet."""

    def __init__(self) -> None:
        self.time = VirtualTime()
        self.cloud, self.secrets = ScriptedCloudFormation(self.time), ScriptedSecrets()
        self.s3, self.rds = ScriptedS3("bucket"), Rds()
        served: dict[str, Service] = {"cloudformation": self.cloud, "secretsmanager": self.secrets, "s3": self.s3}
        self.aws = scripted({**served, "rds": self.rds})
        self.said: list[str] = []
        self.tools = Tools(self.aws, self.said.append, clock=self.time.clock())
        self.lay()

    def lay(self) -> None:
        """Make a foundation, another than any before."""
        for stack in list(self.cloud.stacks):
            del self.cloud.stacks[stack]
        self.cloud.put(
            NAMES.foundation, "CREATE_COMPLETE", Graph(outputs={"KeyArn": "arn:key", "TemplatesBucket": "bucket"})
        )

    def bring(self, key: str = KEY, root: Stack | None = None, *, own_key: bool = False) -> Brought:
        return fernet.bring(self.tools, NAMES, root, Offer(key, TAGS, own_key))

    def stands(self, status: str = "CREATE_COMPLETE", **parameters: str) -> Stack:
        own = nested("Secrets", Resource("FernetSecret", "AWS::SecretsManager::Secret"))
        made = self.cloud.put(NAMES.root, status, Graph((own,)))
        self.cloud.names = {"FernetSecret": "airflow-dev-own"}
        return Stack(made.id, NAMES.root, status, "", parameters, {}, protected=False)


def test_a_key_goes_into_a_tagged_secret_that_the_root_is_told_of() -> None:
    scene = Scene()

    brought = scene.bring()

    ((name, secret),) = scene.secrets.secrets.items()
    assert name.startswith("airflow-dev-fernet-")
    assert brought.parameters == {"FernetSecretArn": secret.arn}
    assert (secret.value, secret.key) == (KEY, "")
    assert secret.tags == {**TAGS, "airflow-on-aws:fernet-key-of": "airflow-dev"}
    assert scene.said == [f"The Fernet key of AIRFLOW__CORE__FERNET_KEY is kept in the secret {name}"]


def test_it_is_encrypted_with_the_environments_own_key() -> None:
    scene = Scene()
    scene.bring(own_key=True)
    assert [each.key for each in scene.secrets.secrets.values()] == ["arn:key"]


def test_without_a_key_nothing_is_made() -> None:
    scene = Scene()
    assert scene.bring("") == Brought()
    assert scene.secrets.secrets == {}


def test_without_a_key_a_standing_environment_costs_no_call() -> None:
    scene = Scene()
    root = scene.stands()
    assert scene.bring("", root) == Brought()
    assert scene.secrets.calls == scene.cloud.calls == []


@pytest.mark.parametrize("key", ["short", KEY[:-2], KEY + "A", KEY.replace("a", "!"), f"{KEY},", f"{KEY},x", "ä" * 44])
def test_what_is_no_key_is_refused_and_not_shown(key: str) -> None:
    scene = Scene()
    with pytest.raises(DeployError, match="AIRFLOW__CORE__FERNET_KEY is no Fernet key: that is 32 bytes") as raised:
        scene.bring(key)
    assert key not in str(raised.value)
    assert scene.secrets.calls == []


def test_the_key_shows_up_nowhere() -> None:
    scene = Scene()
    offer = Offer(KEY)
    root = scene.stands(**scene.bring().parameters)
    with pytest.raises(DeployError) as raised:
        scene.bring(OTHER, root)
    scene.bring(OTHER)
    assert not any(key in text for key in (KEY, OTHER) for text in (repr(offer), str(raised.value), *scene.said))


@pytest.mark.parametrize("key", [KEY, ""])
def test_after_an_interruption_it_is_found_again_and_not_made_twice(key: str) -> None:
    scene = Scene()
    first = scene.bring()

    again = scene.bring(key)

    assert again.parameters == first.parameters
    assert scene.secrets.calls.count("CreateSecret") == 1
    (name,) = scene.secrets.secrets
    assert scene.said[-1] == f"The Fernet key that was brought before is used: it is in the secret {name}"
    again.withdraw()
    assert not scene.secrets.alive, "still no stack has come of it"


def test_another_key_takes_the_place_of_one_that_nothing_was_encrypted_with() -> None:
    scene = Scene()
    scene.stands()
    scene.cloud.remove_by_hand(NAMES.root)  # an earlier life, over another foundation
    scene.rds.earlier("of-that-life", "db-0", **TAGS)
    first = scene.bring(OTHER)  # and it is killed before there is a root

    again = scene.bring(KEY)

    assert again.parameters == first.parameters
    ((name, secret),) = scene.secrets.secrets.items()
    assert secret.value == KEY
    assert scene.said[-1].endswith(f"takes the place of the one brought before, in the secret {name}")


def test_once_a_deploy_was_completed_over_its_foundation_it_is_neither_exchanged_nor_taken_back() -> None:
    scene = Scene()
    first = scene.bring()
    # The root has gone since, and has left a snapshot; whoever destroyed it was interrupted.
    deployed.write(scene.aws, "bucket", LastDeploy("hash", {}, "2026-01-01T00:00:00Z", "arn:somebody"))

    with pytest.raises(DeployError, match=r"another key than airflow-dev has.*; unset it"):
        scene.bring(OTHER)
    again = scene.bring(KEY)

    assert again.parameters == first.parameters
    again.withdraw()
    assert [each.value for each in scene.secrets.alive.values()] == [KEY]


def _root_is_gone(scene: Scene, arn: str) -> None:
    scene.cloud._get(scene.stands().id).values = {"FernetSecretArn": arn}
    scene.cloud.remove_by_hand(NAMES.root)


def _snapshot_is_left(scene: Scene, _: str) -> None:
    scene.rds.instance("final", "db-1", 2, **TAGS, Owner="data")


def _deploy_began(scene: Scene, _: str) -> None:
    deployed.begin(scene.aws, "bucket", None, [])


def _stacks_may_not_be_listed(scene: Scene, _: str) -> None:
    def refused(**_: object) -> None:
        raise RefusedError("AccessDenied", "not authorized to perform: cloudformation:ListStacks", 403)

    scene.cloud.list_stacks = refused  # type: ignore[method-assign,assignment]


def _snapshots_may_not_be_listed(scene: Scene, _: str) -> None:
    scene.rds.denied = True


@pytest.mark.parametrize(
    "doubt",
    [
        _root_is_gone,
        _snapshot_is_left,
        _deploy_began,
        _stacks_may_not_be_listed,
        _snapshots_may_not_be_listed,
    ],
)
def test_what_may_be_encrypted_with_a_key_keeps_it(doubt: Callable[[Scene, str], None]) -> None:
    """Nothing is written down of it where the foundation's bucket was lost, or the first deploy was killed."""
    scene = Scene()
    arn = scene.bring().parameters["FernetSecretArn"]
    doubt(scene, arn)

    with pytest.raises(DeployError, match=r"another key than airflow-dev has.*; unset it"):
        scene.bring(OTHER)
    for key in (KEY, ""):
        again = scene.bring(key)
        assert again.parameters == {"FernetSecretArn": arn}
        again.withdraw()

    assert [each.value for each in scene.secrets.alive.values()] == [KEY]


def test_no_stack_came_of_it_and_it_is_gone() -> None:
    scene = Scene()
    scene.bring().withdraw()
    assert not scene.secrets.alive


def test_a_secret_that_cannot_be_withdrawn_is_told_and_hides_nothing() -> None:
    scene = Scene()
    brought = scene.bring()
    scene.secrets.secrets.clear()
    brought.withdraw()
    assert "stays behind: DeleteSecret failed" in scene.said[-1]


def test_a_name_that_is_not_free_yet_is_waited_for() -> None:
    scene = Scene()
    scene.secrets.lingering = 20
    scene.bring().withdraw()

    scene.bring()

    assert scene.time.seconds >= 20
    assert len(scene.secrets.alive) == 1


def test_a_secret_that_somebody_has_deleted_is_to_be_restored() -> None:
    scene = Scene()
    arn = scene.bring().parameters["FernetSecretArn"]
    fernet.remove(scene.aws, arn)
    with pytest.raises(
        DeployError, match=r"is scheduled for deletion.*restore-secret .*--secret-id airflow-dev-fernet-"
    ):
        scene.bring()


def test_another_foundation_makes_another_name() -> None:
    scene = Scene()
    scene.bring()
    scene.lay()
    scene.bring(OTHER)
    assert len(scene.secrets.alive) == 2


def test_the_same_key_later_is_fine() -> None:
    scene = Scene()
    root = scene.stands(**scene.bring().parameters)
    assert scene.bring(KEY, root) == scene.bring(KEY.rstrip("="), root) == Brought()


def test_one_of_two_keys_that_are_being_rotated_is_fine() -> None:
    scene = Scene()
    root = scene.stands(FernetSecretArn=scene.secrets.put("rotating", f"{OTHER},{KEY}"))
    assert scene.bring(KEY, root) == Brought()
    assert scene.bring(f"{OTHER},{KEY}", root) == Brought()


def _of_parameter(scene: Scene) -> Stack:
    return scene.stands(FernetSecretArn=scene.secrets.put("given", OTHER))


def _of_stack(scene: Scene) -> Stack:
    root = scene.stands(FernetSecretArn="")
    scene.secrets.put("airflow-dev-own", "A" * 43)
    return root


@pytest.mark.parametrize("have", [_of_parameter, _of_stack])
def test_another_key_later_is_refused_with_what_to_do(have: Callable[[Scene], Stack]) -> None:
    scene = Scene()
    root = have(scene)
    with pytest.raises(DeployError, match=r"another key than airflow-dev has.*; unset it: .* `NEW,OLD`"):
        scene.bring(KEY, root)


def test_a_key_that_may_not_be_read_cannot_be_compared() -> None:
    scene = Scene()
    root = _of_parameter(scene)
    scene.secrets.denied.add(root.parameters["FernetSecretArn"])
    with pytest.raises(DeployError, match=r"cannot be told: AWS does not allow GetSecretValue.*; unset it"):
        scene.bring(KEY, root)


def test_what_was_put_away_is_found_by_its_foundation_and_by_the_root() -> None:
    scene = Scene()
    arn = scene.bring().parameters["FernetSecretArn"]
    root = scene.stands(FernetSecretArn=arn)
    foundation: Any = Stack(next(iter(scene.cloud.stacks)), NAMES.foundation, "", "", {}, {}, protected=False)

    assert fernet.put_away(scene.aws, NAMES, None, foundation) == arn
    assert fernet.put_away(scene.aws, NAMES, root, None) == arn
    fernet.remove(scene.aws, arn)
    assert fernet.put_away(scene.aws, NAMES, root, foundation) == ""
    fernet.remove(scene.aws, arn + "x")  # gone is gone


def test_what_is_somebody_elses_or_may_not_be_looked_at_is_none_of_ours() -> None:
    scene = Scene()
    root = scene.stands(FernetSecretArn=scene.secrets.put("shared", KEY))
    foundation: Any = Stack(next(iter(scene.cloud.stacks)), NAMES.foundation, "", "", {}, {}, protected=False)
    scene.secrets.calls.clear()

    assert fernet.put_away(scene.aws, NAMES, root, None) == ""
    assert scene.secrets.calls == [], "its name tells"

    scene.bring()
    scene.secrets.closed = True
    assert fernet.put_away(scene.aws, NAMES, root, foundation) == ""


def test_which_foundation_a_secret_is_of_is_in_its_name() -> None:
    scene = Scene()
    arn = scene.bring().parameters["FernetSecretArn"]
    first = stacks.find(scene.aws, NAMES.foundation)
    scene.lay()

    assert fernet.is_of(NAMES, first, arn)
    assert not fernet.is_of(NAMES, stacks.find(scene.aws, NAMES.foundation), arn)
    assert not fernet.is_of(NAMES, None, arn)
