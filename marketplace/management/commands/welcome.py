"""`manage.py welcome`: the addresses and the demo log-ins, as `serve` shows them."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from marketplace.embedded.welcome import welcome


class Command(BaseCommand):
    """For layouts of several processes, where no single one can greet."""

    help = "Show the addresses and the log-ins of the demo data."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Print them."""
        self.stdout.write(welcome(settings.BIND_ADDRESS, settings.PORT))
