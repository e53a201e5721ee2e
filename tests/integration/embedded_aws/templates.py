"""A stack with children that uses every resource type the embedded AWS must serve, as plain data."""

from collections.abc import Callable
from typing import Any

Template = dict[str, Any]

TASKS_MAY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def att(name: str, attribute: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, attribute]}


def secret_value(parameter: str, key: str = "") -> dict[str, str]:
    return {"Fn::Sub": f"{{{{resolve:secretsmanager:${{{parameter}}}:SecretString:{key}}}}}"}


def template(resources: Template, outputs: Template, parameters: list[str] | None = None) -> Template:
    return {
        "Parameters": {name: {"Type": kind(name)} for name in parameters or []},
        "Resources": resources,
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }


def kind(parameter: str) -> str:
    if parameter.endswith("Ids"):
        return "CommaDelimitedList"
    return "Number" if parameter.endswith("Count") else "String"


def network() -> Template:
    rules: Template = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432}
    resources: Template = {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16", "EnableDnsSupport": True}},
        "Gateway": {"Type": "AWS::EC2::InternetGateway"},
        "Attachment": {
            "Type": "AWS::EC2::VPCGatewayAttachment",
            "Properties": {"VpcId": ref("Vpc"), "InternetGatewayId": ref("Gateway")},
        },
        "Table": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": ref("Vpc")}},
        "Route": {
            "Type": "AWS::EC2::Route",
            "DependsOn": "Attachment",
            "Properties": {
                "RouteTableId": ref("Table"),
                "DestinationCidrBlock": "0.0.0.0/0",
                "GatewayId": ref("Gateway"),
            },
        },
        "Tasks": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "t", "VpcId": ref("Vpc")}},
        "Database": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "d", "VpcId": ref("Vpc")}},
        "In": {
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": {"GroupId": ref("Database"), "SourceSecurityGroupId": ref("Tasks"), **rules},
        },
        "Out": {
            "Type": "AWS::EC2::SecurityGroupEgress",
            "Properties": {"GroupId": ref("Tasks"), "DestinationSecurityGroupId": ref("Database"), **rules},
        },
        "Address": {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc"}},
        "Nat": {
            "Type": "AWS::EC2::NatGateway",
            "Properties": {"SubnetId": ref("SubnetA"), "AllocationId": att("Address", "AllocationId")},
        },
        "Endpoint": {
            "Type": "AWS::EC2::VPCEndpoint",
            "Properties": {
                "VpcId": ref("Vpc"),
                "ServiceName": {"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"},
                "RouteTableIds": [ref("Table")],
            },
        },
    }
    for number, letter in enumerate("AB"):
        zone = {"Fn::Select": [number, {"Fn::GetAZs": ""}]}
        resources[f"Subnet{letter}"] = {
            "Type": "AWS::EC2::Subnet",
            "Properties": {"VpcId": ref("Vpc"), "CidrBlock": f"10.0.{number}.0/24", "AvailabilityZone": zone},
        }
        resources[f"Association{letter}"] = {
            "Type": "AWS::EC2::SubnetRouteTableAssociation",
            "Properties": {"SubnetId": ref(f"Subnet{letter}"), "RouteTableId": ref("Table")},
        }
    subnets = {"Fn::Join": [",", [ref("SubnetA"), ref("SubnetB")]]}
    return template(resources, {"VpcId": ref("Vpc"), "SubnetIds": subnets, "GroupId": att("Tasks", "GroupId")})


def storage(colour: str) -> Template:
    resources = {
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
                },
                "PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "BlockPublicPolicy": True},
            },
        },
        "Policy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": ref("Bucket"),
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "s3:*",
                            "Resource": {"Fn::Sub": "${Bucket.Arn}/*"},
                            "Condition": {"Bool": {"aws:SecureTransport": "never"}},
                        }
                    ],
                },
            },
        },
        "Repository": {"Type": "AWS::ECR::Repository", "Properties": {"ImageScanningConfiguration": {}}},
        "Logs": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"RetentionInDays": 7, "Tags": [{"Key": "colour", "Value": colour}]},
        },
    }
    outputs = {
        "BucketName": ref("Bucket"),
        "BucketArn": att("Bucket", "Arn"),
        "RepositoryUri": att("Repository", "RepositoryUri"),
        "LogGroupName": ref("Logs"),
    }
    return template(resources, outputs)


