"""What a deployment costs: the same settings and components, priced. Pure."""
