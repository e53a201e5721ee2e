"""What other topics stand on: a network with NAT, endpoints and flow logs, a key, a role."""

from tests.integration.embedded_aws.catalogue.topic import Question, Topic, policy, resource, sub, tags
from tests.integration.embedded_aws.templates import att, ref

ANYBODY = policy("*", "*", Principal="*")


def ground(now: int) -> Topic:
    return Topic(
        {**_network(), **_ways(now), **_rules(now), **_watch(now)},
        _questions(now),
        gives={
            "VpcId": ref("Vpc"),
            "SubnetA": ref("PublicSubnet"),
            "SubnetB": ref("PrivateSubnet"),
            "GroupId": att("Tasks", "GroupId"),
            "KeyArn": att("Key", "Arn"),
            "RoleArn": att("Role", "Arn"),
            "LogGroupName": ref("Logs"),
        },
    )


def _network() -> dict[str, object]:
    def zone(number: int) -> object:
        return {"Fn::Select": [number, {"Fn::GetAZs": ""}]}

    return {
        "Vpc": resource("AWS::EC2::VPC", CidrBlock="10.0.0.0/16", EnableDnsHostnames=True, EnableDnsSupport=True),
        "Gateway": resource("AWS::EC2::InternetGateway"),
        "Attachment": resource("AWS::EC2::VPCGatewayAttachment", VpcId=ref("Vpc"), InternetGatewayId=ref("Gateway")),
        "PublicSubnet": resource(
            "AWS::EC2::Subnet",
            VpcId=ref("Vpc"),
            CidrBlock="10.0.0.0/24",
            AvailabilityZone=zone(0),
            MapPublicIpOnLaunch=True,
        ),
        "PrivateSubnet": resource(
            "AWS::EC2::Subnet", VpcId=ref("Vpc"), CidrBlock="10.0.1.0/24", AvailabilityZone=zone(1)
        ),
        "Table": resource("AWS::EC2::RouteTable", VpcId=ref("Vpc")),
        "Association": resource(
            "AWS::EC2::SubnetRouteTableAssociation", SubnetId=ref("PrivateSubnet"), RouteTableId=ref("Table")
        ),
    }


def _ways(now: int) -> dict[str, object]:
    service = "com.amazonaws.${AWS::Region}"
    return {
        "Address": resource("AWS::EC2::EIP", Domain="vpc", Tags=tags(now=now)) | {"DependsOn": "Attachment"},
        "Nat": resource(
            "AWS::EC2::NatGateway",
            SubnetId=ref("PublicSubnet"),
            AllocationId=att("Address", "AllocationId"),
            Tags=tags(now=now),
        ),
        "Out": resource(
            "AWS::EC2::Route",
            RouteTableId=ref("Table"),
            DestinationCidrBlock="0.0.0.0/0",
            NatGatewayId=ref("Nat"),
        ),
        "Storage": resource(
            "AWS::EC2::VPCEndpoint",
            VpcId=ref("Vpc"),
            VpcEndpointType="Gateway",
            ServiceName=sub(f"{service}.s3"),
            RouteTableIds=[ref("Table")],
            PolicyDocument=ANYBODY,
        ),
        "LogsEndpoint": resource(
            "AWS::EC2::VPCEndpoint",
            VpcId=ref("Vpc"),
            VpcEndpointType="Interface",
            ServiceName=sub(f"{service}.logs"),
            SubnetIds=[ref("PrivateSubnet")],
            SecurityGroupIds=[ref("Tasks"), ref("Database")][:now],
            PrivateDnsEnabled=True,
            Tags=tags(now=now),
        ),
    }


def _rules(now: int) -> dict[str, object]:
    port = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5431 + now}
    return {
        "Tasks": resource("AWS::EC2::SecurityGroup", GroupDescription="t", VpcId=ref("Vpc")),
        "Database": resource("AWS::EC2::SecurityGroup", GroupDescription="d", VpcId=ref("Vpc")),
        "Enter": resource(
            "AWS::EC2::SecurityGroupIngress",
            GroupId=ref("Database"),
            SourceSecurityGroupId=ref("Tasks"),
            Description="e",
            **port,
        ),
        "Leave": resource(
            "AWS::EC2::SecurityGroupEgress",
            GroupId=ref("Tasks"),
            DestinationSecurityGroupId=ref("Database"),
            **port,
        ),
        "ToStorage": resource(
            "AWS::EC2::SecurityGroupEgress", GroupId=ref("Tasks"), DestinationPrefixListId="pl-63a5400a", **port
        ),
    }


