"""Templates as a deployment might have them: nested stacks that hand each other what they made, for tests to change.

They are made by hand, so that these tests say what a drawing needs of templates, whatever the generator makes today.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

Body = dict[str, Any]
ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class Wanted:
    """What the deployment has. Tiers are of subnets; `groups` are the groups of workers."""

    zones: int = 3
    tiers: Sequence[str] = ("public", "private", "isolated")
    nats: int = 3
    tasks_in: str = "private"
    stores_in: str = "isolated"
    scheme: str = "internet-facing"
    allowed: Sequence[str] = ("203.0.113.0/24", "198.51.100.7/32")
    groups: Sequence[str] = ("Workers", "HeavyWorkers", "SpotWorkers")
    flower: bool = True
    endpoints: Sequence[str] = ("s3", "ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssmmessages")
    broker: str = "valkey"
    aurora: bool = False
    existing: bool = False


def ref(name: str) -> Body:
    return {"Ref": name}


def att(stack: str, output: str) -> Body:
    return {"Fn::GetAtt": [stack, f"Outputs.{output}"]}


def template(resources: Body, outputs: Mapping[str, Any] | None = None, parameters: Sequence[str] = ()) -> Body:
    return {
        "Parameters": {
            name: {"Type": "CommaDelimitedList" if name.endswith("Ids") else "String"} for name in parameters
        },
        "Resources": resources,
        "Outputs": {name: {"Value": value} for name, value in (outputs or {}).items()},
    }


def resource(kind: str, **properties: Any) -> Body:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def text(bodies: Mapping[str, Body]) -> dict[str, str]:
    """Templates as the generator gives them."""
    return {name: yaml.dump(body, Dumper=yaml.CSafeDumper) for name, body in bodies.items()}


def templates(given: Wanted | None = None) -> dict[str, Body]:
    """Every template by file name, as data that a test may change before it is drawn."""
    wanted = given or Wanted()
    children = {
        "firewall": _firewall(wanted),
        "storage": _storage(),
        "database": _database(wanted),
        "broker": _broker(wanted),
        "load_balancer": _load_balancer(wanted),
        "services": _services(wanted),
        "scaling": _scaling(wanted),
        "alarms": template({"Topic": resource("SNS::Topic"), "Heartbeat": resource("CloudWatch::Alarm")}),
    }
    if wanted.endpoints:
        children["endpoints"] = _endpoints(wanted)
    if not wanted.existing:
        children = {"network": _network(wanted), **children}
        if wanted.nats:
            children["nat"] = _nat(wanted)
    known = {output: title(name) for name, body in children.items() for output in body["Outputs"]}
    stacks = {
        title(name): resource(
            "CloudFormation::Stack",
            TemplateURL=f"{name}.yml",
            Parameters={one: _given(one, known) for one in body["Parameters"]},
        )
        for name, body in children.items()
    }
    root = {**template(stacks), "Description": "Airflow on AWS: air-prod"}
    foundation = template({"ImageRepository": resource("ECR::Repository"), "TemplatesBucket": resource("S3::Bucket")})
    return {"foundation.yml": foundation, "root.yml": root, **{f"{name}.yml": body for name, body in children.items()}}


def title(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _given(parameter: str, known: Mapping[str, str]) -> Any:
    """A sibling's output of the same name; of an existing network, ids."""
    if parameter in known:
        return att(known[parameter], parameter)
    if parameter == "VpcId":
        return "vpc-0a1b2c3d4e5f60718"
    kind = parameter.removesuffix("SubnetIds").lower()
    return ",".join(f"subnet-0{number}a1b2c3d4e5f6{len(kind):02}" for number in (1, 2))


