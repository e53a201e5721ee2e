from dataclasses import dataclass, field

import pytest
from airflow_runtime.admin import Admin, AdminError, ensure

ADMIN = Admin("admin", "admin@example.com", "from the secret")


@dataclass
class StoredUser:
    id: int
    password: str
    username: str = "admin"
    email: str = "admin@example.com"


@dataclass
class FakeUsers:
    """A security manager that stores users; `refuses` makes it fail as Airflow's does, by returning False."""

    stored: dict[str, StoredUser] = field(default_factory=dict)
    roles: frozenset[str] = frozenset({"Admin", "Viewer"})
    refuses: bool = False

    def find_user(self, *, username: str | None = None, email: str | None = None) -> StoredUser | None:
        return next((user for user in self.stored.values() if username == user.username or email == user.email), None)

    def find_role(self, name: str) -> object | None:
        return name if name in self.roles else None

    def add_user(
        self, username: str, first_name: str, last_name: str, email: str, role: object, password: str
    ) -> object:
        assert (first_name, last_name, email, role) == ("admin", "", "admin@example.com", "Admin")
        if self.refuses:
            return False
        self.stored[username] = StoredUser(1, hashed(password))
        return self.stored[username]

    def reset_password(self, userid: int, password: str) -> bool:
        (user,) = (user for user in self.stored.values() if user.id == userid)
        user.password = hashed(password)
        return not self.refuses


def hashed(password: str) -> str:
    return f"hash of {password}"


def matches(stored: str, password: str) -> bool:
    return stored == hashed(password)


def test_creates_the_administrator() -> None:
    users = FakeUsers()

    assert ensure(users, ADMIN, matches) == "administrator admin is created"
    assert users.stored["admin"].password == hashed("from the secret")


def test_leaves_an_existing_one_alone() -> None:
    users = FakeUsers({"admin": StoredUser(1, hashed("from the secret"))}, refuses=True)

    assert ensure(users, ADMIN, matches) == "administrator admin exists"


def test_a_changed_secret_changes_the_password() -> None:
    users = FakeUsers({"admin": StoredUser(1, hashed("an older one"))})

    assert "has a new password" in ensure(users, ADMIN, matches)
    assert users.stored["admin"].password == hashed("from the secret")


@pytest.mark.parametrize(
    ("users", "complaint"),
    [
        (FakeUsers(refuses=True), "refused to create admin; its own message is above"),
        (FakeUsers({"admin": StoredUser(1, "older")}, refuses=True), "refused to change the password of admin"),
        (FakeUsers(roles=frozenset()), "has no role Admin"),
        (FakeUsers({"other": StoredUser(2, "", "other")}), "admin@example.com is the address of other already"),
    ],
)
def test_a_refusal_is_an_error_without_the_password(users: FakeUsers, complaint: str) -> None:
    with pytest.raises(AdminError, match=complaint) as caught:
        ensure(users, ADMIN, matches)

    assert ADMIN.password not in str(caught.value)
    assert ADMIN.password not in repr(ADMIN)
