"""One nested template with every resource type: created, looked at, changed, failed and deleted."""

import json
import string

import pytest
from botocore.exceptions import ClientError

from local.embedded_aws import Endpoint
from tests.integration.embedded_aws.deploying import STACK, Trial
from tests.integration.embedded_aws.templates import children


@pytest.fixture
def trial(endpoint: Endpoint) -> Trial:
    return Trial(endpoint)


def test_everything_deploys_changes_and_goes_again(trial: Trial) -> None:
    before = trial.everything()

    assert trial.create(children())["StackStatus"] == "CREATE_COMPLETE"
    assert all(count > before[kind] for kind, count in trial.everything().items() if kind not in UNTOUCHED)
    first = trial.services()["Webserver"]["taskDefinition"]

    assert trial.update(children(cpu="1024"))["StackStatus"] == "UPDATE_COMPLETE"
    services = trial.services()
    assert services["Webserver"]["taskDefinition"] == first.replace("Definition:1", "Definition:2")
    assert trial.definition(services["Webserver"]["taskDefinition"])["cpu"] == "1024"
    assert trial.definition(first)["status"] == "INACTIVE"
    with pytest.raises(ClientError, match="No updates are to be performed"):
        trial.update(children(cpu="1024"))

    trial.client("s3").delete_bucket_policy(Bucket=trial.outputs()["BucketName"])
    assert trial.delete()["StackStatus"] == "DELETE_COMPLETE"
    assert trial.everything() == before | {"s3.Buckets": 1}  # the templates' own
    with pytest.raises(ClientError, match="does not exist"):
        trial.stack(STACK)


UNTOUCHED = {"rds.DBSnapshots"}


def test_attributes_and_references(trial: Trial) -> None:
    trial.create(children())
    told = trial.outputs()

    assert told["DatabaseSecret"].startswith("arn:aws:secretsmanager:us-east-1:")
    assert told["BucketArn"] == f"arn:aws:s3:::{told['BucketName']}"
    assert told["RepositoryUri"].startswith(f"{trial.endpoint.account}.dkr.ecr.us-east-1.amazonaws.com/")
    assert told["DnsName"].endswith(".us-east-1.elb.amazonaws.com")
    assert told["FullName"].startswith("app/")
    assert told["Zone"]
    alphanumeric = set(string.ascii_letters + string.digits)
    login = json.loads(trial.secret(told["DatabaseSecret"]))
    assert login["username"] == "airflow"
    for value, length in ((login["password"], 32), (trial.secret(told["TokenSecret"]), 64)):
        assert len(value) == length
        assert set(value) <= alphanumeric
    assert trial.child("Network")["ParentId"] == trial.stack(STACK)["StackId"]