def _network(wanted: Wanted) -> Body:
    made: Body = {"Vpc": resource("EC2::VPC", CidrBlock="10.0.0.0/16")}
    if "public" in wanted.tiers:
        made["Gateway"] = resource("EC2::InternetGateway")
    outputs: Body = {"VpcId": ref("Vpc")}
    for number, tier in enumerate(wanted.tiers):
        names = [f"{title(tier)}Subnet{zone}" for zone in range(1, wanted.zones + 1)]
        for zone, name in enumerate(names):
            made[name] = resource(
                "EC2::Subnet",
                VpcId=ref("Vpc"),
                AvailabilityZone={"Fn::Select": [zone, {"Fn::GetAZs": ""}]},
                CidrBlock={"Fn::Select": [number * 16 + zone, {"Fn::Cidr": ["10.0.0.0/16", 64, 8]}]},
            )
            made[f"{name}Table"] = resource("EC2::RouteTable", VpcId=ref("Vpc"))
            made[f"{name}Routes"] = resource(
                "EC2::SubnetRouteTableAssociation", SubnetId=ref(name), RouteTableId=ref(f"{name}Table")
            )
            outputs[f"{title(tier)}Table{zone + 1}"] = ref(f"{name}Table")
            outputs[f"{title(tier)}Subnet{zone + 1}"] = ref(name)
            if tier == "public":
                made[f"{name}Out"] = resource(
                    "EC2::Route",
                    RouteTableId=ref(f"{name}Table"),
                    DestinationCidrBlock=ANYWHERE,
                    GatewayId=ref("Gateway"),
                )
        outputs[f"{title(tier)}SubnetIds"] = {"Fn::Join": [",", [ref(name) for name in names]]}
    return template(made, outputs)


def _nat(wanted: Wanted) -> Body:
    made: Body = {}
    for number in range(1, wanted.nats + 1):
        made[f"Nat{number}"] = resource("EC2::NatGateway", SubnetId=ref(f"PublicSubnet{number}"))
    for zone in range(1, wanted.zones + 1):
        nat = f"Nat{min(zone, wanted.nats)}"
        made[f"Route{zone}"] = resource(
            "EC2::Route",
            RouteTableId=ref(f"PrivateTable{zone}"),
            DestinationCidrBlock=ANYWHERE,
            NatGatewayId=ref(nat),
        )
    zones = range(1, wanted.zones + 1)
    return template(
        made, parameters=[f"PublicSubnet{n}" for n in range(1, wanted.nats + 1)] + [f"PrivateTable{n}" for n in zones]
    )


SERVICES = {"Webserver": 8080, "Scheduler": None, "DagProcessor": None, "Triggerer": 8794}


def components(wanted: Wanted) -> dict[str, int | None]:
    """Components by name, with the port that each listens on."""
    flower = {"Flower": 5555} if wanted.flower else {}
    return {**SERVICES, **flower, **dict.fromkeys(wanted.groups, 8793)}


def _firewall(wanted: Wanted) -> Body:
    groups = [*components(wanted), "LoadBalancer", "Database", "Broker", "Endpoints"]
    made: Body = {f"{name}Group": resource("EC2::SecurityGroup", VpcId=ref("VpcId")) for name in groups}
    made["LoadBalancerGroup"]["Properties"]["SecurityGroupIngress"] = [
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": network} for network in wanted.allowed
    ]
    rules = [
        *((name, "Database", 5432) for name in components(wanted) if name != "Flower"),
        *((name, "Broker", 6379) for name in ("Scheduler", *wanted.groups) if wanted.broker != "sqs"),
        *((name, "Webserver", 8080) for name in ("LoadBalancer", *wanted.groups)),
        *(("Webserver", name, 8793) for name in wanted.groups),
        ("Webserver", "Triggerer", 8794),
        *((name, "Endpoints", 443) for name in components(wanted)),
    ]
    for source, target, port in rules:
        made[f"{source}To{target}"] = ingress(f"{source}Group", f"{target}Group", port)
    return template(made, {f"{name}GroupId": ref(f"{name}Group") for name in groups}, ["VpcId"])


def ingress(source: str, target: str, port: int) -> Body:
    """A rule apart from its group."""
    return resource(
        "EC2::SecurityGroupIngress",
        GroupId=ref(target),
        SourceSecurityGroupId=ref(source),
        IpProtocol="tcp",
        FromPort=port,
        ToPort=port,
    )


