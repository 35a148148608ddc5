"""The crash points of the payment queue: boundaries at which a process can be made to stop for good.

The product knows nothing of it: what is wrapped are its edges (the commit, Celery's publish and signals, the HTTP
client), for the life of the process. Numbers are those of the table in docs/reliability.md; the tests kill forked
workers there, `chaos.kill_payments` whole Celery workers.
"""

import os
import signal
import threading
from collections.abc import Callable
from typing import Any, Final

from celery import Task, signals
from django.db.backends.base.base import BaseDatabaseWrapper

from funds.payments.providers import calls
from funds.payments.providers.sandbox import SandboxProvider

Act = Callable[[], None]
Plant = Callable[[Act], None]

DOORS: Final = frozenset({"core.deliver", "funds.run_payment_task"})
"""Celery tasks that bring a payment task to its worker."""


def before_commit(act: Act) -> None:
    """Everything is written, nothing is committed."""
    _wrap(BaseDatabaseWrapper, "_commit", before=act)


def before_publish(act: Act) -> None:
    """Committed, and the message does not leave."""
    _wrap(Task, "apply_async", before=act)


def popped(act: Act) -> None:
    """The message has been taken from the broker, nothing has been done."""
    signals.task_prerun.connect(_at_a_door(act), weak=False)


def before_sending(act: Act) -> None:
    """The claim is committed, the provider has heard nothing."""
    _wrap(calls.Caller, "send", before=act)
    _wrap(SandboxProvider, "start_payout", before=act)


def answer_outstanding(act: Act) -> None:
    """The request has left, the answer has not been read."""
    _wrap(calls._PlainConnection, "getresponse", before=act)
    _wrap(SandboxProvider, "start_payout", after=act)


def answered(act: Act) -> None:
    """The answer is here, nothing of it is written down."""
    _wrap(calls.Caller, "send", after=act)
    _wrap(SandboxProvider, "start_payout", after=act)


def before_last_commit(act: Act) -> None:
    """The answer and its money are written, the commit is not."""
    heard = threading.local()

    def hear() -> None:
        heard.answer = True

    def at_commit() -> None:
        if getattr(heard, "answer", False):
            act()

    answered(hear)
    before_commit(at_commit)


def before_ack(act: Act) -> None:
    """All is committed, the broker does not know it."""
    signals.task_postrun.connect(_at_a_door(act), weak=False)


POINTS: Final[dict[int, tuple[Plant, ...]]] = {
    1: (before_commit,),
    2: (before_publish,),
    3: (popped,),
    4: (before_sending,),
    5: (answer_outstanding,),
    6: (answered, before_last_commit),
    7: (before_ack,),
}


def die() -> None:
    """No clean-up, no exception, no exit handler."""
    os.kill(os.getpid(), signal.SIGKILL)


def _at_a_door(act: Act) -> Callable[..., None]:
    def hear(sender: Any = None, **_details: Any) -> None:
        if sender.name in DOORS:
            act()

    return hear


def _wrap(owner: type, name: str, *, before: Act | None = None, after: Act | None = None) -> None:
    original = getattr(owner, name)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        if before:
            before()
        answer = original(*arguments, **named)
        if after:
            after()
        return answer

    setattr(owner, name, wrapped)
