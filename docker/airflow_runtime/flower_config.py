"""Flower's own configuration (FLOWER_CONF), which it executes when it starts: all that it shows is behind the password.

Flower asks for a password on every page but its metrics, which name workers and tasks.
https://flower.readthedocs.io/en/latest/config.html
"""

from flower.views.monitor import Metrics
from tornado.web import authenticated

Metrics.get = authenticated(Metrics.get)