def _watch(now: int) -> dict[str, object]:
    may = policy("sts:AssumeRole", Principal={"Service": "vpc-flow-logs.amazonaws.com"})
    return {
        "Key": resource(
            "AWS::KMS::Key",
            Description=f"k{now}",
            KeyPolicy=policy("kms:*", "*", Principal={"AWS": sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")}),
            EnableKeyRotation=True,
            PendingWindowInDays=7,
            Tags=tags(now=now),
        ),
        "Alias": resource("AWS::KMS::Alias", AliasName="alias/trial", TargetKeyId=ref("Key")),
        "Role": resource("AWS::IAM::Role", AssumeRolePolicyDocument=may),
        "Logs": resource(
            "AWS::Logs::LogGroup", RetentionInDays=7 * now, KmsKeyId=att("Key", "Arn"), Tags=tags(now=now)
        ),
        "Flow": resource(
            "AWS::EC2::FlowLog",
            ResourceId=ref("Vpc"),
            ResourceType="VPC",
            TrafficType="REJECT" if now == 1 else "ALL",
            LogDestinationType="cloud-watch-logs",
            LogGroupName=ref("Logs"),
            DeliverLogsPermissionArn=att("Role", "Arn"),
            MaxAggregationInterval=600,
            Tags=tags(now=now),
        ),
    }


def _questions(now: int) -> list[Question]:
    def ec2(operation: str, arguments: dict[str, object], where: str, expected: object) -> Question:
        return Question("ec2", operation, arguments, where, expected)

    def kms(operation: str, where: str, expected: object) -> Question:
        return Question("kms", operation, {"KeyId": "<Key>"}, where, expected)

    value = "[0].[Tags[?Key=='now'].Value | [0], "
    endpoint = "VpcEndpoints[0].[VpcEndpointType, RouteTableIds, SubnetIds, Groups[].GroupId, PrivateDnsEnabled]"
    rule = "SecurityGroupRules[0].[IsEgress, ToPort, ReferencedGroupInfo.GroupId, PrefixListId]"
    return [
        ec2(
            "describe_addresses",
            {"AllocationIds": ["<Address.AllocationId>"]},
            f"Addresses{value}PublicIp, PublicIp]",
            [f"{now}", "<Address>", "<Address.PublicIp>"],
        ),
        ec2(
            "describe_nat_gateways",
            {"NatGatewayIds": ["<Nat.NatGatewayId>"]},
            f"NatGateways{value}NatGatewayAddresses[0].[AllocationId, PublicIp]]",
            [f"{now}", ["<Address.AllocationId>", "<Address>"]],
        ),
        ec2("describe_route_tables", {"RouteTableIds": ["<Table>"]}, "RouteTables[0].Routes[1].NatGatewayId", "<Nat>"),
        ec2(
            "describe_vpc_endpoints",
            {"VpcEndpointIds": ["<Storage>"]},
            endpoint,
            ["Gateway", ["<Table>"], [], None, None],
        ),
        ec2(
            "describe_vpc_endpoints",
            {"VpcEndpointIds": ["<LogsEndpoint>"]},
            endpoint,
            ["Interface", [], ["<PrivateSubnet>"], ["<Tasks>", "<Database>"][:now], True],
        ),
        ec2(
            "describe_vpc_endpoints",
            {"VpcEndpointIds": ["<Storage>"]},
            "[contains(VpcEndpoints[0].PolicyDocument, '2012-10-17')]",
            [True],
        ),
        *(
            ec2("describe_security_group_rules", {"SecurityGroupRuleIds": [name]}, rule, [egress, 5431 + now, *of])
            for name, egress, of in (
                ("<Enter.Id>", False, ["<Tasks>", None]),
                ("<Leave.Id>", True, ["<Database>", None]),
                ("<ToStorage>", True, [None, "pl-63a5400a"]),
            )
        ),
        ec2(
            "describe_flow_logs",
            {"FlowLogIds": ["<Flow.Id>"]},
            f"FlowLogs{value}ResourceId, TrafficType, LogGroupName, DeliverLogsPermissionArn, MaxAggregationInterval]",
            [f"{now}", "<Vpc>", "REJECT" if now == 1 else "ALL", "<Logs>", "<Role.Arn>", 600],
        ),
        kms("describe_key", "KeyMetadata.[Arn, Description]", ["<Key.Arn>", f"k{now}"]),
        kms("get_key_rotation_status", "[KeyRotationEnabled]", [True]),
        kms("list_aliases", "Aliases[0].AliasName", "<Alias>"),
        kms("list_resource_tags", "Tags[?TagKey=='now'].TagValue", [f"{now}"]),
        Question(
            "logs",
            "describe_log_groups",
            {"logGroupNamePrefix": "<Logs>"},
            "logGroups[0].[arn, retentionInDays, kmsKeyId]",
            ["<Logs.Arn>", 7 * now, "<Key.Arn>"],
        ),
    ]