def secrets() -> Template:
    def secret(**wish: object) -> Template:
        return {"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": wish}}

    json_template = '{"username": "airflow"}'
    resources = {
        "Database": secret(
            PasswordLength=32,
            ExcludePunctuation=True,
            SecretStringTemplate=json_template,
            GenerateStringKey="password",
        ),
        "Token": secret(PasswordLength=64, ExcludePunctuation=True),
        "Fernet": secret(PasswordLength=43, ExcludePunctuation=True),
    }
    return template(resources, {"DatabaseArn": ref("Database"), "TokenArn": ref("Token"), "FernetArn": ref("Fernet")})


def database() -> Template:
    resources = {
        "Subnets": {
            "Type": "AWS::RDS::DBSubnetGroup",
            "Properties": {"DBSubnetGroupDescription": "d", "SubnetIds": ref("SubnetIds")},
        },
        "Parameters": {
            "Type": "AWS::RDS::DBParameterGroup",
            "Properties": {"Family": "postgres17", "Description": "d", "Parameters": {"rds.force_ssl": "1"}},
        },
        "Database": {
            "Type": "AWS::RDS::DBInstance",
            "DeletionPolicy": "Delete",
            "Properties": {
                "Engine": "postgres",
                "EngineVersion": "17",
                "DBInstanceClass": "db.t4g.micro",
                "AllocatedStorage": "20",
                "DBName": "airflow",
                "MasterUsername": secret_value("SecretArn", "username"),
                "MasterUserPassword": secret_value("SecretArn", "password"),
                "DBSubnetGroupName": ref("Subnets"),
                "DBParameterGroupName": ref("Parameters"),
            },
        },
    }
    outputs = {"Host": att("Database", "Endpoint.Address"), "Port": att("Database", "Endpoint.Port")}
    return template(resources, outputs, ["SubnetIds", "SecretArn"])


def broker() -> Template:
    resources = {
        "Subnets": {
            "Type": "AWS::ElastiCache::SubnetGroup",
            "Properties": {"Description": "b", "SubnetIds": ref("SubnetIds")},
        },
        "Parameters": {
            "Type": "AWS::ElastiCache::ParameterGroup",
            "Properties": {
                "CacheParameterGroupFamily": "valkey8",
                "Description": "b",
                "Properties": {"maxmemory-policy": "noeviction"},
            },
        },
        "Broker": {
            "Type": "AWS::ElastiCache::ReplicationGroup",
            "Properties": {
                "ReplicationGroupDescription": "b",
                "Engine": "valkey",
                "CacheNodeType": "cache.t4g.micro",
                "NumCacheClusters": 1,
                "AutomaticFailoverEnabled": False,
                "TransitEncryptionEnabled": True,
                "AtRestEncryptionEnabled": True,
                "AuthToken": secret_value("TokenArn"),
                "CacheSubnetGroupName": ref("Subnets"),
                "CacheParameterGroupName": ref("Parameters"),
            },
        },
    }
    outputs = {
        "Host": att("Broker", "PrimaryEndPoint.Address"),
        "Port": att("Broker", "PrimaryEndPoint.Port"),
    }
    return template(resources, outputs, ["SubnetIds", "TokenArn"])


def roles() -> Template:
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": TASKS_MAY,
            "ManagedPolicyArns": [ref("Policy")],
            "Policies": [{"PolicyName": "read", "PolicyDocument": READ}],
        },
    }
    resources = {
        "Policy": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": READ}},
        "Task": role,
        "Execution": role,
        "Profile": {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [ref("Task")]}},
    }
    return template(resources, {"TaskArn": att("Task", "Arn"), "ExecutionArn": att("Execution", "Arn")})


