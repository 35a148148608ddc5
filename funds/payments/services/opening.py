"""Opening balances: many wallets funded set-wise through real deposits, for demo data and imports."""

from collections.abc import Iterable
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction

from funds.ledger.bulk import BulkCredit, post_credits
from funds.ledger.models import Journal, JournalKind
from funds.ledger.terms import AccountKey
from funds.payments.models import Deposit, PaymentEvent, ProviderPayment
from funds.payments.providers.protocol import provider_id
from marketplace.core.clock import read_db_now
from marketplace.core.money import Money

PROVIDER = "sandbox"
SCOPE = f"provider:{PROVIDER}"


@transaction.atomic
def fund_wallets(*, rows: Iterable[tuple[UUID, Money, str]], at: datetime | None = None) -> int:
    """Credit many wallets through the sandbox's clearing account, with deposits and payments as if each had been made.

    Each row is (customer, amount, key); a key that was used before is passed over, so that it can be run again.
    Returns how many were new. Raises `KeyReusedError` for a key with another amount or customer.
    """
    moment = at or read_db_now()
    deposits = [_deposit(customer_id, amount, key, moment) for customer_id, amount, key in rows]
    new = post_credits(rows=[_credit(deposit) for deposit in deposits], at=moment)
    Deposit.objects.bulk_create(deposits, ignore_conflicts=True, batch_size=500)
    ProviderPayment.objects.bulk_create(
        [_payment(deposit, moment) for deposit in deposits], ignore_conflicts=True, batch_size=500
    )
    _write_events([_payment_id(deposit) for deposit in deposits], moment)
    return new


def _write_events(payment_ids: list[str], moment: datetime) -> None:
    for start in range(0, len(payment_ids), 500):
        chunk = payment_ids[start : start + 500]
        journals = dict(Journal.objects.filter(scope=SCOPE, idem_key__in=chunk).values_list("idem_key", "pk"))
        PaymentEvent.objects.bulk_create(
            [
                PaymentEvent(
                    payment=payment,
                    kind=PaymentEvent.Kind.APPROVED,
                    reference=payment.payment_id,
                    amount_minor=payment.amount_minor,
                    journal_id=journals[payment.payment_id],
                    at=moment,
                )
                for payment in ProviderPayment.objects.filter(provider=PROVIDER, payment_id__in=chunk)
            ],
            ignore_conflicts=True,
        )


def _payment_id(deposit: Deposit) -> str:
    return f"opening-{deposit.pk}"


def _deposit(customer_id: UUID, amount: Money, key: str, moment: datetime) -> Deposit:
    return Deposit(
        id=uuid5(NAMESPACE_URL, f"urn:marketplace:opening:{key}"),
        customer_id=customer_id,
        provider=PROVIDER,
        currency=amount.currency,
        amount_minor=amount.minor,
        state=Deposit.State.CREDITED,
        credited_at=moment,
    )


def _credit(deposit: Deposit) -> BulkCredit:
    return BulkCredit(
        scope=SCOPE,
        key=_payment_id(deposit),
        kind=JournalKind.DEPOSIT,
        debit=AccountKey.clearing(provider_id(PROVIDER), deposit.currency),
        credit=AccountKey.wallet(deposit.customer_id, deposit.currency),
        amount=deposit.amount,
        source=f"deposit:{deposit.pk}",
    )


def _payment(deposit: Deposit, moment: datetime) -> ProviderPayment:
    return ProviderPayment(
        provider=PROVIDER,
        payment_id=_payment_id(deposit),
        deposit=deposit,
        currency=deposit.currency,
        amount_minor=deposit.amount_minor,
        state=ProviderPayment.State.APPROVED,
        provider_updated_at=moment,
    )
