"""Mercado Pago's JSON and our readings. Whatever does not read exactly is uncertain; nothing is guessed or rounded.

Formats: pages "Get payment", "Search payments", "Create refund", "Create preference", "Search preferences".
"""

import json
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from funds.payments.providers.protocol import (
    PaymentReading,
    ProviderRefusedError,
    ProviderUncertainError,
    ReadingState,
    RefundReading,
)
from marketplace.core.errors import DomainError
from marketplace.core.money import MAX_MINOR, Money, exponent

logger = logging.getLogger(__name__)

Json = dict[str, Any]

STATES: Final = {
    "pending": ReadingState.PENDING,
    "authorized": ReadingState.PENDING,
    "in_process": ReadingState.PENDING,
    "approved": ReadingState.APPROVED,
    "refunded": ReadingState.APPROVED,
    "rejected": ReadingState.REJECTED,
    "cancelled": ReadingState.REJECTED,
    "in_mediation": ReadingState.DISPUTED,
    "charged_back": ReadingState.CHARGED_BACK,
}
"""Page "Get payment", `status`. `refunded` is an approved payment that was given back whole."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_NOT_GIVEN: Final = {"in_process", "rejected", "cancelled"}
"""States of a refund that has not moved the money (SDK for Node, `paymentRefund/commonTypes.ts`)."""


def encode(value: object) -> str:
    """JSON text with decimals written digit by digit: 10.10 stays 10.10, and no float is ever made."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key)}: {encode(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(encode(item) for item in value) + "]"
    return json.dumps(value)


def decode(body: bytes) -> Json:
    """The JSON object of an answer, numbers exact. Raises `ProviderUncertainError` for anything else.

    A list is put under `results`: "List refunds" answers with a bare one.
    """
    try:
        content = json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise ProviderUncertainError("the answer is not JSON") from error
    if isinstance(content, list):
        return {"results": content}
    if not isinstance(content, dict):
        raise ProviderUncertainError("the answer is not an object")
    return content


def reason(body: bytes) -> str:
    """What an error answer says, for people: `error`, `message`, first `cause`. Never raises."""
    try:
        content = decode(body)
    except ProviderUncertainError:
        return "(unreadable)"
    causes = content.get("cause")
    first = causes[0] if isinstance(causes, list) and causes else None
    code = f"cause {first.get('code')}" if isinstance(first, dict) else ""
    return " ".join(str(part) for part in (content.get("error"), content.get("message"), code) if part)[:300]


def text(source: Mapping[str, Any], name: str) -> str:
    """A field that must be a non-empty text. Raises `ProviderUncertainError`."""
    value = source.get(name)
    if not isinstance(value, str) or not value:
        raise ProviderUncertainError(f"unreadable {name}")
    return value


def identifier(source: Mapping[str, Any], name: str = "id") -> str:
    """An id, written as a number or as a text. Raises `ProviderUncertainError`."""
    value = source.get(name)
    written = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not _ID.fullmatch(written):
        raise ProviderUncertainError(f"unreadable {name}")
    return written


def is_identifier(value: str) -> bool:
    """Whether something may be an id at all."""
    return _ID.fullmatch(value) is not None


def entries(source: Mapping[str, Any], name: str) -> list[Json]:
    """A list of objects; null counts as an empty one. Raises `ProviderUncertainError`."""
    value = source.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise ProviderUncertainError(f"unreadable {name}")
    return value


def money(source: Mapping[str, Any], name: str, currency: str) -> Money:
    """An amount in major units as a JSON number, exactly in the currency's minor units, not negative.

    Raises `ProviderUncertainError` for texts, fractions of a minor unit, unknown currencies and the unthinkably large.
    """
    value = source.get(name)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ProviderUncertainError(f"unreadable {name}")
    try:
        scale = exponent(currency)
    except DomainError as error:
        raise ProviderUncertainError(f"unknown currency {currency[:8]!r}") from error
    exact = Decimal(value)
    if not exact.is_finite() or (exact and not -8 <= exact.adjusted() <= 15):
        raise ProviderUncertainError(f"unreadable {name}")
    if exact.is_zero():
        return Money(0, currency)  # also 0e999999, which has too many places to be moved
    minor = exact.scaleb(scale)
    if minor != minor.to_integral_value() or not 0 <= minor < MAX_MINOR:
        raise ProviderUncertainError(f"unreadable {name}")
    return Money(int(minor), currency)


def moment(source: Mapping[str, Any], name: str) -> datetime:
    """An ISO 8601 moment with its offset. Raises `ProviderUncertainError`."""
    try:
        at = datetime.fromisoformat(text(source, name))
    except ValueError as error:
        raise ProviderUncertainError(f"unreadable {name}") from error
    if at.tzinfo is None:
        raise ProviderUncertainError(f"unreadable {name}")
    return at.astimezone(UTC)