def cluster() -> Template:
    listener = {
        "LoadBalancerArn": ref("Balancer"),
        "Port": 80,
        "Protocol": "HTTP",
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": ref("Targets")}],
    }
    resources = {
        "Cluster": {"Type": "AWS::ECS::Cluster"},
        "Balancer": {
            "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "Properties": {
                "Subnets": ref("SubnetIds"),
                "Scheme": "internet-facing",
                "SecurityGroups": [ref("GroupId")],
            },
        },
        "Targets": {
            "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
            "Properties": {
                "Port": 8080,
                "Protocol": "HTTP",
                "TargetType": "ip",
                "VpcId": ref("VpcId"),
                "HealthCheckPath": "/api/v2/version",
            },
        },
        "Listener": {"Type": "AWS::ElasticLoadBalancingV2::Listener", "Properties": listener},
        "Rule": {
            "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
            "Properties": {
                "ListenerArn": ref("Listener"),
                "Priority": 1,
                "Conditions": [{"Field": "path-pattern", "Values": ["/x/*"]}],
                "Actions": [{"Type": "forward", "TargetGroupArn": ref("Targets")}],
            },
        },
        "Namespace": {
            "Type": "AWS::ServiceDiscovery::PrivateDnsNamespace",
            "Properties": {"Name": "trial.internal", "Vpc": ref("VpcId")},
        },
        "Discovery": {
            "Type": "AWS::ServiceDiscovery::Service",
            "Properties": {
                "Name": "webserver",
                "NamespaceId": ref("Namespace"),
                "DnsConfig": {"DnsRecords": [{"Type": "A", "TTL": 10}]},
            },
        },
    }
    outputs = {
        "ClusterName": ref("Cluster"),
        "TargetsArn": ref("Targets"),
        "DiscoveryArn": att("Discovery", "Arn"),
        "DnsName": att("Balancer", "DNSName"),
        "FullName": att("Balancer", "LoadBalancerFullName"),
        "Zone": att("Balancer", "CanonicalHostedZoneID"),
    }
    return template(resources, outputs, ["VpcId", "SubnetIds", "GroupId"])


def services(cpu: str, *, fails: bool = False) -> Template:
    container = {
        "Name": "webserver",
        "Image": ref("Image"),
        "Command": ["webserver", "airflow", "api-server"],
        "Environment": [{"Name": "DATABASE_HOST", "Value": ref("DatabaseHost")}, {"Name": "N", "Value": 8080}],
        "Secrets": [
            {"Name": "DATABASE_PASSWORD", "ValueFrom": {"Fn::Sub": "${SecretArn}:password::"}},
            {"Name": "FERNET_KEY", "ValueFrom": ref("FernetArn")},
        ],
        "HealthCheck": {"Command": ["CMD", "true"], "Interval": 30, "Timeout": 20, "Retries": 3, "StartPeriod": 300},
        "PortMappings": [{"ContainerPort": "8080", "Name": "web"}],
        "StopTimeout": 120,
        "LinuxParameters": {"InitProcessEnabled": "true"},
        "DependsOn": [{"ContainerName": "sidecar", "Condition": "START"}],
        "LogConfiguration": {"LogDriver": "awslogs", "Options": {"awslogs-group": ref("LogGroupName")}},
    }
    sidecar = {"Name": "sidecar", "Image": "busybox", "Essential": False}
    service = {
        "Cluster": ref("ClusterName"),
        "TaskDefinition": ref("Definition"),
        "LaunchType": "FARGATE",
        "EnableExecuteCommand": True,
        "PropagateTags": "SERVICE",
        "EnableECSManagedTags": True,
        "HealthCheckGracePeriodSeconds": 300,
        "DeploymentConfiguration": {
            "MinimumHealthyPercent": 100,
            "MaximumPercent": 200,
            "DeploymentCircuitBreaker": {"Enable": True, "Rollback": True},
        },
        "NetworkConfiguration": {
            "AwsvpcConfiguration": {
                "Subnets": ref("SubnetIds"),
                "SecurityGroups": [ref("GroupId")],
                "AssignPublicIp": "ENABLED",
            }
        },
        "LoadBalancers": [{"ContainerName": "webserver", "ContainerPort": 8080, "TargetGroupArn": ref("TargetsArn")}],
        "ServiceRegistries": [{"RegistryArn": ref("DiscoveryArn")}],
        "ServiceConnectConfiguration": {"Enabled": True, "Namespace": "trial.internal"},
        "Tags": [{"Key": "component", "Value": "webserver"}],
    }
    target = {
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": {"Fn::Sub": "service/${ClusterName}/${Workers.Name}"},
        "MinCapacity": "1",
        "MaxCapacity": 4,
    }
    resources: Template = {
        "Definition": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {
                "Cpu": cpu,
                "Memory": 1024,
                "NetworkMode": "awsvpc",
                "RequiresCompatibilities": ["FARGATE"],
                "RuntimePlatform": {"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"},
                "ExecutionRoleArn": ref("ExecutionArn"),
                "TaskRoleArn": ref("TaskArn"),
                "ContainerDefinitions": [container, sidecar],
            },
        },
        "Webserver": {"Type": "AWS::ECS::Service", "Properties": service},
        "Workers": {
            "Type": "AWS::ECS::Service",
            "Properties": {
                "Cluster": ref("ClusterName"),
                "TaskDefinition": ref("Definition"),
                "DesiredCount": ref("WorkerCount"),
            },
        },
        "Target": {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": target},
        "Policy": {
            "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
            "Properties": {
                "PolicyName": "cpu",
                "PolicyType": "TargetTrackingScaling",
                "ScalingTargetId": ref("Target"),
                "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 50},
            },
        },
        "Alarm": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "Namespace": "AWS/ECS",
                "MetricName": "CPUUtilization",
                "Statistic": "Average",
                "Period": 60,
                "EvaluationPeriods": 3,
                "Threshold": 90,
                "ComparisonOperator": "GreaterThanThreshold",
            },
        },
    }
    if fails:
        resources["Broken"] = {
            "Type": "AWS::EC2::SecurityGroupIngress",
            "DependsOn": ["Alarm", "Policy", "Webserver"],
            "Properties": {"GroupId": "sg-0", "IpProtocol": "-1", "CidrIp": "10.0.0.0/8"},
        }
    parameters = ["Image", "DatabaseHost", "SecretArn", "FernetArn", "LogGroupName", "ClusterName", "SubnetIds"]
    parameters += ["GroupId", "TargetsArn", "DiscoveryArn", "ExecutionArn", "TaskArn", "WorkerCount"]
    return template(resources, {"ServiceName": att("Webserver", "Name")}, parameters)


