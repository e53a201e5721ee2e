# ruff: noqa: SLF001  # ministack is entered through parts it keeps to itself
"""RDS instances and Aurora clusters through CloudFormation: each is a PostgreSQL with the user of the template.

An instance that is a member of a cluster has no server of its own: it answers where its cluster does. A snapshot is a
copy of all data, and what is restored from it begins with that.
"""

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from local.aws.databases import Databases
from local.aws.emulator import Made, Properties, ResourceType, known, provisioners, rds, replace, teach
from local.aws.postgres import Login

_Records = MutableMapping[str, dict[str, Any]]


@dataclass(frozen=True)
class Kind:
    """One of the two types, in the words of ministack and of templates."""

    type: str
    word: str
    engine: str
    records: _Records
    database: str
    """The property that names the first database."""
    snapshots: _Records
    restored: str
    """The property that names a snapshot to restore."""

    def server(self, identifier: str) -> str:
        """Name the server of an instance or cluster."""
        return f"{self.word}-{identifier}"

    def copy(self, snapshot: str) -> str:
        """Name the copy that is a snapshot."""
        return f"snapshot-of-{self.word}-{snapshot}"


INSTANCE = Kind(
    "AWS::RDS::DBInstance",
    "instance",
    "postgres",
    rds._instances,
    "DBName",
    rds._snapshots,
    "DBSnapshotIdentifier",
)
CLUSTER = Kind(
    "AWS::RDS::DBCluster",
    "cluster",
    "aurora-postgresql",
    rds._clusters,
    "DatabaseName",
    rds._db_cluster_snapshots,
    "SnapshotIdentifier",
)


def install(databases: Databases) -> None:
    """Put the servers behind both types; ministack goes on keeping the records of RDS."""
    provisioners._REPLACING_PROPERTIES[INSTANCE.type] += (INSTANCE.restored,)
    for kind in (INSTANCE, CLUSTER):
        served = _Served(kind, databases)
        functions = f"_rds_db_{kind.word}"
        replace(provisioners, f"{functions}_create", served.creating)
        replace(provisioners, f"{functions}_delete", served.deleting)
        # A replacing update calls create and delete by the names replaced above.
        create, delete = (getattr(provisioners, f"{functions}_{verb}") for verb in ("create", "delete"))
        teach(kind.type, ResourceType(create, served.updating(known(kind.type).update), delete))
    for kind, take, delete_action in (
        (INSTANCE, "_create_snapshot_internal", "DeleteDBSnapshot"),
        (CLUSTER, "_create_cluster_snapshot_internal", "DeleteDBClusterSnapshot"),
    ):
        snapshots = _Snapshots(kind, databases)
        replace(rds, take, snapshots.taking)
        rds._ACTION_MAP[delete_action] = snapshots.deleting(rds._ACTION_MAP[delete_action])


