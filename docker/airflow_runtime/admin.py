"""The administrator who can log in, made from the secret that the deployment's stack generated."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

ROLE = "Admin"


@dataclass(frozen=True)
class Admin:
    """The administrator; the secret is the source of truth for the password."""

    user: str
    email: str
    password: str = field(repr=False)


class AdminError(Exception):
    """Airflow would not make the administrator."""


class User(Protocol):
    """A user as stored: `password` is a hash."""

    id: int
    username: str
    password: str


class Users(Protocol):
    """What is needed of the security manager of Airflow's FAB provider."""

    def find_user(self, *, username: str | None = None, email: str | None = None) -> User | None:
        """Find the user by name or by address, or None."""

    def find_role(self, name: str) -> object | None:
        """Find the role, or None."""

    def add_user(
        self, username: str, first_name: str, last_name: str, email: str, role: object, password: str
    ) -> object:
        """Create and return the user; something false when it could not be made."""

    def reset_password(self, userid: int, password: str) -> bool:
        """Tell whether the password could be changed."""


def ensure(users: Users, admin: Admin, matches: Callable[[str, str], bool]) -> str:
    """Create the administrator, or give it the secret's password if that has changed; tells which it was.

    `matches` compares a stored hash with a password. Raises AdminError.
    """
    user = users.find_user(username=admin.user)
    if user is None:
        return _create(users, admin)
    if matches(user.password, admin.password):
        return f"administrator {admin.user} exists"
    if not users.reset_password(user.id, admin.password):
        raise AdminError(f"Airflow refused to change the password of {admin.user}")
    return f"administrator {admin.user} has a new password, that of the secret"


def _create(users: Users, admin: Admin) -> str:
    if other := users.find_user(email=admin.email):
        raise AdminError(f"cannot create {admin.user}: {admin.email} is the address of {other.username} already")
    role = users.find_role(ROLE)
    if not role:
        raise AdminError(f"cannot create {admin.user}: Airflow has no role {ROLE}")
    if not users.add_user(admin.user, admin.user, "", admin.email, role, admin.password):
        raise AdminError(f"Airflow refused to create {admin.user}; its own message is above")
    return f"administrator {admin.user} is created"