def children(*, cpu: str = "512", colour: str = "blue", fails: bool = False) -> dict[str, Template]:
    return {
        "Network": network(),
        "Storage": storage(colour),
        "Secrets": secrets(),
        "Database": database(),
        "Broker": broker(),
        "Roles": roles(),
        "Cluster": cluster(),
        "Services": services(cpu, fails=fails),
    }


def root(urls: dict[str, str]) -> Template:
    """Wire the children; each is named by the URL its template was put under."""

    def out(child: str, output: str) -> dict[str, list[str]]:
        return att(child, f"Outputs.{output}")

    wiring: dict[str, dict[str, object]] = {
        "Network": {},
        "Storage": {},
        "Secrets": {},
        "Database": {"SubnetIds": out("Network", "SubnetIds"), "SecretArn": out("Secrets", "DatabaseArn")},
        "Broker": {"SubnetIds": out("Network", "SubnetIds"), "TokenArn": out("Secrets", "TokenArn")},
        "Roles": {},
        "Cluster": {name: out("Network", name) for name in ("VpcId", "SubnetIds", "GroupId")},
        "Services": {
            "Image": ref("Image"),
            "DatabaseHost": out("Database", "Host"),
            "SecretArn": out("Secrets", "DatabaseArn"),
            "FernetArn": out("Secrets", "FernetArn"),
            "LogGroupName": out("Storage", "LogGroupName"),
            "SubnetIds": out("Network", "SubnetIds"),
            "GroupId": out("Network", "GroupId"),
            "WorkerCount": 2,
            **{name: out("Cluster", name) for name in ("ClusterName", "TargetsArn", "DiscoveryArn")},
            **{name: out("Roles", name) for name in ("TaskArn", "ExecutionArn")},
        },
    }
    resources = {
        child: {
            "Type": "AWS::CloudFormation::Stack",
            "Properties": {"TemplateURL": urls[child], "Parameters": parameters},
        }
        for child, parameters in wiring.items()
    }
    outputs = {
        "DatabasePort": out("Database", "Port"),
        "BrokerPort": out("Broker", "Port"),
        "BucketArn": out("Storage", "BucketArn"),
        "BucketName": out("Storage", "BucketName"),
        "RepositoryUri": out("Storage", "RepositoryUri"),
        "DatabaseSecret": out("Secrets", "DatabaseArn"),
        "TokenSecret": out("Secrets", "TokenArn"),
        "FernetSecret": out("Secrets", "FernetArn"),
        "DnsName": out("Cluster", "DnsName"),
        "FullName": out("Cluster", "FullName"),
        "Zone": out("Cluster", "Zone"),
        "ClusterName": out("Cluster", "ClusterName"),
    }
    return template(resources, outputs, ["Image"])


def only_child(*outputs: str) -> Callable[[dict[str, str]], Template]:
    """Wire one child, `Only`, whose outputs are the parent's."""

    def parent(urls: dict[str, str]) -> Template:
        child = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": urls["Only"]}}
        return template({"Only": child}, {name: att("Only", f"Outputs.{name}") for name in outputs}, ["Image"])

    return parent
