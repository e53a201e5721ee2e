# ruff: noqa: SLF001  # ministack is entered through parts it keeps to itself
"""The parts of EC2 that ministack's CloudFormation does not know: addresses, NAT, flow logs, security groups' rules."""

from typing import Any

from local.aws.asking import ask
from local.aws.emulator import Made, Properties, ResourceType, ec2, new_uuid, provisioners, teach


def install() -> None:
    """Teach CloudFormation these types."""
    teach("AWS::EC2::EIP", ResourceType(_allocate, _retag_address, _release))
    teach("AWS::EC2::NatGateway", ResourceType(_create_nat, _update_nat, _delete_nat))
    teach("AWS::EC2::FlowLog", ResourceType(_create_flow_log, _update_flow_log, _delete_flow_log))
    teach("AWS::EC2::SecurityGroupIngress", _rule("IpPermissions"))
    teach("AWS::EC2::SecurityGroupEgress", _rule("IpPermissionsEgress"))
    provisioners._REPLACING_PROPERTIES["AWS::EC2::VPCEndpoint"] = ("ServiceName", "VpcEndpointType", "VpcId")


def _allocate(_: str, properties: Properties, __: str) -> Made:
    before = set(ec2._addresses)
    ec2._allocate_address({"Domain": [str(properties.get("Domain", "vpc"))]})
    allocation = (set(ec2._addresses) - before).pop()
    provisioners._ec2_apply_tags(allocation, properties)
    return _address(allocation)


def _address(allocation: str) -> Made:
    public: str = ec2._addresses[allocation]["PublicIp"]
    return public, {"AllocationId": allocation, "PublicIp": public}


def _retag_address(public: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
    if old.get("Domain") != new.get("Domain"):
        return _allocate(logical_id, new, stack)
    allocation = _allocation(public)
    provisioners._ec2_apply_tags(allocation, new, old)
    return _address(allocation)


def _release(public: str, _: Properties) -> None:
    ec2._release_address({"AllocationId": [_allocation(public)]})


def _allocation(public: str) -> str:
    addresses = ec2._addresses.items()
    return next((allocation for allocation, address in addresses if address["PublicIp"] == public), public)


def _create_nat(_: str, properties: Properties, __: str) -> Made:
    before = set(ec2._nat_gateways)
    names = ("SubnetId", "AllocationId", "ConnectivityType")
    request = {name: [str(properties[name])] for name in names if name in properties}
    status, _headers, body = ec2._create_nat_gateway(request)
    created = set(ec2._nat_gateways) - before
    if not created:
        raise ValueError(f"AWS::EC2::NatGateway: refused with status {status}: {body!r}")
    gateway = created.pop()
    provisioners._ec2_apply_tags(gateway, properties)
    return gateway, {"NatGatewayId": gateway}


def _update_nat(gateway: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
    if any(old.get(name) != new.get(name) for name in ("SubnetId", "AllocationId", "ConnectivityType")):
        return _create_nat(logical_id, new, stack)
    provisioners._ec2_apply_tags(gateway, new, old)
    return gateway, {"NatGatewayId": gateway}


def _delete_nat(gateway: str, _: Properties) -> None:
    """Delete at once; AWS would go on telling of it for an hour."""
    ec2._nat_gateways.pop(gateway, None)
    ec2._tags.pop(gateway, None)


def _create_flow_log(_: str, properties: Properties, __: str) -> Made:
    request = {name: value for name, value in properties.items() if name not in {"ResourceId", "Tags"}}
    (flow_log,) = ask("ec2", "CreateFlowLogs", {"ResourceIds": [properties["ResourceId"]], **request})["FlowLogIds"]
    provisioners._ec2_apply_tags(flow_log, properties)
    return flow_log, {"Id": flow_log}


def _update_flow_log(flow_log: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
    if any(old.get(name) != new.get(name) for name in {*old, *new} - {"Tags"}):
        return _create_flow_log(logical_id, new, stack)
    provisioners._ec2_apply_tags(flow_log, new, old)
    return flow_log, {"Id": flow_log}


def _delete_flow_log(flow_log: str, _: Properties) -> None:
    ask("ec2", "DeleteFlowLogs", {"FlowLogIds": [flow_log]})


def _rule(direction: str) -> ResourceType:
    """Describe rules that stand apart from their group; `direction` is where the group keeps them."""

    def create(_: str, properties: Properties, __: str) -> Made:
        group = ec2._security_groups.get(properties.get("GroupId"))
        if group is None:
            raise ValueError(f"The security group '{properties.get('GroupId')}' does not exist")
        rule = {**_permission(properties), "SecurityGroupRuleId": f"sgr-{new_uuid().replace('-', '')[:17]}"}
        group[direction].append(rule)
        return rule["SecurityGroupRuleId"], {"Id": rule["SecurityGroupRuleId"]}

    def update(_: str, __: Properties, new: Properties, stack: str, logical_id: str) -> Made:
        return create(logical_id, new, stack)  # another id, so CloudFormation deletes the old rule

    def delete(rule_id: str, properties: Properties) -> None:
        group = ec2._security_groups.get(properties.get("GroupId"))
        if group is not None:
            group[direction][:] = [rule for rule in group[direction] if rule.get("SecurityGroupRuleId") != rule_id]

    return ResourceType(create, update, delete)


def _permission(properties: Properties) -> dict[str, Any]:
    permission: dict[str, Any] = provisioners._ec2_sg_permissions([properties])[0]
    return permission
