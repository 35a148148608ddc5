"""`manage.py replay_signals [--half-life HOURS]`: popularity and interests made anew from what is counted."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from promotions.engagement.services.replaying import replay_signals


class Command(BaseCommand):
    """Harmless twice. Events are still accepted meanwhile; they are counted afterwards."""

    help = "Make products' signals anew from the hours, and customers' interests from the events that are kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--half-life", type=float, metavar="HOURS", help="from now on an event's half-life")

    def handle(self, *args: Any, **options: Any) -> None:
        half_life = options["half_life"]
        if half_life is not None and not 1.0 <= half_life <= 87_600.0:
            raise CommandError("a half-life is from one hour to ten years (87600 hours)")
        replayed = replay_signals(half_life_hours=half_life)
        self.stdout.write(f"{replayed.signals} signals, {replayed.interests} interests")
