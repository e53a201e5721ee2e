"""Preflight: whether account and region have what a deploy needs, asked before anything is begun."""
