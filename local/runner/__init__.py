"""Runs what was deployed: starts the ECS services of a cluster, from their task definitions, as processes."""
