"""`python -m bench.rival_shop.seed COUNT ROUNDS`: tables, customers and promotions; prints a JSON line of both.

A process of its own, because a process has one Django. `python -m bench.rival_shop.seed --holds` prints how many units
were sold more often than once, and how often in all.
"""

import json
import os
import sys
from datetime import timedelta

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.rival_shop.settings"


def seed(count: int, rounds: int) -> dict[str, list[object]]:
    """`count` customers beside `rounds` promotions of one unit each."""
    from django.contrib.auth.models import User  # noqa: PLC0415 - after Django is set up
    from django.core.management import call_command  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415
    from rest_framework_simplejwt.tokens import AccessToken  # noqa: PLC0415

    from .models import Profile, Promotion, Segment  # noqa: PLC0415

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
    """What the database says afterwards."""
    from django.db.models import Count  # noqa: PLC0415 - after Django is set up

    from .models import Promotion  # noqa: PLC0415

    counts = [row["times"] for row in Promotion.objects.annotate(times=Count("hold")).values("times")]
    return {"units": len(counts), "held": sum(counts), "twice": sum(count > 1 for count in counts)}


if __name__ == "__main__":
    django.setup()
    if sys.argv[1] == "--holds":
        print(json.dumps(holds()))
    else:
        print(json.dumps(seed(int(sys.argv[1]), int(sys.argv[2]))))
