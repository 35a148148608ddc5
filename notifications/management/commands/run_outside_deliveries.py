"""`manage.py run_outside_deliveries`: a consumer of the outside queue as a process; as many as are needed."""

import logging
import signal
import threading
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from notifications.delivery.outside import WAIT_SECONDS
from notifications.delivery.services import drain_outside_queue
from notifications.delivery.values import ChannelOutError

logger = logging.getLogger(__name__)
PAUSE_SECONDS = 2.0
TURN_SECONDS = 60.0


class Command(BaseCommand):
    """Runs until SIGINT or SIGTERM; what it has received by then it finishes."""

    help = "Publish what waits in the outside queue (OUTSIDE_QUEUE_URL) to the push service."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--once", action="store_true", help="end when the queue has nothing to give")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.OUTSIDE_QUEUE_URL:
            raise CommandError("OUTSIDE_QUEUE_URL names no queue")
        stop = threading.Event()
        if not options["once"]:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: stop.set())
        wait_seconds = 1 if options["once"] else WAIT_SECONDS
        while not stop.is_set():
            try:
                done = drain_outside_queue(until=monotonic() + TURN_SECONDS, wait_seconds=wait_seconds)
            except ChannelOutError as error:
                logger.warning("outside queue is out; trying again: %s", error)
                done = -1
            except DatabaseError as error:
                logger.warning("database is out; trying again: %s", error)
                connection.close()
                done = -1
            if options["once"] and done >= 0:
                return
            if done < 0:
                stop.wait(PAUSE_SECONDS)
