"""`manage.py run_relay`: the outbox relay as a process of its own."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from marketplace.core.bus.pump import run_pump
from marketplace.core.outbox.relay import Relay
from marketplace.core.outbox.tasks import send_to_celery


class Command(BaseCommand):
    """Runs until SIGINT or SIGTERM."""

    help = "Relay committed events to the Celery queues and the event bus, and start what is due each second."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        # Beside the relay, not in its loop: a bus that is slow keeps no handler waiting.
        bus = threading.Thread(target=run_pump, args=(stop,), name="event-bus")
        bus.start()
        self.stdout.write("relay running")
        Relay(send_to_celery).run(stop)
        bus.join()
