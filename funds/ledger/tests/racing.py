"""Many at once: each runner has its own thread and connection, and all start together."""

import threading
from collections import Counter
from collections.abc import Callable

from django.db import connection

from marketplace.core.errors import DomainError


def race(act: Callable[[int], object], runners: int) -> Counter[str]:
    """Run `act(number)` in that many threads; how often it went through ("done") or was refused with which code."""
    start = threading.Barrier(runners)
    outcomes: list[str] = []

    def run(number: int) -> None:
        try:
            connection.ensure_connection()
            start.wait(timeout=20)
            act(number)
            outcomes.append("done")
        except DomainError as refusal:
            outcomes.append(refusal.code)
        except Exception as error:
            outcomes.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(runners)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(outcomes)
