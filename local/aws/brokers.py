# ruff: noqa: SLF001  # ministack is entered through parts it keeps to itself
"""AWS::ElastiCache::ReplicationGroup becomes a Valkey on loopback, with TLS and the token of the template."""

from collections.abc import Callable
from pathlib import Path

from local.aws import valkey
from local.aws.doors import Doors
from local.aws.emulator import Made, Properties, ResourceType, elasticache, provisioners, replace, teach
from local.aws.servers import Servers


class Brokers:
    """The Valkey servers behind replication groups, by identifier of the group."""

    def __init__(self, servers: Servers, doors: Doors, folder: Path) -> None:
        self._servers = servers
        self._doors = doors
        self._folder = folder
        self._running: dict[str, tuple[valkey.Valkey, int]] = {}

    def install(self) -> None:
        """Put the servers behind the resource type; ministack goes on keeping the records of ElastiCache."""
        replace(provisioners, "_ec_rg_create", self._creating)
        replace(provisioners, "_ec_rg_delete", self._deleting)
        own = provisioners._RESOURCE_HANDLERS["AWS::ElastiCache::ReplicationGroup"]["update"]
        # A replacing update calls create and delete by the names replaced above.
        create, delete = provisioners._ec_rg_create, provisioners._ec_rg_delete
        teach("AWS::ElastiCache::ReplicationGroup", ResourceType(create, self._updating(own), delete))

    def _creating(self, record: Callable[..., Made]) -> Callable[..., Made]:
        def create(logical_id: str, properties: Properties, stack: str) -> Made:
            if str(properties.get("TransitEncryptionEnabled")).lower() != "true":
                raise ValueError(
                    "AWS::ElastiCache::ReplicationGroup: served with TLS only on this machine; write "
                    "TransitEncryptionEnabled: true"
                )
            group, _ = record(logical_id, properties, stack)
            try:
                self._start(group, properties.get("AuthToken"))
            except BaseException:
                self._remove(group)
                elasticache._delete_replication_group({"ReplicationGroupId": group})
                raise
            return group, provisioners._ec_rg_attrs(group)

        return create

    def _updating(self, record: Callable[..., Made]) -> Callable[..., Made]:
        def update(group: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
            before = self._running[group][0]
            made, _ = record(group, old, new, stack, logical_id)
            same_server = made == group and self._running[made][0] is before
            if same_server and old.get("AuthToken") != new.get("AuthToken"):
                before.set_token(str(old["AuthToken"]), str(new["AuthToken"]))
            self._tell_endpoint(made)
            return made, provisioners._ec_rg_attrs(made)

        return update

    def _deleting(self, forget: Callable[..., None]) -> Callable[..., None]:
        def delete(group: str, properties: Properties) -> None:
            self._remove(group)
            forget(group, properties)

        return delete

    def _start(self, group: str, token: str | None) -> None:
        server = valkey.start(self._servers, f"broker-{group}", self._folder / group, token)
        try:
            door = self._doors.open(server.port, asks_first=False)
        except BaseException:
            server.remove()
            raise
        self._running[group] = (server, door)
        self._tell_endpoint(group)

    def _remove(self, group: str) -> None:
        if group in self._running:
            server, door = self._running.pop(group)
            self._doors.close(door)
            server.remove()

    def _tell_endpoint(self, group: str) -> None:
        endpoint = {"Address": "localhost", "Port": self._running[group][1]}
        for node_group in elasticache._replication_groups[group]["NodeGroups"]:
            node_group |= {"PrimaryEndpoint": endpoint, "ReaderEndpoint": endpoint}
            for member in node_group["NodeGroupMembers"]:
                member["ReadEndpoint"] = endpoint
                for node in elasticache._clusters[member["CacheClusterId"]]["CacheNodes"]:
                    node["Endpoint"] = endpoint
