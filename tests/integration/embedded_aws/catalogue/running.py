"""What runs, and how much of it: a cluster, a task definition, a service, its discovery and its scaling."""

from typing import Any

from tests.integration.embedded_aws.catalogue.topic import Question, Topic, resource, sub, tags
from tests.integration.embedded_aws.templates import att, ref

SCALING = "application-autoscaling"


def running(now: int) -> Topic:
    takes = ("VpcId", "SubnetA", "GroupId", "KeyArn", "RoleArn", "LogGroupName")
    return Topic({**_cluster(now), **_definition(now), **_service(now), **_scaling(now)}, _questions(now), takes)


def _strategy(now: int) -> list[dict[str, Any]]:
    return [
        {"CapacityProvider": "FARGATE", "Base": 1, "Weight": 1},
        {"CapacityProvider": "FARGATE_SPOT", "Weight": 3 * now},
    ]


def _cluster(now: int) -> dict[str, Any]:
    execute = {
        "KmsKeyId": ref("KeyArn"),
        "Logging": "OVERRIDE",
        "LogConfiguration": {"CloudWatchLogGroupName": ref("LogGroupName")},
    }
    return {
        "Cluster": resource(
            "AWS::ECS::Cluster",
            CapacityProviders=["FARGATE", "FARGATE_SPOT"],
            DefaultCapacityProviderStrategy=_strategy(now),
            Configuration={"ExecuteCommandConfiguration": execute},
            ClusterSettings=[{"Name": "containerInsights", "Value": "enabled"}],
            ServiceConnectDefaults={"Namespace": att("Namespace", "Arn")},
            Tags=tags(now=now),
        ),
        "Namespace": resource(
            "AWS::ServiceDiscovery::PrivateDnsNamespace", Name="trial.local", Vpc=ref("VpcId"), Description=f"n{now}"
        ),
        "Discovery": resource(
            "AWS::ServiceDiscovery::Service",
            Name="web",
            NamespaceId=ref("Namespace"),
            DnsConfig={"RoutingPolicy": "MULTIVALUE", "DnsRecords": [{"Type": "A", "TTL": 10 * now}]},
        ),
    }


def _definition(now: int) -> dict[str, Any]:
    def container(name: str, **more: Any) -> dict[str, Any]:
        return {
            "Name": name,
            "Image": "image",
            "ReadonlyRootFilesystem": True,
            "MountPoints": [{"SourceVolume": "tmp", "ContainerPath": "/scratch", "ReadOnly": "false"}],
            "Ulimits": [{"Name": "nofile", "SoftLimit": 65536, "HardLimit": "65536"}],
            "LinuxParameters": {"InitProcessEnabled": True, "Capabilities": {"Drop": ["ALL"]}},
            "DockerLabels": {"Some.Label": "x"},
            **more,
        }

    side = container("side", Essential=False, HealthCheck={"Command": ["CMD", "true"]})
    web = container("web", DependsOn=[{"ContainerName": "side", "Condition": "HEALTHY"}])
    return {
        "Definition": resource(
            "AWS::ECS::TaskDefinition",
            Family="trial",
            Cpu="1024",
            Memory=2048 * now,
            NetworkMode="awsvpc",
            RequiresCompatibilities=["FARGATE"],
            RuntimePlatform={"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"},
            EphemeralStorage={"SizeInGiB": "50"},
            Volumes=[{"Name": "tmp"}],
            ContainerDefinitions=[web, side],
            ExecutionRoleArn=ref("RoleArn"),
            Tags=tags(now=now),
        )
    }


