"""`manage.py export_person EMAIL --to FILE --reason TEXT`: what the shop keeps about a person, as a ZIP."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from users.accounts.models import User
from users.personal_exports.services import write_export


class Command(BaseCommand):
    """For requests by letter whose answer cannot be downloaded. The audit trail says that it was made."""

    help = "Write everything the shop keeps about a person into a new ZIP that only you can read."

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, where to, and why."""
        parser.add_argument("email")
        parser.add_argument("--to", type=Path, required=True, metavar="FILE", help="a file that is not there yet")
        parser.add_argument("--reason", required=True, help="the letter's date or file number, for the audit trail")

    def handle(self, *_args: Any, email: str, to: Path, reason: str, **_options: Any) -> None:
        """Say what is in it."""
        user_id = User.objects.filter(email=email.strip().lower()).values_list("pk", flat=True).first()
        if user_id is None:
            raise CommandError(f"there is no account of {email}")
        try:
            # Never over a file that is there, and for nobody else's eyes.
            descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(f"{to}: {error.strerror}") from None
        with os.fdopen(descriptor, "wb") as file:
            try:
                counts = write_export(file, user_id=user_id, at=timezone.now(), reason=reason)
            except BaseException:
                # Half a file would look like an answer.
                to.unlink(missing_ok=True)
                raise
        for name, count in counts.items():
            if count:
                self.stdout.write(f"{name:<45} {count:>8}")
        self.stdout.write(f"{to}: {to.stat().st_size:,} bytes")
