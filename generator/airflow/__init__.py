"""What Airflow needs wherever it runs: its components and their variables."""
