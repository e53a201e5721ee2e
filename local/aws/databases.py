# ruff: noqa: SLF001  # ministack is entered through parts it keeps to itself
"""AWS::RDS::DBInstance becomes a PostgreSQL on loopback, with the user, password and database of the template."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.aws import postgres
from local.aws.doors import Doors
from local.aws.emulator import Made, Properties, ResourceType, provisioners, rds, replace, teach
from local.aws.servers import Servers


class Databases:
    """The database servers behind RDS instances, by identifier of the instance."""

    def __init__(self, servers: Servers, doors: Doors, folder: Path) -> None:
        self._servers = servers
        self._doors = doors
        self._folder = folder
        self._running: dict[str, tuple[postgres.Postgres, int]] = {}

    def install(self) -> None:
        """Put the servers behind the resource type; ministack goes on keeping the records of RDS."""
        replace(provisioners, "_rds_db_instance_create", self._creating)
        replace(provisioners, "_rds_db_instance_delete", self._deleting)
        own = provisioners._RESOURCE_HANDLERS["AWS::RDS::DBInstance"]["update"]
        # A replacing update calls create and delete by the names replaced above.
        create, delete = provisioners._rds_db_instance_create, provisioners._rds_db_instance_delete
        teach("AWS::RDS::DBInstance", ResourceType(create, self._updating(own), delete))

    def _creating(self, record: Callable[..., Made]) -> Callable[..., Made]:
        def create(logical_id: str, properties: Properties, stack: str) -> Made:
            login = _login(properties)
            instance, _ = record(logical_id, properties, stack)
            try:
                self._start(instance, login)
            except BaseException:
                self._remove(instance)
                rds._instances.pop(instance, None)
                raise
            return instance, provisioners._rds_db_instance_attrs(rds._instances[instance])

        return create

    def _updating(self, record: Callable[..., Made]) -> Callable[..., Made]:
        def update(instance: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
            made, _ = record(instance, old, new, stack, logical_id)
            if made == instance and old.get("MasterUserPassword") != new.get("MasterUserPassword"):
                self._running[instance][0].set_password(_login(old), _login(new).password)
            self._tell_endpoint(made)
            return made, provisioners._rds_db_instance_attrs(rds._instances[made])

        return update

    def _deleting(self, forget: Callable[..., None]) -> Callable[..., None]:
        def delete(instance: str, properties: Properties) -> None:
            self._remove(instance)
            forget(instance, properties)

        return delete

    def _start(self, instance: str, login: postgres.Login) -> None:
        server = postgres.start(self._servers, f"database-{instance}", self._folder / instance, login)
        try:
            door = self._doors.open(server.port, asks_first=True)
        except BaseException:
            server.remove()
            raise
        self._running[instance] = (server, door)
        self._tell_endpoint(instance)

    def _remove(self, instance: str) -> None:
        if instance in self._running:
            server, door = self._running.pop(instance)
            self._doors.close(door)
            server.remove()

    def _tell_endpoint(self, instance: str) -> None:
        endpoint: dict[str, Any] = rds._instances[instance]["Endpoint"]
        endpoint |= {"Address": "localhost", "Port": self._running[instance][1]}


def _login(properties: Properties) -> postgres.Login:
    """Read from the properties who may enter. Raises ValueError for what cannot be served here."""
    engine = str(properties.get("Engine", ""))
    if engine != "postgres":
        raise ValueError(f"AWS::RDS::DBInstance: engine {engine!r} cannot be served on this machine; only 'postgres'")
    missing = [name for name in ("MasterUsername", "MasterUserPassword") if not properties.get(name)]
    if missing:
        raise ValueError(f"AWS::RDS::DBInstance: {' and '.join(missing)} missing; needed on this machine")
    user, password = str(properties["MasterUsername"]), str(properties["MasterUserPassword"])
    return postgres.Login(user, password, str(properties.get("DBName") or "postgres"))
