"""Project package: settings, URLs, entry points, and the shared core."""

from .celery import app as celery_app

__all__ = ["celery_app"]