def _service(now: int) -> dict[str, Any]:
    def targets(port: int) -> dict[str, Any]:
        return resource(
            "AWS::ElasticLoadBalancingV2::TargetGroup",
            Port=port,
            Protocol="HTTP",
            TargetType="ip",
            VpcId=ref("VpcId"),
        )

    network = {"Subnets": [ref("SubnetA")], "SecurityGroups": [ref("GroupId")], "AssignPublicIp": "DISABLED"}
    return {
        "Targets": targets(8080),
        "SideTargets": targets(5555),
        "Service": resource(
            "AWS::ECS::Service",
            Cluster=ref("Cluster"),
            TaskDefinition=ref("Definition"),
            CapacityProviderStrategy=_strategy(now),
            LoadBalancers=[
                {"ContainerName": "web", "ContainerPort": 8080, "TargetGroupArn": ref("Targets")},
                {"ContainerName": "side", "ContainerPort": 5555, "TargetGroupArn": ref("SideTargets")},
            ],
            ServiceRegistries=[{"RegistryArn": att("Discovery", "Arn")}],
            NetworkConfiguration={"AwsvpcConfiguration": network},
            Tags=tags(now=now),
        )
        | {"DependsOn": ["Targets", "SideTargets"]},
        "Moved": resource(
            "AWS::ECS::Service",
            Cluster=ref("Cluster"),
            TaskDefinition=ref("Definition"),
            **({"LaunchType": "FARGATE"} if now == 1 else {"CapacityProviderStrategy": _strategy(now)[1:]}),
        ),
    }


def _scaling(now: int) -> dict[str, Any]:
    night = {
        "ScheduledActionName": "night",
        "Schedule": "cron(0 20 * * ? *)",
        "Timezone": "Europe/Berlin",
        "ScalableTargetAction": {"MinCapacity": "0", "MaxCapacity": now},
    }
    day = {"ScheduledActionName": "day", "Schedule": "cron(0 6 * * ? *)", "ScalableTargetAction": {"MinCapacity": 1}}

    def policy(name: str, metric: str) -> dict[str, Any]:
        tracking = {"TargetValue": 40 * now, "PredefinedMetricSpecification": {"PredefinedMetricType": metric}}
        return resource(
            "AWS::ApplicationAutoScaling::ScalingPolicy",
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            ScalingTargetId=ref("Target"),
            TargetTrackingScalingPolicyConfiguration=tracking,
        )

    return {
        "Target": resource(
            "AWS::ApplicationAutoScaling::ScalableTarget",
            ServiceNamespace="ecs",
            ScalableDimension="ecs:service:DesiredCount",
            ResourceId=sub("service/${Cluster}/${Service.Name}"),
            MinCapacity=1,
            MaxCapacity=4 * now,
            ScheduledActions=[night, day][: 3 - now],
        ),
        "Cpu": policy("cpu", "ECSServiceAverageCPUUtilization"),
        "Memory": policy("memory", "ECSServiceAverageMemoryUtilization"),
    }


