"""`manage.py index_geography`: the index that GEOGRAPHY=postgis is answered by."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from users import facade as users


class Command(BaseCommand):
    """Make it, without holding anybody up; harmless twice."""

    help = "Make the index that GEOGRAPHY=postgis is answered by (PostgreSQL with the postgis extension)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuse where there is no PostGIS."""
        if not users.index_for_postgis():
            raise CommandError("this database has no PostGIS: CREATE EXTENSION postgis, as its owner, comes first")
        self.stdout.write("the index is there")
