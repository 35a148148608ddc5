"""A deposit, its webhook, the read-back and a refund with the fake server, written down as a page.

    python -m funds.payments.tests.mercadopago.conversation --write

Without `--write` it prints the page. `test_conversation.py` compares it with the one in `docs/payments/`.
"""

import argparse
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from funds.payments.providers.mercadopago import MercadoPagoConfig, MercadoPagoProvider
from marketplace.core.money import Money

from .receiver import Arrived, Receiver
from .server import TOKEN, FakeMercadoPago, Recorded

PAGE = Path(__file__).resolve().parents[4] / "docs" / "payments" / "mercadopago-conversation.md"
SECRET = "the-secret-of-the-panel"
REFERENCE = UUID("0199c0de-0000-7000-8000-000000000001")
DEPOSIT_KEY, REFUND_KEY = UUID("0199c0de-0000-7000-8000-00000000000a"), UUID("0199c0de-0000-7000-8000-00000000000b")
EXPIRES = datetime(2099, 1, 2, 3, 4, 5, tzinfo=UTC)

HEAD = """# A conversation with Mercado Pago

<!-- every block run: funds/payments/tests/mercadopago/test_conversation.py -->

Recorded: our adapter (`funds/payments/providers/mercadopago/`) talking over HTTP with the fake server of the tests
(`funds/payments/tests/mercadopago/server.py`), which speaks the format of the public API reference. It is not a
recording of the real API. A test makes this page anew and compares, so it says what the code does today; to write it:

    python -m funds.payments.tests.mercadopago.conversation --write

What differs each time, and every secret, stands as a word in angle brackets. `{server}` is `https://api.mercadopago.com`
in production. Fields that we do not read are left out of answers, with `…` in their place.
"""

STEPS = (
    """## 1. A deposit of 499.00 MXN

`start_deposit`. The amount has the digits of the currency. The preference moves no money: the customer is sent to
`init_point` (to `sandbox_init_point` where `MERCADOPAGO_SANDBOX` is on). After an answer that got lost, the deposit is
looked for before it is asked for again (step 4): no page of the reference promises that a repeated key makes no second
preference.""",
    """## 2. The customer has paid: a webhook

`read_notification`. Signed is `id:{data.id};request-id:{x-request-id};ts:{ts};` under the secret of the panel. The body
is not signed, and not read. A notification is a hint: nothing is credited because of it.""",
    """## 3. The payment is read back

`read_payment`. Credited is what stands here, if reference, amount, currency and `collector_id` match the deposit.
`fee_details` with the payer `collector` are the fee.""",
    """## 4. What became of a deposit whose answer got lost

`find_checkout`. The search shows no URL, so the preference is read too; the payments come from their own search.""",
    """## 5. A part is given back: 100.00 MXN

`refund_payment`. The same `X-Idempotency-Key` again gives the same refund. `X-Render-In-Process-Refunds` makes a refund
that hangs at the bank visible as `in_process`, which is asked again, instead of as a refusal.""",
    """## 6. Everything that changed

`payments_updated`, for reconciliation: by pages of 100, both ends of the window included. The payment is still
`approved`; its refunds tell what was given back.""",
)

SHOWN = {
    *(
        "id",
        "status",
        "external_reference",
        "init_point",
        "sandbox_init_point",
        "collector_id",
        "live_mode",
        "elements",
    ),
    *(
        "currency_id",
        "transaction_amount",
        "transaction_amount_refunded",
        "refunds",
        "fee_details",
        "date_last_updated",
    ),
    *(
        "payment_id",
        "amount",
        "date_created",
        "paging",
        "results",
        "total",
        "next_offset",
        "fee_payer",
        "limit",
        "offset",
    ),
}
HEADERS = {"authorization", "content-type", "accept", "x-idempotency-key", "x-render-in-process-refunds"}
HEADERS |= {"x-signature", "x-request-id"}


