"""The environment: one reader, one place for directories. Imported by every settings module."""

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env", overwrite=False)

# Database file, media, mail and logs of the embedded default live here.
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var"))).resolve()
VAR_DIR.mkdir(parents=True, exist_ok=True)

SHORTEST_KEY = 50
LEAST_VARIETY = 5
"""How many different characters a key has at least: Django's own measure for SECRET_KEY."""
_NOT_MEANT = ("django-insecure-", "local-only-", "test-", "change-me")


def own_key(name: str, *, unlike: tuple[str, ...] = ()) -> str:
    """A key that production needs: set, long, varied, and another than those of `unlike`.

    Raises `ImproperlyConfigured` naming the variable, never its value.
    """
    value: str = env.str(name)
    if len(value) < SHORTEST_KEY or len(set(value)) < LEAST_VARIETY or value.startswith(_NOT_MEANT):
        raise ImproperlyConfigured(f"{name} needs at least {SHORTEST_KEY} random characters of its own")
    if value in unlike:
        raise ImproperlyConfigured(f"{name} is the same as another key")
    return value