def _endpoints(wanted: Wanted) -> Body:
    name = title(wanted.tasks_in)
    made = {
        f"{title(service.replace('.', '_'))}Endpoint": resource(
            "EC2::VPCEndpoint",
            ServiceName={"Fn::Sub": f"com.amazonaws.${{AWS::Region}}.{service}"},
            VpcId=ref("VpcId"),
            **(
                {"VpcEndpointType": "Gateway"}
                if service == "s3"
                else {
                    "VpcEndpointType": "Interface",
                    "SubnetIds": ref(f"{name}SubnetIds"),
                    "SecurityGroupIds": [ref("EndpointsGroupId")],
                }
            ),
        )
        for service in wanted.endpoints
    }
    return template(made, parameters=["VpcId", "EndpointsGroupId", f"{name}SubnetIds"])


def _storage() -> Body:
    return template(
        {
            "LogsBucket": resource("S3::Bucket"),
            "ComponentLogs": resource("Logs::LogGroup", RetentionInDays=30),
            "DatabaseSecret": resource("SecretsManager::Secret"),
            "FernetSecret": resource("SecretsManager::Secret"),
            "Key": resource("KMS::Key"),
            "Namespace": resource("ServiceDiscovery::PrivateDnsNamespace", Name="air-prod.internal", Vpc=ref("VpcId")),
        },
        {"LogsBucketName": ref("LogsBucket")},
        ["VpcId"],
    )


def _database(wanted: Wanted) -> Body:
    ids = f"{title(wanted.stores_in)}SubnetIds"
    place = {"DBSubnetGroupName": ref("DatabaseSubnets")}
    made: Body = {"DatabaseSubnets": resource("RDS::DBSubnetGroup", SubnetIds=ref(ids))}
    if wanted.aurora:
        made["MetadataDatabase"] = resource(
            "RDS::DBCluster",
            Engine="aurora-postgresql",
            EngineVersion="17.4",
            ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": 4},
            VpcSecurityGroupIds=[ref("DatabaseGroupId")],
            **place,
        )
        for name in ("Writer", "Reader"):
            made[name] = resource(
                "RDS::DBInstance", DBClusterIdentifier=ref("MetadataDatabase"), DBInstanceClass="db.serverless"
            )
    else:
        made["MetadataDatabase"] = resource(
            "RDS::DBInstance",
            Engine="postgres",
            EngineVersion="17",
            DBInstanceClass="db.m7g.large",
            AllocatedStorage="100",
            StorageType="gp3",
            MultiAZ=True,
            VPCSecurityGroups=[ref("DatabaseGroupId")],
            **place,
        )
    return template(made, parameters=[ids, "DatabaseGroupId"])


def _broker(wanted: Wanted) -> Body:
    if wanted.broker == "sqs":
        made = {"DefaultQueue": resource("SQS::Queue"), "HeavyQueue": resource("SQS::Queue")}
        return template(made, {"QueueUrl": ref("DefaultQueue")})
    ids = f"{title(wanted.stores_in)}SubnetIds"
    made = {
        "BrokerSubnets": resource("ElastiCache::SubnetGroup", SubnetIds=ref(ids)),
        "Broker": resource(
            "ElastiCache::ReplicationGroup",
            Engine=wanted.broker,
            EngineVersion="8.0",
            CacheNodeType="cache.m7g.large",
            NumCacheClusters=2,
            AutomaticFailoverEnabled=True,
            TransitEncryptionEnabled=True,
            CacheSubnetGroupName=ref("BrokerSubnets"),
            SecurityGroupIds=[ref("BrokerGroupId")],
        ),
    }
    return template(made, parameters=[ids, "BrokerGroupId"])


