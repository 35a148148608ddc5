"""`manage.py retry_deliveries`: hand parked events to their handlers again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketplace.core.models import EventDelivery
from marketplace.core.outbox.handlers import is_known
from marketplace.core.outbox.retrying import try_again


class Command(BaseCommand):
    """Only marks the rows: the relay sends them."""

    help = "Try deliveries again that were set aside after five attempts, all of them or those of one handler."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--handler", help="such as notifications.deliver_on_inbox_filled")
        which.add_argument("--all", action="store_true", help="whatever their handler is")

    def handle(self, *args: Any, **options: Any) -> None:
        name, rows = options["handler"], EventDelivery.objects.all()
        if name is not None:
            if not is_known(name):
                raise CommandError(f"no handler is called {name}")
            rows = rows.filter(handler=name)
        self.stdout.write(f"{try_again(rows, actor_id=None)} to be tried again")
