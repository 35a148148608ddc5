"""`manage.py reprice_listings [--variant ID ...]`: compute anew what lists show of promotions."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from purchases.listed_prices import services


class Command(BaseCommand):
    """Resumable: what was not reached stays marked, and the workers go on with it."""

    help = "Compute the promoted prices that lists show, of all variants or of some, from the price rules of now."

    def add_arguments(self, parser: CommandParser) -> None:
        """All, unless some are named."""
        parser.add_argument("--variant", type=UUID, action="append", default=[], help="only this one; repeatable")

    def handle(self, *args: Any, variant: list[UUID], **options: Any) -> None:
        now = timezone.now()
        marked = services.mark_variants(variant_ids=variant, at=now) if variant else services.mark_everything(at=now)
        computed = 0
        while done := services.compute_next(at=timezone.now()):
            computed += done
        self.stdout.write(f"{marked} marked, {computed} computed")
