"""What each kind of payment task asks its provider, and what the answer means for the books.

`ask` runs outside any transaction and touches no row. What the provider shows of `payments` is recorded first, each in
a transaction of its own (harmless twice); `take_over` runs inside the one that ends the task, with its subject locked
first. An earlier attempt without an answer is looked for at the provider before anything is sent.
"""

from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import UUID

from marketplace.core.clock import db_now
from marketplace.core.locking import LockRank, lock

from .errors import AnswerMismatchError
from .models import Deposit, PaymentTask, ProviderEvent, Refund
from .providers import Checkout, PaymentReading, Provider, ProviderUncertainError
from .providers.protocol import PayoutReading, RefundReading
from .services.closing import close_deposit
from .services.payouts import fail_payout, lock_payout, record_payout
from .services.recording import record_refund, refresh_deposit
from .services.refunds import fail_refund, lock_payment


@dataclass(frozen=True, slots=True)
class Request:
    """What a worker takes to the provider. `key` is the same for every attempt of one intent."""

    task: PaymentTask
    key: UUID
    is_unresolved: bool


class NotShownYetError(ProviderUncertainError):
    """The provider answered, and does not know this payment (yet). It is asked again; it is not silent."""


class Job(Protocol):
    """One kind of task."""

    def ask(self, request: Request, provider: Provider) -> Any:
        """Talk to the provider; raises its three errors."""

    def payments(self, answer: Any) -> tuple[PaymentReading, ...]:
        """The payments that the answer shows."""

    def take_over(self, task: PaymentTask, answer: Any) -> None:
        """Write the answer into the books, the subject's row locked first. Raises `AnswerMismatchError`."""

    def refuse(self, task: PaymentTask, because: str) -> None:
        """Write a definite no into the books, likewise."""


class StartDeposit:
    """Open a checkout; payments made already are taken over at once."""

    def ask(self, request: Request, provider: Provider) -> Checkout:
        deposit = _of(request.task.deposit)
        if request.is_unresolved:
            known = provider.find_checkout(reference=deposit.pk)
            if known is not None:
                return known
        return provider.start_deposit(
            key=request.key, reference=deposit.pk, amount=deposit.amount, expires_at=deposit.expires_at
        )

    def payments(self, answer: Checkout) -> tuple[PaymentReading, ...]:
        return answer.payments

    def take_over(self, task: PaymentTask, answer: Checkout) -> None:
        deposit = _lock_deposit(task)
        deposit.checkout_url = answer.checkout_url
        if deposit.state == Deposit.State.CREATED:
            deposit.state = Deposit.State.PREFERENCE_READY if answer.checkout_url else Deposit.State.PENDING
        deposit.save(update_fields=["state", "checkout_url", "updated_at"])

    def refuse(self, task: PaymentTask, because: str) -> None:
        close_deposit(_lock_deposit(task), state=Deposit.State.REJECTED)


class ReadPayment:
    """Read the payment of a webhook back. One that is not there yet is asked for again."""

    def ask(self, request: Request, provider: Provider) -> PaymentReading:
        reading = provider.read_payment(payment_id=_of(request.task.event).payment_id)
        if reading is None:
            raise NotShownYetError("the provider does not show this payment yet")
        return reading

    def payments(self, answer: PaymentReading) -> tuple[PaymentReading, ...]:
        return (answer,)

    def take_over(self, task: PaymentTask, answer: PaymentReading) -> None:
        ProviderEvent.objects.filter(pk=_of(task.event).pk).update(processed_at=db_now())

    def refuse(self, task: PaymentTask, because: str) -> None:
        ProviderEvent.objects.filter(pk=_of(task.event).pk).update(processed_at=db_now())


class SendRefund:
    """Give a payment back. The provider knows the key, so that sending twice gives back once."""

    def ask(self, request: Request, provider: Provider) -> RefundReading:
        refund = _of(request.task.refund)
        return provider.refund_payment(key=request.key, payment_id=refund.payment.payment_id, amount=refund.amount)

    def payments(self, answer: RefundReading) -> tuple[PaymentReading, ...]:
        return ()

    def take_over(self, task: PaymentTask, answer: RefundReading) -> None:
        refund = _of(task.refund)
        payment, deposit = lock_payment(refund.payment_id)
        if answer.amount != refund.amount:
            raise AnswerMismatchError(f"{answer.amount} refunded instead of {refund.amount}")
        record_refund(payment=payment, deposit=deposit, refund=answer)
        refresh_deposit(deposit)

    def refuse(self, task: PaymentTask, because: str) -> None:
        refund = _of(task.refund)
        lock_payment(refund.payment_id)
        fail_refund(Refund.objects.get(pk=refund.pk))


class SendPayout:
    """Pay out."""

    def ask(self, request: Request, provider: Provider) -> PayoutReading:
        payout = _of(request.task.payout)
        if request.is_unresolved:
            known = provider.find_payout(reference=payout.pk)
            if known is not None:
                return known
        return provider.start_payout(
            key=request.key, reference=payout.pk, amount=payout.amount, destination=payout.destination
        )

    def payments(self, answer: PayoutReading) -> tuple[PaymentReading, ...]:
        return ()

    def take_over(self, task: PaymentTask, answer: PayoutReading) -> None:
        record_payout(payout=lock_payout(_of(task.payout).pk), reading=answer)

    def refuse(self, task: PaymentTask, because: str) -> None:
        fail_payout(payout=lock_payout(_of(task.payout).pk), because=because)


JOBS: Final[dict[str, Job]] = {
    PaymentTask.Kind.START_DEPOSIT: StartDeposit(),
    PaymentTask.Kind.READ_PAYMENT: ReadPayment(),
    PaymentTask.Kind.REFUND: SendRefund(),
    PaymentTask.Kind.PAYOUT: SendPayout(),
}


def _lock_deposit(task: PaymentTask) -> Deposit:
    (deposit,) = lock(LockRank.PAYMENT, Deposit.objects.filter(pk=_of(task.deposit).pk))
    return deposit


def _of(subject: Any) -> Any:
    assert subject is not None  # the constraint funds_task_subject says so
    return subject
