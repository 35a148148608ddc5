"""What the fake Mercado Pago keeps and how it shows it: the JSON of the API reference. Standard library only."""

import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

MOST = 300_000
FEE = Decimal("0.0399")


class RefusedError(Exception):
    """An error answer, in the shape of the API."""

    def __init__(self, status: int, error: str, message: str, code: object = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = {
            "message": message,
            "error": error,
            "status": status,
            "cause": [] if code is None else [{"code": code, "description": message, "data": None}],
        }


@dataclass(slots=True)
class Refund:
    id: int
    amount: Decimal
    at: float
    status: str = "approved"


@dataclass(slots=True)
class Payment:
    id: int
    reference: str | None
    amount: Decimal
    currency: str
    status: str
    collector: int
    created: float
    updated: float
    live: bool = True
    refunds: list[Refund] = field(default_factory=list)
    extra: dict[str, Any] | None = None

    def given_back(self) -> Decimal:
        return sum((refund.amount for refund in self.refunds if refund.status == "approved"), start=Decimal(0))


@dataclass(slots=True)
class Preference:
    id: str
    reference: str | None
    created: float
    raw: bytes


class Account:
    """One seller's account. Every method holds the lock; times are strictly increasing, so that order is told."""

    def __init__(
        self, *, base_url: str, collector: int = 123456789, changed: Callable[[int], None] | None = None
    ) -> None:
        self.base_url, self.collector, self.changed = base_url, collector, changed
        self.lock = threading.RLock()
        self.preferences: dict[str, Preference] = {}
        self.payments: dict[int, Payment] = {}
        self._by_reference: dict[str, list[str]] = {}
        self._paid: dict[str, list[int]] = {}
        self._last, self._number, self._refund_number = 0.0, 10_000_000_000, 1_000_000_000
        self._version = 0
        self._search_cache: tuple[object, int, list[Payment]] = ((), -1, [])

    def now(self) -> float:
        """Milliseconds, each later than the one before."""
        self._last = max(round(time.time() * 1000), self._last + 1)
        self._version += 1
        return self._last

    # --- preferences

    def create_preference(self, body: dict[str, Any]) -> dict[str, Any]:
        _check_items(body.get("items"))
        with self.lock:
            if len(self.preferences) >= MOST:
                raise RefusedError(500, "internal_error", "the fake is full")
            known = f"{self.collector}-{uuid4()}"
            reference = body.get("external_reference")
            made = Preference(known, reference, self.now(), json.dumps(body, default=_number).encode())
            self.preferences[known] = made
            if reference:
                self._by_reference.setdefault(reference, []).append(known)
            return self.shown_preference(made)

    def update_preference(self, known: str, body: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            found = self.preference(known)
            found.raw = json.dumps({**_parsed(found.raw), **body}, default=_number).encode()
            return self.shown_preference(found)

    def preference(self, known: str) -> Preference:
        if known not in self.preferences:
            raise RefusedError(404, "not_found", "preference_id not found", "invalid_id")
        return self.preferences[known]

    def preference_numbered(self, known: str) -> dict[str, Any]:
        with self.lock:
            return self.shown_preference(self.preference(known))

    def search_preferences(self, query: dict[str, str]) -> dict[str, Any]:
        with self.lock:
            reference = query.get("external_reference")
            names = self._by_reference.get(reference, []) if reference else list(self.preferences)
            offset, limit = int(query.get("offset", 0)), int(query.get("limit", 50))
            page = names[offset : offset + limit]
            elements = [self._element(self.preferences[name]) for name in page]
            return {"elements": elements, "next_offset": offset + len(page), "total": len(names)}

    def shown_preference(self, made: Preference) -> dict[str, Any]:
        return {
            "additional_info": "",
            "auto_return": "",
            "back_urls": {"success": "", "pending": "", "failure": ""},
            "expires": False,
            "notification_url": None,
            "operation_type": "regular_payment",
            "statement_descriptor": "",
            "external_reference": "",
            **_parsed(made.raw),
            "client_id": "6295877106812064",
            "collector_id": self.collector,
            "date_created": written(made.created),
            "id": made.id,
            "init_point": f"{self.base_url}/checkout/v1/redirect?pref_id={made.id}",
            "sandbox_init_point": f"{self.base_url}/sandbox/checkout/v1/redirect?pref_id={made.id}",
        }

    def _element(self, made: Preference) -> dict[str, Any]:
        """A hit of the search: no URL, and items by their titles alone."""
        raw = _parsed(made.raw)
        return {
            "client_id": "6295877106812064",
            "collector_id": self.collector,
            "date_created": written(made.created),
            "expiration_date_to": raw.get("expiration_date_to"),
            "expires": raw.get("expires", False),
            "external_reference": made.reference or "",
            "id": made.id,
            "items": [item.get("title", "") for item in raw.get("items", [])],
            "live_mode": True,
            "marketplace": "NONE",
            "operation_type": "regular_payment",
            "site_id": "MLM",
        }

    # --- payments

    def pay(self, known: str, *, status: str = "approved", **other: Any) -> Payment:
        """A customer pays the preference. `other` overrides amount, currency_id, collector_id, external_reference,
        live_mode, or adds fields to what is shown."""
        with self.lock:
            raw = _parsed(self.preference(known).raw)
            total = sum((Decimal(str(i["unit_price"])) * int(i["quantity"]) for i in raw["items"]), start=Decimal(0))
            return self.add_payment(
                reference=other.pop("external_reference", raw.get("external_reference")),
                amount=Decimal(str(other.pop("amount", total))),
                currency=other.pop("currency_id", raw["items"][0].get("currency_id", "MXN")),
                status=status,
                collector=int(other.pop("collector_id", self.collector)),
                live=bool(other.pop("live_mode", True)),
                extra=other or None,
            )

    def is_paid(self, reference: str) -> bool:
        with self.lock:
            return bool(self._paid.get(reference))

    def add_payment(self, **values: Any) -> Payment:
        with self.lock:
            if len(self.payments) >= MOST:
                raise RefusedError(500, "internal_error", "the fake is full")
            self._number += 1
            at = self.now()
            made = Payment(id=self._number, created=at, updated=at, **values)
            self.payments[made.id] = made
            if made.reference:
                self._paid.setdefault(made.reference, []).append(made.id)
        self._tell(made)
        return made

    def payment(self, known: str) -> Payment:
        found = self.payments.get(int(known)) if known.isascii() and known.isdigit() else None
        if found is None:
            raise RefusedError(404, "not_found", "Payment not found", 2000)
        return found

    def payment_numbered(self, known: str) -> dict[str, Any]:
        with self.lock:
            return self.shown_payment(self.payment(known))

    def change_payment(self, known: str, status: str) -> Payment:
        with self.lock:
            found = self.payment(known)
            found.status, found.updated = status, self.now()
        self._tell(found)
        return found

    def cancel_payment(self, known: str, body: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            found = self.payment(known)
            if body.get("status") != "cancelled" or found.status not in {"pending", "in_process", "authorized"}:
                raise RefusedError(400, "bad_request", "Not valid action", 3005)
            return self.shown_payment(self.change_payment(known, "cancelled"))

    def search_payments(self, query: dict[str, str]) -> dict[str, Any]:
        offset, limit = int(query.get("offset", 0)), int(query.get("limit", 30))
        if limit > 1000:
            raise RefusedError(400, "bad_request", "Number of rows exceeded the limits", 1000)
        with self.lock:
            filters = tuple(sorted((k, v) for k, v in query.items() if k not in {"offset", "limit"}))
            if self._search_cache[:2] != (filters, self._version):
                self._search_cache = (filters, self._version, self._found(query))
            hits = self._search_cache[2]
            page = [self.shown_payment(hit) for hit in hits[offset : offset + limit]]
            return {"paging": {"total": len(hits), "limit": limit, "offset": offset}, "results": page}

    def _found(self, query: dict[str, str]) -> list[Payment]:
        reference = query.get("external_reference")
        hits: Iterable[Payment] = (
            (self.payments[i] for i in self._paid.get(reference, [])) if reference else self.payments.values()
        )
        span, begin, end = query.get("range"), query.get("begin_date"), query.get("end_date")
        if span:
            first, last = read(begin or ""), read(end or "")
            hits = [hit for hit in hits if first <= _time_of(hit, span) <= last]
        if "status" in query:
            hits = [hit for hit in hits if hit.status == query["status"]]
        by = query.get("sort", "date_created")
        return sorted(hits, key=lambda hit: _time_of(hit, by), reverse=query.get("criteria") == "desc")

    def shown_payment(self, paid: Payment) -> dict[str, Any]:
        back = paid.given_back()
        is_whole = paid.status == "approved" and back and back >= paid.amount
        fee = round(paid.amount * FEE, 2)
        return {
            "id": paid.id,
            "date_created": written(paid.created),
            "date_approved": written(paid.created) if paid.status == "approved" else None,
            "date_last_updated": written(paid.updated),
            "date_of_expiration": None,
            "money_release_date": None,
            "operation_type": "regular_payment",
            "payment_method_id": "master",
            "payment_type_id": "credit_card",
            "status": "refunded" if is_whole else paid.status,
            "status_detail": "partially_refunded" if back and not is_whole else "accredited",
            "currency_id": paid.currency,
            "description": "",
            "live_mode": paid.live,
            "collector_id": paid.collector,
            "payer": {"type": "guest", "id": None, "email": None},
            "metadata": {},
            "external_reference": paid.reference,
            "transaction_amount": number(paid.amount),
            "transaction_amount_refunded": number(back),
            "coupon_amount": 0,
            "transaction_details": {"net_received_amount": number(paid.amount - fee), "overpaid_amount": 0},
            "fee_details": [{"amount": number(fee), "fee_payer": "collector", "type": "mercadopago_fee"}],
            "captured": True,
            "binary_mode": False,
            "statement_descriptor": None,
            "installments": 1,
            "card": {},
            "notification_url": None,
            "refunds": [self.shown_refund(paid, refund) for refund in paid.refunds],
            **(paid.extra or {}),
        }

    # --- refunds

    def refund(self, known: str, body: dict[str, Any], *, status: str = "approved") -> dict[str, Any]:
        with self.lock:
            found = self.payment(known)
            left = found.amount - found.given_back()
            wanted = body.get("amount", left)
            if isinstance(wanted, bool) or not isinstance(wanted, int | Decimal):
                raise RefusedError(400, "bad_request", "amount attribute must be numeric", 4041)
            if wanted <= 0:
                raise RefusedError(400, "bad_request", "amount attribute must be positive", 4040)
            if found.status != "approved" or wanted > left:
                text = "The action requested is not valid for the current payment state"
                raise RefusedError(400, "bad_request", text, 2063)
            self._refund_number += 1
            at = self.now()
            made = Refund(self._refund_number, Decimal(wanted), at, status)
            found.refunds.append(made)
            found.updated = at
            shown = self.shown_refund(found, made)
        self._tell(found)
        return shown

    def shown_refund(self, paid: Payment, refund: Refund) -> dict[str, Any]:
        return {
            "id": refund.id,
            "payment_id": paid.id,
            "amount": number(refund.amount),
            "metadata": {},
            "source": {"id": str(paid.collector), "name": "Test Seller", "type": "collector"},
            "date_created": written(refund.at),
            "unique_sequence_number": None,
            "refund_mode": "standard",
            "adjustment_amount": 0,
            "status": refund.status,
            "reason": None,
            "labels": [],
            "amount_refunded_to_payer": number(refund.amount),
            "additional_data": None,
            "partition_details": [],
        }

    def settle_refund(self, number: int, status: str) -> None:
        """The bank has decided about a refund in process."""
        with self.lock:
            for paid in self.payments.values():
                for each in paid.refunds:
                    if each.id == number:
                        each.status, paid.updated = status, self.now()
                        return self._tell(paid)
        raise RefusedError(404, "not_found", "Refund not found", 2032)

    def refunds_of(self, known: str) -> list[dict[str, Any]]:
        with self.lock:
            found = self.payment(known)
            return [self.shown_refund(found, refund) for refund in found.refunds]

    def refund_numbered(self, known: str, refund: str) -> dict[str, Any]:
        with self.lock:
            found = self.payment(known)
            for each in found.refunds:
                if str(each.id) == refund:
                    return self.shown_refund(found, each)
        raise RefusedError(404, "not_found", "Refund not found", 2032)

    def totals(self) -> dict[str, Any]:
        """Everything that moved money, small enough to be read whole: for counting what was lost or doubled."""
        with self.lock:
            return {
                "preferences": {p.id: p.reference for p in self.preferences.values()},
                "payments": [
                    {
                        "id": p.id,
                        "external_reference": p.reference,
                        "status": p.status,
                        "amount": number(p.amount),
                        "currency_id": p.currency,
                        "refunds": [{"id": r.id, "amount": number(r.amount), "status": r.status} for r in p.refunds],
                    }
                    for p in self.payments.values()
                ],
            }

    def _tell(self, paid: Payment) -> None:
        if self.changed:
            self.changed(paid.id)


def written(milliseconds: float) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")


def read(text: str) -> float:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise RefusedError(400, "bad_request", "Date format must be yyyy-MM-dd'T'HH:mm:ss.SSSZ", 1001)
    return round(at.timestamp() * 1000)


def number(exact: Decimal) -> float | int:
    """As the real API writes amounts: 100, 58.8."""
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return number(value)
    raise TypeError(str(type(value)))


def _parsed(raw: bytes) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(raw)
    return parsed


def _time_of(paid: Payment, name: str) -> float:
    if name not in {"date_created", "date_last_updated", "date_approved"}:
        raise RefusedError(400, "bad_request", "Invalid sort value", 1003)
    return paid.updated if name == "date_last_updated" else paid.created


def _check_items(items: object) -> None:
    if not isinstance(items, list) or not items:
        raise RefusedError(400, "invalid_items", "items needed")
    for item in items:
        price = item.get("unit_price") if isinstance(item, dict) else None
        if isinstance(price, bool) or not isinstance(price, int | Decimal) or price <= 0:
            raise RefusedError(400, "invalid_items", "unit_price invalid")
