"""The rival's rows, and what became of them."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.models import Count
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken

from .models import Profile, Promotion, Segment


def seed(count: int, rounds: int) -> dict[str, list[object]]:
    """`count` customers beside `rounds` promotions of one unit each."""
    call_command("migrate", "auth", verbosity=0)
    call_command("migrate", run_syncdb=True, verbosity=0)
    place = {"latitude": 19.4326, "longitude": -99.1332}
    segment = Segment.objects.create(name="everyone")
    users = User.objects.bulk_create(User(username=f"rival{number}") for number in range(count))
    for user in users:
        Profile.objects.create(user=user, **place).segments.add(segment)
    now = timezone.now()
    promotions = [
        Promotion.objects.create(
            name=f"promotion {number}", starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1), **place
        )
        for number in range(rounds)
    ]
    return {
        "tokens": [str(AccessToken.for_user(user)) for user in users],
        "promotions": [promotion.pk for promotion in promotions],
    }


def holds() -> dict[str, int]:
    """What the database says afterwards: units, holds in all, units that were held twice or more."""
    counts = [row["times"] for row in Promotion.objects.annotate(times=Count("hold")).values("times")]
    return {"units": len(counts), "held": sum(counts), "twice": sum(count > 1 for count in counts)}