def written(at: datetime) -> str:
    """A moment as Mercado Pago takes it: `yyyy-MM-dd'T'HH:mm:ss.SSSZ`, in UTC."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def reference(source: Mapping[str, Any]) -> UUID | None:
    """Our reference; None when `external_reference` is not a UUID in its usual form, hence none of ours."""
    value = source.get("external_reference")
    try:
        found = UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found and str(found) == value else None


def refund(source: Mapping[str, Any], currency: str) -> RefundReading | None:
    """A refund that gave money back, None for one that did not (yet). Raises `ProviderUncertainError`.

    Page "Create refund": `id`, `amount` in major units of the payment's currency, `date_created`, `status`.
    """
    status = source.get("status") or "approved"
    if status in _NOT_GIVEN:
        return None
    if status != "approved":
        raise ProviderUncertainError(f"unknown refund status {str(status)[:40]!r}")
    return RefundReading(
        refund_id=identifier(source), amount=money(source, "amount", currency), at=moment(source, "date_created")
    )


def lacks_refunds(source: Mapping[str, Any]) -> bool:
    """Whether more was given back than the payment's own list shows, so that the list has to be asked for."""
    if source.get("status") not in {"approved", "refunded"}:
        return False
    currency = text(source, "currency_id")
    return _given_back(source, currency) != _listed(_refunds(source, currency), currency)


def payment(source: Mapping[str, Any], *, collector_id: str, is_sandbox: bool) -> PaymentReading:
    """A payment as "Get payment" and "Search payments" show it.

    Raises `ProviderUncertainError` for an unknown status and for anything that does not read exactly, refunds that do
    not add up to what was given back included. Money of another account, or test money (`live_mode` false) while the
    shop is not in its sandbox, is not ours.
    """
    currency = text(source, "currency_id")
    status = text(source, "status")
    if status not in STATES:
        raise ProviderUncertainError(f"unknown status {status[:40]!r}")
    amount = money(source, "transaction_amount", currency)
    refunds = _refunds(source, currency)
    if status in {"approved", "refunded"} and _listed(refunds, currency) != _given_back(source, currency):
        raise ProviderUncertainError("the refunds shown do not add up to what was given back")
    is_real = is_sandbox or source.get("live_mode") is not False
    return PaymentReading(
        payment_id=identifier(source),
        reference=reference(source),
        state=STATES[status],
        amount=amount,
        updated_at=moment(source, "date_last_updated"),
        refunds=refunds,
        fee=_fee(source, currency),
        is_ours=is_real and (not collector_id or str(source.get("collector_id")) == collector_id),
    )


def new_refund(source: Mapping[str, Any], *, payment_id: str, amount: Money) -> RefundReading:
    """The refund just asked for. Raises `ProviderRefusedError` if it was rejected, `ProviderUncertainError` while it is
    in process or when it is not the one that was asked for."""
    if source.get("status") in {"rejected", "cancelled"}:
        raise ProviderRefusedError(f"the refund was {source['status']}")
    found = refund(source, amount.currency)
    if found is None:
        raise ProviderUncertainError("the refund is in process")
    if identifier(source, "payment_id") != payment_id or found.amount != amount:
        raise ProviderUncertainError("another refund than the one asked for")
    return found


def _given_back(source: Mapping[str, Any], currency: str) -> Money:
    """`transaction_amount_refunded`, which old payments leave out; a `refunded` one gave everything back."""
    if source.get("status") == "refunded":
        return money(source, "transaction_amount", currency)
    if source.get("transaction_amount_refunded") is None:
        return _listed(_refunds(source, currency), currency)
    return money(source, "transaction_amount_refunded", currency)


def _refunds(source: Mapping[str, Any], currency: str) -> tuple[RefundReading, ...]:
    found = (refund(entry, currency) for entry in entries(source, "refunds"))
    return tuple(reading for reading in found if reading)


def _listed(refunds: tuple[RefundReading, ...], currency: str) -> Money:
    return sum((each.amount for each in refunds), start=Money.zero(currency))


def _fee(source: Mapping[str, Any], currency: str) -> Money | None:
    """What the seller pays of `fee_details` (a buyer's financing is no fee of ours); None where it cannot be told."""
    try:
        parts = [part for part in entries(source, "fee_details") if part.get("fee_payer") == "collector"]
        return sum((money(part, "amount", currency) for part in parts), start=Money.zero(currency))
    except ProviderUncertainError:
        logger.warning("a fee of Mercado Pago does not read", extra={"payment": str(source.get("id"))[:64]})
        return None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
