"""Read service.yml into frozen, typed Settings, or say where and why that is not possible."""
