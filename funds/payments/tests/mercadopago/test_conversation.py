"""The recorded conversation in the docs is the one that is had today, and tells no secret."""

from .conversation import PAGE, SECRET, record
from .server import TOKEN


def test_the_page_is_what_the_code_does():
    page = record()

    assert page == PAGE.read_text(encoding="utf-8"), "python -m funds.payments.tests.mercadopago.conversation --write"
    assert TOKEN not in page
    assert SECRET not in page