def test_task_definitions_and_services_come_back_whole(trial: Trial) -> None:
    trial.create(children())
    told = trial.outputs()
    service = trial.services()["Webserver"]
    definition = trial.definition(service["taskDefinition"])

    container = definition["containerDefinitions"][0]
    assert container["secrets"] == [
        {"name": "DATABASE_PASSWORD", "valueFrom": f"{told['DatabaseSecret']}:password::"},
        {"name": "FERNET_KEY", "valueFrom": told["FernetSecret"]},
    ]
    assert container["environment"] == [
        {"name": "DATABASE_HOST", "value": "localhost"},
        {"name": "N", "value": "8080"},
    ]
    health = {"command": ["CMD", "true"], "interval": 30, "timeout": 20, "retries": 3, "startPeriod": 300}
    assert container["healthCheck"] == health
    assert container["dependsOn"] == [{"containerName": "sidecar", "condition": "START"}]
    assert container["portMappings"] == [{"containerPort": 8080, "name": "web"}]
    assert container["stopTimeout"] == 120
    assert container["linuxParameters"] == {"initProcessEnabled": True}
    assert definition["runtimePlatform"] == {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}
    assert definition["memory"] == "1024"

    assert service["desiredCount"] == 1
    assert service["enableExecuteCommand"] is True
    assert service["propagateTags"] == "SERVICE"
    assert service["serviceRegistries"][0]["registryArn"].startswith("arn:aws:servicediscovery:")
    assert service["deploymentConfiguration"]["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert service["deployments"][0]["serviceConnectConfiguration"]["namespace"] == "trial.internal"
    assert {"key": "component", "value": "webserver"} in service["tags"]
    assert trial.services()["Workers"]["desiredCount"] == 2


def test_what_scaled_is_left_alone_unless_the_template_counts(trial: Trial) -> None:
    trial.create(children())
    for service in trial.services().values():
        trial.client("ecs").update_service(cluster=service["clusterArn"], service=service["serviceArn"], desiredCount=5)

    trial.update(children(cpu="1024"))

    counts = {name: service["desiredCount"] for name, service in trial.services().items()}
    assert counts == {"Webserver": 5, "Workers": 2}


def test_only_what_changes_is_spoken_of(trial: Trial) -> None:
    trial.create(children())
    quiet = trial.child("Network")["StackId"]
    before, said = trial.events(quiet), len(trial.events(trial.child("Services")["StackId"]))
    trial.update(children(cpu="1024"))

    name = trial.child("Services")["StackName"]
    changed = ["Definition", "Webserver", "Workers"]
    assert trial.events(trial.child("Services")["StackId"])[said:] == [
        (name, "UPDATE_IN_PROGRESS"),
        *[(one, status) for one in changed for status in ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")],
        ("Definition", "DELETE_IN_PROGRESS"),
        ("Definition", "DELETE_COMPLETE"),
        (name, "UPDATE_COMPLETE"),
    ]
    assert trial.events(quiet) == before


def test_a_failed_create_leaves_nothing(trial: Trial) -> None:
    before = trial.everything()
    assert trial.create(children(fails=True))["StackStatus"] == "ROLLBACK_COMPLETE"
    events = trial.client("cloudformation").describe_stack_events(StackName=STACK)["StackEvents"]
    reasons = [event["ResourceStatusReason"] for event in events if event["ResourceStatus"] == "CREATE_FAILED"]
    assert len(reasons) == 1
    assert "The following resource(s) failed to create: [Broken]" in reasons[0]
    trial.delete()
    assert trial.everything() == before | {"s3.Buckets": 1}


def test_a_failed_create_that_may_stay_is_deleted_with_its_parent(trial: Trial) -> None:
    before = trial.everything()
    assert trial.create(children(fails=True), DisableRollback=True)["StackStatus"] == "CREATE_FAILED"
    assert trial.child("Services")["StackStatus"] == "CREATE_FAILED"
    assert trial.delete()["StackStatus"] == "DELETE_COMPLETE"
    assert trial.everything() == before | {"s3.Buckets": 1}


def test_a_failed_update_puts_back_what_was(trial: Trial) -> None:
    trial.create(children())
    assert trial.update(children(cpu="1024", fails=True))["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert trial.child("Services")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert trial.definition(trial.services()["Webserver"]["taskDefinition"])["cpu"] == "512"
    assert trial.update(children(cpu="2048"))["StackStatus"] == "UPDATE_COMPLETE"
    assert trial.definition(trial.services()["Webserver"]["taskDefinition"])["cpu"] == "2048"


def test_a_bucket_that_holds_something_is_not_deleted(trial: Trial) -> None:
    trial.create(children())
    bucket = trial.outputs()["BucketName"]
    trial.client("s3").put_object(Bucket=bucket, Key="logs/one", Body=b"kept")

    assert trial.delete()["StackStatus"] == "DELETE_FAILED"
    kept = trial.client("s3").get_object(Bucket=bucket, Key="logs/one")["Body"].read()
    assert kept == b"kept"

    trial.client("s3").delete_object(Bucket=bucket, Key="logs/one")
    assert trial.delete()["StackStatus"] == "DELETE_COMPLETE"


def test_parameters_a_child_does_not_have_fail_it(trial: Trial) -> None:
    wrong = children()
    del wrong["Services"]["Parameters"]["WorkerCount"]
    wrong["Services"]["Resources"]["Workers"]["Properties"]["DesiredCount"] = 1
    assert trial.create(wrong)["StackStatus"] == "ROLLBACK_COMPLETE"