def _load_balancer(wanted: Wanted) -> Body:
    ids = "PublicSubnetIds" if wanted.scheme == "internet-facing" else f"{title(wanted.tasks_in)}SubnetIds"
    forward = {"Type": "forward", "TargetGroupArn": ref("WebserverTargets")}
    redirect = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "StatusCode": "HTTP_301"}}
    kind = "ElasticLoadBalancingV2"
    made = {
        "LoadBalancer": resource(
            f"{kind}::LoadBalancer",
            Scheme=wanted.scheme,
            Subnets=ref(ids),
            SecurityGroups=[ref("LoadBalancerGroupId")],
        ),
        "HttpListener": resource(
            f"{kind}::Listener",
            LoadBalancerArn=ref("LoadBalancer"),
            Port=80,
            Protocol="HTTP",
            DefaultActions=[redirect],
        ),
        "HttpsListener": resource(
            f"{kind}::Listener",
            LoadBalancerArn=ref("LoadBalancer"),
            Port=443,
            Protocol="HTTPS",
            DefaultActions=[forward],
        ),
        "WebserverTargets": resource(f"{kind}::TargetGroup", Port=8080, Protocol="HTTP", VpcId=ref("VpcId")),
        "FlowerTargets": resource(f"{kind}::TargetGroup", Port=5555, Protocol="HTTP", VpcId=ref("VpcId")),
        "FlowerRule": resource(
            f"{kind}::ListenerRule",
            ListenerArn=ref("HttpsListener"),
            Actions=[{"Type": "forward", "TargetGroupArn": ref("FlowerTargets")}],
        ),
        "Name": resource(
            "Route53::RecordSet",
            Name="airflow.example.com.",
            Type="A",
            AliasTarget={"DNSName": {"Fn::GetAtt": ["LoadBalancer", "DNSName"]}},
        ),
    }
    targets = {f"{name}Targets": ref(f"{name}Targets") for name in ("Webserver", "Flower")}
    return template(made, targets, ["VpcId", ids, "LoadBalancerGroupId"])


def _services(wanted: Wanted) -> Body:
    ids = f"{title(wanted.tasks_in)}SubnetIds"
    parameters = [ids, *(f"{name}GroupId" for name in components(wanted)), "WebserverTargets", "FlowerTargets"]
    made: Body = {"Cluster": resource("ECS::Cluster")}
    environment = []
    if wanted.broker == "sqs":
        parameters.append("QueueUrl")
        environment = [{"Name": "QUEUE", "Value": ref("QueueUrl")}]
    for name, port in components(wanted).items():
        worker = name in wanted.groups
        made[f"{name}TaskDefinition"] = resource(
            "ECS::TaskDefinition",
            Cpu="4096" if name == "HeavyWorkers" else "512",
            Memory="16384" if name == "HeavyWorkers" else "2048",
            ContainerDefinitions=[
                {
                    "Name": name,
                    "Command": ["airflow", *(["celery", "worker"] if worker else [name.lower()])],
                    "Environment": environment if worker or name == "Scheduler" else [],
                    "PortMappings": [{"ContainerPort": port}] if port else [],
                }
            ],
        )
        balancer = name in ("Webserver", "Flower")
        spot = [{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}]
        made[f"{name}Service"] = resource(
            "ECS::Service",
            Cluster=ref("Cluster"),
            DesiredCount=2 if name == "Scheduler" else 1,
            TaskDefinition=ref(f"{name}TaskDefinition"),
            LoadBalancers=[{"TargetGroupArn": ref(f"{name}Targets")}] if balancer else [],
            NetworkConfiguration={
                "AwsvpcConfiguration": {
                    "Subnets": ref(ids),
                    "SecurityGroups": [ref(f"{name}GroupId")],
                    "AssignPublicIp": "ENABLED" if wanted.tasks_in == "public" else "DISABLED",
                }
            },
            **({"CapacityProviderStrategy": spot} if name == "SpotWorkers" else {"LaunchType": "FARGATE"}),
        )
    outputs = {f"{name}Name": {"Fn::GetAtt": [f"{name}Service", "Name"]} for name in components(wanted)}
    return template(made, {"ClusterName": ref("Cluster"), **outputs}, parameters)


def _scaling(wanted: Wanted) -> Body:
    made = {
        f"{name}Target": resource(
            "ApplicationAutoScaling::ScalableTarget",
            MinCapacity=1,
            MaxCapacity=10,
            ResourceId={"Fn::Join": ["/", ["service", ref("ClusterName"), ref(f"{name}Name")]]},
        )
        for name in wanted.groups
    }
    return template(made, parameters=["ClusterName", *(f"{name}Name" for name in wanted.groups)])
