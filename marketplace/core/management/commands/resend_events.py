"""`manage.py resend_events`: hand events to the event bus again."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_datetime

from marketplace.core.bus.enqueueing import is_on
from marketplace.core.bus.resending import resend_parked, resend_since


class Command(BaseCommand):
    """Only marks the rows: the relay's process sends them."""

    help = "Send events to the event bus again, under their own ids: what was parked, or everything since a moment."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--parked", action="store_true", help="what was set aside after five refusals")
        which.add_argument("--since", type=_moment, help="everything published since, such as 2026-11-30T08:00:00Z")

    def handle(self, *args: Any, **options: Any) -> None:
        if not is_on():
            raise CommandError("EVENT_BUS_URL is empty: the event bus is off")
        count = resend_parked() if options["parked"] else resend_since(options["since"])
        self.stdout.write(f"{count} to be sent again")


def _moment(text: str) -> datetime:
    moment = parse_datetime(text)
    if moment is None or moment.tzinfo is None:
        raise CommandError(f"{text} is no moment with its offset, such as 2026-11-30T08:00:00Z")
    return moment
