"""`manage.py prepare`: what comes before the first request, in one start of Python instead of three."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Migrations, the first administrator, demo data on the first start. Harmless when repeated."""

    help = "Bring the database up to date, make the first administrator, fill an empty database with demo data."

    def add_arguments(self, parser: CommandParser) -> None:
        """Without demo data: a database for real use."""
        parser.add_argument("--no-demo", action="store_true", help="leave an empty database empty")

    def handle(self, *_args: Any, no_demo: bool, **_options: Any) -> None:
        """Each step does nothing where its work is done."""
        call_command("migrate", interactive=False, verbosity=0)
        call_command("ensure_superuser")
        if not no_demo:
            call_command("populate_demo_data", "--if-empty")
