"""Permissions: the least that who deploys, pushes and destroys must be allowed, as IAM's policies."""
