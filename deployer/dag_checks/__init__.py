"""DAGs are imported with a real Airflow before anything is built; and what an upgrade asks for."""
