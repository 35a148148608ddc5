"""`manage.py run_relay`: the outbox relay as a process of its own."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from marketplace.core.outbox.relay import Relay
from marketplace.core.outbox.tasks import send_to_celery


class Command(BaseCommand):
    """Runs until SIGINT or SIGTERM."""

    help = "Relay committed events to the Celery queues and start what is due each second."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write("relay running")
        Relay(send_to_celery).run(stop)
