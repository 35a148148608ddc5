"""Words are made when somebody reads, in the reader's language, and nothing in a message can break the page."""

import pytest

from notifications.inbox.rendering import Text, params_of, render
from notifications.inbox.tests.factories import MessageFactory
from notifications.kinds.table import KINDS

PAID = {"order": "o1", "number": "K7P2", "item": "Coffee", "total": {"minor": 49900, "currency": "MXN"}}


def test_same_message_reads_in_both_languages():
    message = MessageFactory.build(kind="order_paid", params=PAID)

    english, spanish = render(message, "en"), render(message, "es")

    assert english.title == "Order K7P2 is paid"
    assert "499.00 MXN" in english.body
    assert spanish.title == "Tu pedido K7P2 está pagado"
    assert "499.00 MXN" in spanish.body


@pytest.mark.parametrize("code", KINDS)
def test_every_kind_is_translated_and_survives_missing_parameters(code):
    message = MessageFactory.build(kind=code, params={})

    english, spanish = render(message, "en"), render(message, "es")

    if code not in {"announcement", "broadcast"}:  # the house's own words
        assert english.title != spanish.title
        assert english.body != spanish.body


@pytest.mark.parametrize(
    "params",
    [{}, [], None, "text", {"title": None}, {"title": {"minor": "x", "currency": "MXN"}}, {"number": {"a": ["%s", 1]}}],
)
@pytest.mark.parametrize("kind", ["gone_since", "order_paid", "announcement", ""])
def test_unknown_kinds_and_odd_parameters_never_raise(kind, params):
    message = MessageFactory.build(kind=kind, params=params)

    text = render(message, "es")

    assert isinstance(text.title, str)
    assert isinstance(text.body, str)
    assert isinstance(params_of(message), dict)


def test_unknown_kind_shows_what_its_parameters_say():
    message = MessageFactory.build(kind="from_the_future", params={"title": "New", "body": "Words"})

    assert render(message, "en") == Text("New", "Words")
    assert render(MessageFactory.build(kind="from_the_future", params={}), "es").title == "Notificación"


def test_announcement_may_hold_percent_signs():
    message = MessageFactory.build(kind="announcement", params={"title": "20 % off", "body": "%(title)s %s 100%"})

    assert render(message, "en").title == "20 % off"
    assert render(message, "en").body == "%(title)s %s 100%"


def test_money_leaves_as_the_api_writes_it():
    message = MessageFactory.build(kind="order_paid", params=PAID)

    assert params_of(message)["total"] == {"amount": "499.00", "currency": "MXN"}