@dataclass(frozen=True)
class _Snapshots:
    """Snapshots of one type, however they are asked for."""

    kind: Kind
    databases: Databases

    def taking(self, record: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        def take(snapshot: str, described: dict[str, Any]) -> dict[str, Any]:
            identifier = described[f"DB{self.kind.word.capitalize()}Identifier"]
            self.databases.copy(self.kind.server(identifier), self.kind.copy(snapshot))
            return record(snapshot, described)

        return take

    def deleting(self, answer: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def delete(parameters: Any) -> Any:  # noqa: ANN401
            answered = answer(parameters)
            kept = {self.kind.copy(snapshot) for snapshot in self.kind.snapshots}
            for copy in self.databases.copies() - kept:
                if copy.startswith(self.kind.copy("")):
                    self.databases.forget_copy(copy)
            return answered

        return delete


@dataclass(frozen=True)
class _Served:
    """One type with a server behind each resource."""

    kind: Kind
    databases: Databases

    def creating(self, record: Callable[..., Made]) -> Callable[..., Made]:
        def create(logical_id: str, properties: Properties, stack: str) -> Made:
            if cluster := _cluster_of(self.kind, properties):
                member, _ = record(logical_id, properties, stack)
                for number, one in enumerate(rds._clusters[cluster]["DBClusterMembers"]):
                    one["IsClusterWriter"] = number == 0
                return self._described(member, cluster, properties)
            login, copy = self._beginning(properties)
            inherited = {"Engine": self.kind.engine, "MasterUsername": login.user, self.kind.database: login.database}
            made, _ = record(logical_id, {**properties, **inherited} if copy else properties, stack)
            try:
                self._start(made, login, copy, properties.get("MasterUserPassword"))
                return self._described(made, None, properties)
            except BaseException:
                self.databases.remove(self.kind.server(made))
                self.kind.records.pop(made, None)
                raise

        return create

    def updating(self, record: Callable[..., Made]) -> Callable[..., Made]:
        def update(identifier: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
            made, _ = record(identifier, old, new, stack, logical_id)
            cluster = _cluster_of(self.kind, new)
            password = new.get("MasterUserPassword")
            if made == identifier and not cluster and password not in (None, old.get("MasterUserPassword")):
                self.databases.change_password(self.kind.server(made), str(password))
            return self._described(made, cluster, new)

        return update

    def deleting(self, forget: Callable[..., None]) -> Callable[..., None]:
        def delete(identifier: str, properties: Properties) -> None:
            self.databases.remove(self.kind.server(identifier))
            forget(identifier, properties)

        return delete

    def _beginning(self, properties: Properties) -> tuple[Login, str | None]:
        """Read who may enter, and the copy to begin with. Raises ValueError for what cannot be served here."""
        snapshot = properties.get(self.kind.restored)
        if not snapshot:
            return _login(self.kind, properties), None
        name = str(snapshot).rsplit(":", 1)[-1]
        if name not in self.kind.snapshots or self.kind.copy(name) not in self.databases.copies():
            raise ValueError(f"{self.kind.type}: snapshot {snapshot!r} does not exist")
        _check_engine(self.kind, {"Engine": self.kind.engine, **properties})
        return self.databases.login_of(self.kind.copy(name)), self.kind.copy(name)

    def _start(self, made: str, login: Login, copy: str | None, password: str | None) -> None:
        if copy is None:
            self.databases.start(self.kind.server(made), login)
        else:
            self.databases.restore(self.kind.server(made), copy, password)

    def _described(self, made: str, cluster: str | None, properties: Properties) -> Made:
        """Complete the record: where it answers, and what ministack leaves out of a cluster."""
        record = self.kind.records[made]
        if self.kind is CLUSTER:
            port = self.databases.port(self.kind.server(made))
            record |= {"Endpoint": "localhost", "ReaderEndpoint": "localhost", "Port": port}
            record["DBClusterParameterGroup"] = properties.get("DBClusterParameterGroupName", "")
            record["KmsKeyId"] = properties.get("KmsKeyId", "")
            record["TagList"] = rds._tags[record["DBClusterArn"]] = list(properties.get("Tags", []))
            return made, provisioners._rds_db_cluster_attrs(record)
        server = CLUSTER.server(cluster) if cluster else self.kind.server(made)
        record["Endpoint"] |= {"Address": "localhost", "Port": self.databases.port(server)}
        return made, provisioners._rds_db_instance_attrs(record)


def _cluster_of(kind: Kind, properties: Properties) -> str | None:
    """Return the cluster that an instance is a member of. Raises ValueError when there is none of that name."""
    cluster = properties.get("DBClusterIdentifier") if kind is INSTANCE else None
    if cluster and cluster not in rds._clusters:
        raise ValueError(f"{kind.type}: DBCluster {cluster!r} does not exist")
    return cluster


def _login(kind: Kind, properties: Properties) -> Login:
    """Read from the properties who may enter. Raises ValueError for what cannot be served here."""
    _check_engine(kind, properties)
    missing = [name for name in ("MasterUsername", "MasterUserPassword") if not properties.get(name)]
    if missing:
        raise ValueError(f"{kind.type}: {' and '.join(missing)} missing; needed on this machine")
    user, password = str(properties["MasterUsername"]), str(properties["MasterUserPassword"])
    return Login(user, password, str(properties.get(kind.database) or "postgres"))


def _check_engine(kind: Kind, properties: Properties) -> None:
    engine = str(properties.get("Engine", ""))
    if engine != kind.engine:
        raise ValueError(f"{kind.type}: engine {engine!r} cannot be served on this machine; only {kind.engine!r}")
