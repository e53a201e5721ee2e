"""What ECS tells of services and tasks, and the few things that are asked of it."""
