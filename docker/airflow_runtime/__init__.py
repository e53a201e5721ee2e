"""What stands between ECS and Airflow in every component's container, and on the laptop: start, health, heartbeat."""