def _questions(now: int) -> list[Question]:
    def cluster(where: str, expected: Any) -> Question:
        include = ["CONFIGURATIONS", "SETTINGS", "TAGS"]
        return Question("ecs", "describe_clusters", {"clusters": ["<Cluster>"], "include": include}, where, expected)

    def definition(where: str, expected: Any) -> Question:
        asked = {"taskDefinition": "<Definition>", "include": ["TAGS"]}
        return Question("ecs", "describe_task_definition", asked, where, expected)

    def service(where: str, expected: Any) -> Question:
        asked = {"cluster": "<Cluster>", "services": ["<Service.ServiceArn>"], "include": ["TAGS"]}
        return Question("ecs", "describe_services", asked, f"services[0].{where}", expected)

    def scaling(operation: str, where: str, expected: Any) -> Question:
        return Question(SCALING, operation, {"ServiceNamespace": "ecs"}, where, expected)

    def container(where: str, expected: Any) -> Question:
        return definition(f"taskDefinition.containerDefinitions[].{where}", expected)

    strategy = [["FARGATE", 1, 1], ["FARGATE_SPOT", None, 3 * now]]
    written = "[capacityProvider, base, weight]"
    night = ["night", "Europe/Berlin", [0, now], "service/<Cluster>/<Service.Name>"]
    return [
        cluster("clusters[0].clusterArn", "<Cluster.Arn>"),
        cluster(f"clusters[0].defaultCapacityProviderStrategy[].{written}", strategy),
        cluster("clusters[0].capacityProviders", ["FARGATE", "FARGATE_SPOT"]),
        cluster("clusters[0].configuration.executeCommandConfiguration.[kmsKeyId, logging]", ["<KeyArn>", "OVERRIDE"]),
        cluster("clusters[0].settings[0].value", "enabled"),
        cluster("clusters[0].serviceConnectDefaults.namespace", "<Namespace.Arn>"),
        cluster("clusters[0].tags[?key=='now'].value", [f"{now}"]),
        Question(
            "servicediscovery",
            "get_namespace",
            {"Id": "<Namespace.Id>"},
            "Namespace.[Arn, Name, Description]",
            ["<Namespace.Arn>", "trial.local", f"n{now}"],
        ),
        Question(
            "servicediscovery",
            "get_service",
            {"Id": "<Discovery>"},
            "Service.[Arn, Name, NamespaceId, DnsConfig.DnsRecords[0].TTL]",
            ["<Discovery.Arn>", "<Discovery.Name>", "<Namespace>", 10 * now],
        ),
        definition("taskDefinition.[revision, memory]", [now, f"{2048 * now}"]),
        definition("taskDefinition.[ephemeralStorage.sizeInGiB, volumes[].name]", [50, ["tmp"]]),
        definition("taskDefinition.runtimePlatform.cpuArchitecture", "ARM64"),
        definition("tags[?key=='now'].value", [f"{now}"]),
        container("[name, readonlyRootFilesystem]", [["web", True], ["side", True]]),
        container("mountPoints[].[sourceVolume, containerPath, readOnly]", [["tmp", "/scratch", False]] * 2),
        container("ulimits[].[name, softLimit, hardLimit]", [["nofile", 65536, 65536]] * 2),
        container("linuxParameters.[initProcessEnabled, capabilities.drop]", [[True, ["ALL"]]] * 2),
        container("dockerLabels", [{"Some.Label": "x"}] * 2),
        container("dependsOn[].condition", ["HEALTHY"]),
        service("[serviceName, launchType, taskDefinition]", ["<Service.Name>", None, "<Definition>"]),
        service(f"capacityProviderStrategy[].{written}", strategy),
        service(f"deployments[0].capacityProviderStrategy[].{written}", strategy),
        service("loadBalancers[].[containerName, targetGroupArn]", [["web", "<Targets>"], ["side", "<SideTargets>"]]),
        service("[tags[?key=='now'].value, serviceRegistries[0].registryArn]", [[f"{now}"], "<Discovery.Arn>"]),
        Question(
            "ecs",
            "describe_services",
            {"cluster": "<Cluster>", "services": ["<Moved>"]},
            "services[0].[launchType, capacityProviderStrategy[0].capacityProvider]",
            ["FARGATE", None] if now == 1 else [None, "FARGATE_SPOT"],
        ),
        scaling(
            "describe_scalable_targets",
            "ScalableTargets[].[ScalableTargetARN, MinCapacity, MaxCapacity]",
            [["<Target.ScalableTargetARN>", 1, 4 * now]],
        ),
        scaling(
            "describe_scaling_policies",
            "ScalingPolicies[].[PolicyARN, TargetTrackingScalingPolicyConfiguration.TargetValue]",
            [["<Cpu>", 40.0 * now], ["<Memory>", 40.0 * now]],
        ),
        scaling("describe_scheduled_actions", "ScheduledActions[].ScheduledActionName", ["night", "day"][: 3 - now]),
        scaling(
            "describe_scheduled_actions",
            "ScheduledActions[0].[ScheduledActionName, Timezone, ScalableTargetAction.[MinCapacity, MaxCapacity],"
            " ResourceId]",
            night,
        ),
    ]
