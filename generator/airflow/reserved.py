"""Variables that nobody may write into service.yml: they are secrets, or made of secrets."""

# Variable -> the secret it comes from, and the key in it where the secret is JSON.
SECRET_VARIABLES: dict[str, tuple[str, str]] = {
    "DATABASE_PASSWORD": ("database", "password"),
    "FERNET_KEY": ("fernet", ""),
    "BROKER_TOKEN": ("broker", ""),
    "AIRFLOW__API_AUTH__JWT_SECRET": ("jwt", ""),
    "AIRFLOW__API__SECRET_KEY": ("session", ""),
    "ADMIN_PASSWORD": ("admin", "password"),
    "FLOWER_PASSWORD": ("flower", "password"),
}
# What the entrypoint makes of them and of the addresses beside them.
COMPOSED = frozenset(
    {
        "AIRFLOW__CORE__FERNET_KEY",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
        "AIRFLOW__CELERY__BROKER_URL",
        "AIRFLOW__CELERY__RESULT_BACKEND",
        "AIRFLOW__CELERY__FLOWER_BASIC_AUTH",
    }
)
RESERVED = COMPOSED | set(SECRET_VARIABLES)