def record() -> str:
    """Have the conversation, and give the page."""
    with Receiver().running() as receiver, FakeMercadoPago(webhook=receiver.url, secret=SECRET).running() as fake:
        config = MercadoPagoConfig(
            access_token=TOKEN,
            collector_id=str(fake.account.collector),
            currency="MXN",
            webhook_secrets=(SECRET,),
            api_url=fake.url,
            return_url="https://shop.example/wallet",
            notification_url="https://shop.example/api/v1/funds/webhooks/mercadopago/",
            statement_descriptor="MARKETPLACE",
        )
        provider = MercadoPagoProvider(config)
        sections = [_section(0, fake, _deposit(provider))]
        fake.account.pay(next(iter(fake.account.preferences)))
        arrived = receiver.arrived.get(timeout=20)
        told = provider.read_notification(
            headers=arrived.headers, query=arrived.query, body=arrived.body, at=datetime.now(UTC)
        )
        sections.append(f"{STEPS[1]}\n\n{_webhook(arrived)}\n\nRead as:\n\n{_block(told)}")
        known = told.payment_id
        sections.append(_section(2, fake, provider.read_payment(payment_id=known)))
        sections.append(_section(3, fake, provider.find_checkout(reference=REFERENCE)))
        refund = provider.refund_payment(key=REFUND_KEY, payment_id=known, amount=Money(10000, "MXN"))
        sections.append(_section(4, fake, refund))
        day = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
        sections.append(_section(5, fake, list(provider.payments_updated(since=day[0], until=day[1]))))
        return _masked("\n\n".join((HEAD.rstrip(), *sections)) + "\n", fake.url)


def _deposit(provider: MercadoPagoProvider) -> object:
    return provider.start_deposit(key=DEPOSIT_KEY, reference=REFERENCE, amount=Money(49900, "MXN"), expires_at=EXPIRES)


def _section(number: int, fake: FakeMercadoPago, reading: object) -> str:
    requests = list(fake.requests)
    fake.requests.clear()
    told = "\n\n".join(_exchange(each) for each in requests)
    return f"{STEPS[number]}\n\n{told}\n\nRead as:\n\n{_block(reading)}"


def _exchange(request: Recorded) -> str:
    target = f"{request.path}?{request.query}" if request.query else request.path
    lines = [f"{request.method} {target} HTTP/1.1", *_headers(dict(request.headers))]
    if request.body:
        lines += ["", request.body.decode()]
    answer = json.dumps(_pruned(json.loads(request.answer)), indent=2, ensure_ascii=False)
    return _fenced("http", "\n".join(lines)) + f"\n\n{request.status}:\n\n" + _fenced("json", answer)


def _webhook(arrived: Arrived) -> str:
    lines = [f"POST {arrived.path} HTTP/1.1", *_headers(arrived.headers), "", arrived.body.decode()]
    return _fenced("http", "\n".join(lines))


def _headers(sent: dict[str, str]) -> list[str]:
    return [f"{name}: {value}" for name, value in sent.items() if name.lower() in HEADERS]


def _pruned(value: Any) -> Any:
    """Only fields that we read, or that tell the reader where he is."""
    if isinstance(value, list):
        return [_pruned(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {name: _pruned(each) for name, each in value.items() if name in SHOWN}
    return {**kept, "…": "…"} if len(kept) < len(value) else kept


def _block(reading: object) -> str:
    readings = reading if isinstance(reading, list) else [reading]
    return _fenced(
        "text", "\n".join(re.sub(r"datetime\.datetime\([^()]*\)", "<moment>", repr(each)) for each in readings)
    )


def _fenced(language: str, text: str) -> str:
    text = re.sub(r"datetime\.timezone\.utc\)", "", text)
    return f"```{language}\n{text}\n```"


def _masked(page: str, url: str) -> str:
    """Secrets and whatever differs from one conversation to the next."""
    for pattern, word in (
        (re.escape(url), "{server}"),
        (re.escape(TOKEN), "<access token>"),
        (r"123456789-[0-9a-f-]{36}", "<preference id>"),
        (r"v1=[0-9a-f]{64}", "v1=<64 hexadecimal digits>"),
        (r"ts=[0-9]+", "ts=<seconds since 1970>"),
        (r"payment:[0-9a-f]{64}", "payment:<64 hexadecimal digits>"),
        (r"(x-request-id: )[0-9a-f-]{36}", r"\1<request id>"),
        (r"20(?!99)[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+\+00:00", "<moment>"),
        (r'"id": [0-9]{1,12}(?=, "live_mode")', '"id": <notification\'s number>'),
    ):
        page = re.sub(pattern, word, page)
    return page


def main() -> None:
    """Print the page, or write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    page = record()
    if parser.parse_args().write:
        PAGE.write_text(page, encoding="utf-8")
    else:
        print(page)  # noqa: T201 - a program


if __name__ == "__main__":
    main()
