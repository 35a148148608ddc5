"""`manage.py ensure_superuser`: the first administrator, from the environment."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.utils import timezone


class Command(BaseCommand):
    """Makes the account once. One that exists is left as it is: its password may have been changed since."""

    help = "Make the administrator named by DJANGO_SUPERUSER_EMAIL and DJANGO_SUPERUSER_PASSWORD, unless there is one."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Does nothing where either variable is empty."""
        email, password = settings.DJANGO_SUPERUSER_EMAIL.lower(), settings.DJANGO_SUPERUSER_PASSWORD
        users = get_user_model().objects
        if not (email and password) or users.filter(email=email).exists():
            return
        users.create_superuser(email, password, email_verified_at=timezone.now())
        self.stdout.write(f"administrator {email} made")
