"""Mercado Pago behind the provider protocol."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode, urlsplit, urlunsplit
from uuid import UUID

from funds.payments.providers.calls import Limit
from funds.payments.providers.protocol import (
    Checkout,
    Notification,
    PaymentReading,
    PayoutReading,
    ProviderDeferredError,
    ProviderRefusedError,
    ProviderUncertainError,
    RefundReading,
)
from marketplace.core.money import Money

from . import signature, wire
from .client import MercadoPagoClient
from .config import MercadoPagoConfig

logger = logging.getLogger(__name__)

PAGE: Final = 100
"""Payments per page of a search: what the SDK's own paging asks for."""
DEEPEST: Final = 1_000
"""A window with more payments is halved: nothing public says how deep an offset may go."""
SHOW_REFUNDS_IN_PROCESS: Final = {"X-Render-In-Process-Refunds": "true"}
_NO_PAYOUTS: Final = "payouts are not made through Mercado Pago here: its API for them differs by country"


class MercadoPagoProvider:
    """Checkout Pro of one seller's account, in the one currency of its country."""

    name: str = "mercadopago"
    can_pay_out: bool = False

    def __init__(self, config: MercadoPagoConfig, client: MercadoPagoClient | None = None) -> None:
        """`client` is given where other time-outs are wanted."""
        self.calls_per_second: float = config.calls_per_second
        self._config = config
        self._client = client or MercadoPagoClient(access_token=config.access_token, api_url=config.api_url)

    def takes(self, currency: str) -> bool:
        """Only the account's own currency: others are converted at checkout and would come back as another amount."""
        return currency == self._config.currency

    def start_deposit(self, *, key: UUID, reference: UUID, amount: Money, expires_at: datetime | None) -> Checkout:
        """Make a preference; the customer pays at its URL. Page "Create preference".

        A preference moves no money. Its reference page names no idempotency header, so a repeated call may make a
        second one: after an uncertain answer `find_checkout` is asked first. Raises `ProviderRefusedError`,
        `ProviderUncertainError`, `ProviderDeferredError`.
        """
        if not self.takes(amount.currency):
            raise ProviderRefusedError(f"the account takes {self._config.currency} only")
        preference = self._client.post(
            "checkout",
            "preferences",
            body=self._preference(reference, amount, expires_at),
            key=str(key),
            limit=self._client.limit(),
        )
        if wire.reference(preference) != reference:
            raise ProviderUncertainError("another preference than the one asked for")
        return Checkout(checkout_url=self._checkout_url(preference), payments=())

    def find_checkout(self, *, reference: UUID) -> Checkout | None:
        """The first preference made under the reference and every payment so far. Raises `ProviderUncertainError`,
        `ProviderDeferredError`.

        Pages "Search preferences" (which shows no URL), "Get preference", "Search payments".
        """
        limit = self._client.limit()
        known = str(reference)
        found = self._required("checkout", "preferences", "search", params={"external_reference": known}, limit=limit)
        made = [each for each in wire.entries(found, "elements") if each.get("external_reference") == known]
        payments = self._payments_of(known, limit)
        if not made:
            return Checkout(checkout_url="", payments=payments) if payments else None
        first = min(made, key=lambda each: (wire.moment(each, "date_created"), wire.identifier(each)))
        preference = self._required("checkout", "preferences", wire.identifier(first), limit=limit)
        return Checkout(checkout_url=self._checkout_url(preference), payments=payments)

    def read_payment(self, *, payment_id: str) -> PaymentReading | None:
        """Page "Get payment". None for an unknown id and for what cannot be one. Raises `ProviderUncertainError`,
        `ProviderDeferredError`."""
        if not wire.is_identifier(payment_id):
            return None
        limit = self._client.limit()
        found = self._client.get("v1", "payments", payment_id, limit=limit)
        return None if found is None else self._reading(found, limit)

    def payments_updated(self, *, since: datetime, until: datetime) -> Iterable[PaymentReading]:
        """Page "Search payments", `range=date_last_updated`, both ends included; each page has a deadline of its own.

        A payment that changes between two pages shifts the ones behind it, so one may be missed: windows must overlap.
        Of payments that do not read, those without a reference of ours are passed over with a warning; for the others
        `ProviderUncertainError` is raised after everything else was given out. Raises `ProviderDeferredError`.
        """
        unreadable = []
        for found in self._changed(since, until):
            try:
                reading = self._reading(found, self._client.limit())
            except ProviderUncertainError as error:
                logger.warning("a payment of Mercado Pago does not read", extra={"reason": str(error)})
                if wire.reference(found):
                    unreadable.append(f"{found.get('id')}: {error}")
                continue
            yield reading
        if unreadable:
            raise ProviderUncertainError("; ".join(unreadable)[:500])

    def refund_payment(self, *, key: UUID, payment_id: str, amount: Money) -> RefundReading:
        """Give a part or the whole back. Page "Create refund": the same key gives the same refund.

        `X-Render-In-Process-Refunds` (page "Refund of transactions with Pix"): without it a refund that hangs at the
        bank would look like a refusal. Raises `ProviderRefusedError`, `ProviderUncertainError` (in process as well: ask
        again with the same key), `ProviderDeferredError`.
        """
        path = ("v1", "payments", payment_id, "refunds")
        limit = self._client.limit()
        made = self._client.post(
            *path, body={"amount": amount.decimal}, key=str(key), limit=limit, headers=SHOW_REFUNDS_IN_PROCESS
        )
        if made.get("status") == "in_process":
            # The answer under a repeated key may be the first one's: how the refund stands now is asked for.
            made = self._refund_now(path, wire.identifier(made), limit) or made
        return wire.new_refund(made, payment_id=payment_id, amount=amount)

    def start_payout(self, *, key: UUID, reference: UUID, amount: Money, destination: str) -> PayoutReading:
        """Always raises `ProviderRefusedError`: `can_pay_out` is False."""
        raise ProviderRefusedError(_NO_PAYOUTS)

    def find_payout(self, *, reference: UUID) -> PayoutReading | None:
        """Always raises `ProviderRefusedError`: `can_pay_out` is False."""
        raise ProviderRefusedError(_NO_PAYOUTS)

    def read_notification(
        self, *, headers: Mapping[str, str], query: Mapping[str, str], body: bytes, at: datetime
    ) -> Notification:
        """Page "Webhooks". The body is not signed and not read. Raises `ForgedNotificationError`."""
        return signature.read_notification(
            headers=headers,
            query=query,
            at=at,
            secrets=self._config.webhook_secrets,
            window=self._config.webhook_window,
        )

    def _refund_now(self, path: tuple[str, ...], known: str, limit: Limit) -> wire.Json | None:
        """Page "Get refund". Something has happened already, so nothing is merely put off."""
        try:
            return self._client.get(*path, known, limit=limit, headers=SHOW_REFUNDS_IN_PROCESS)
        except ProviderDeferredError as error:
            raise ProviderUncertainError(f"the refund is in process: {error}") from error

    def _preference(self, reference: UUID, amount: Money, expires_at: datetime | None) -> wire.Json:
        config = self._config
        item = {
            "id": str(reference),
            "title": config.item_title,
            "quantity": 1,
            "currency_id": amount.currency,
            "unit_price": amount.decimal,
        }
        body: wire.Json = {"items": [item], "external_reference": str(reference)}
        if config.statement_descriptor:
            body["statement_descriptor"] = config.statement_descriptor
        if config.return_url:
            body["back_urls"] = dict.fromkeys(("success", "pending", "failure"), config.return_url)
        if urlsplit(config.return_url).scheme == "https":
            body["auto_return"] = "approved"
        if config.notification_url:
            body["notification_url"] = _webhooks_only(config.notification_url)
        if expires_at:
            # The second pair of dates is for tickets paid in cash, which outlive the preference otherwise.
            ends = wire.written(expires_at)
            body |= {"expires": True, "expiration_date_to": ends, "date_of_expiration": ends}
        return body

    def _checkout_url(self, preference: wire.Json) -> str:
        url = wire.text(preference, "sandbox_init_point" if self._config.is_sandbox else "init_point")
        if urlsplit(url).scheme not in {"https", urlsplit(self._config.api_url).scheme}:
            raise ProviderUncertainError("the checkout is not at a safe address")
        return url

    def _payments_of(self, known: str, limit: Limit) -> tuple[PaymentReading, ...]:
        params = {"external_reference": known, "sort": "date_created", "criteria": "asc", "limit": str(PAGE)}
        found = self._required("v1", "payments", "search", params=params, limit=limit)
        ours = [each for each in wire.entries(found, "results") if each.get("external_reference") == known]
        return tuple(self._reading(each, limit) for each in ours)

    def _changed(self, since: datetime, until: datetime) -> Iterator[wire.Json]:
        offset = 0
        while True:
            params = {
                "sort": "date_last_updated",
                "criteria": "asc",
                "range": "date_last_updated",
                "begin_date": wire.written(since),
                "end_date": wire.written(until),
                "limit": str(PAGE),
                "offset": str(offset),
            }
            page = self._required("v1", "payments", "search", params=params, limit=self._client.limit())
            results, total = wire.entries(page, "results"), _total(page)
            if offset == 0 and total > DEEPEST and until - since > timedelta(seconds=1):
                middle = since + (until - since) / 2
                yield from self._changed(since, middle)
                yield from self._changed(middle, until)
                return
            yield from results
            offset += len(results)
            if offset >= total:
                return
            if not results:
                raise ProviderUncertainError(f"{total} payments were promised, {offset} shown")

    def _reading(self, found: wire.Json, limit: Limit) -> PaymentReading:
        if wire.lacks_refunds(found):
            listed = self._required("v1", "payments", wire.identifier(found), "refunds", limit=limit)
            found = {**found, "refunds": wire.entries(listed, "results")}
        return wire.payment(found, collector_id=self._config.collector_id, is_sandbox=self._config.is_sandbox)

    def _required(self, *segments: str, params: Mapping[str, str] | None = None, limit: Limit) -> wire.Json:
        found = self._client.get(*segments, params=params, limit=limit)
        if found is None:
            raise ProviderUncertainError(f"404 for {'/'.join(segments[:3])}")
        return found


def _total(page: wire.Json) -> int:
    paging = page.get("paging")
    total = paging.get("total") if isinstance(paging, dict) else None
    if isinstance(total, bool) or not isinstance(total, int):
        raise ProviderUncertainError("unreadable paging")
    return total


def _webhooks_only(url: str) -> str:
    """With `source_news=webhooks` the older IPN format is not sent as well (page "Configure payment notifications")."""
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode({"source_news": "webhooks"})) if part)
    return urlunsplit(parts._replace(query=query))
