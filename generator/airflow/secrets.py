"""Which component is given which secret: names alone, the values are Secrets Manager's."""

# Which components are given which secret. What runs users' code is given no more than it cannot do without: whoever
# has the JWT secret can pass for any user, and a task can read its worker's environment.
SECRETS: dict[str, frozenset[str]] = {
    "DATABASE_PASSWORD": frozenset({"webserver", "scheduler", "dag-processor", "triggerer", "workers"}),
    "FERNET_KEY": frozenset({"webserver", "scheduler", "dag-processor", "triggerer", "workers"}),
    "BROKER_TOKEN": frozenset({"scheduler", "workers"}),
    "AIRFLOW__API_AUTH__JWT_SECRET": frozenset({"webserver", "scheduler"}),
    "AIRFLOW__API__SECRET_KEY": frozenset({"webserver", "triggerer", "workers"}),
    "ADMIN_PASSWORD": frozenset({"webserver"}),
}
# What the entrypoint makes of them and of the addresses beside them.
COMPOSED = frozenset(
    {
        "AIRFLOW__CORE__FERNET_KEY",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
        "AIRFLOW__CELERY__BROKER_URL",
        "AIRFLOW__CELERY__RESULT_BACKEND",
    }
)


def secret_names(component: str) -> list[str]:
    """Names of the secrets that a component is given, in order of name."""
    return sorted(name for name, components in SECRETS.items() if component in components)
