"""What pages say: the committed pages, prices as people write them, and pages that mean harm."""

import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.extraction import PAGES, score
from links.product_links.extracting import extract
from links.product_links.prices import read_structured, read_text
from links.product_links.reasons import REASONS
from links.product_links.structured import MOST_ATTRIBUTES, read_structured_data
from marketplace.core.money import Money

from .shops import product

pytestmark = pytest.mark.once

URL = "https://tienda.example/p"


def test_the_committed_pages_are_read_right():
    result = score(PAGES)

    assert result.pages >= 60
    assert result.wrong == []
    assert (result.false_triggers, result.missed_triggers) == ([], [])


def test_there_are_enough_structures_and_every_reason_has_words():
    expected = [json.loads(path.read_text()) for path in PAGES.glob("*.json")]

    assert len({path.stem.rpartition("_")[0] for path in PAGES.glob("*.json")}) >= 15
    assert {each["reason"] for each in expected} - {""} <= set(REASONS)


@pytest.mark.parametrize(
    ("raw", "currency", "minor"),
    [
        ("1299.00", "MXN", 129900), ("1299", "MXN", 129900), (1299, "MXN", 129900), (1299.5, "MXN", 129950),
        ("1299.5", "MXN", 129950), ("1299.000000", "MXN", 129900), (1299.990000000001, "MXN", 129999),
        ("1,299.00", "MXN", 129900), ("$1,299.00", "MXN", 129900), ("MXN 1,299.00", "MXN", 129900),
        ("1.299,00", "EUR", 129900), ("1299,00 €", "EUR", 129900), ("1 299,00 €", "EUR", 129900),
        ("1'299.00", "CHF", 129900), ("1.299.000", "ARS", 129900000), ("1,299,000.50", "USD", 129900050),
        ("10.833", "CLP", 10833), ("10,833", "JPY", 10833), ("1.250", "KWD", 1250), ("0.99", "USD", 99),
        ("R$ 49,90", "BRL", 4990), ("19,9", "EUR", 1990),
    ],
)  # fmt: skip
def test_prices_that_can_be_read_in_one_way_only(raw, currency, minor):
    reading = read_structured(raw, currency)

    assert reading.money == Money(minor, currency)
    assert (reading.is_sure, reading.reason) == (True, "")


@pytest.mark.parametrize(
    ("raw", "currency", "reason"),
    [
        ("10.833", "ARS", "ambiguous_price"), ("1,299", "MXN", "ambiguous_price"), (10.833, "ARS", "ambiguous_price"),
        ("12.34.56", "USD", "ambiguous_price"), ("1,2,3", "USD", "ambiguous_price"),
        ("1299.999", "MXN", "ambiguous_price"), ("1.29,900", "EUR", "ambiguous_price"),
        ("19.99", "JPY", "ambiguous_price"), ("10.833,5", "CLP", "ambiguous_price"),
        ("12 cuotas de $ 10.833", "ARS", "text_in_price"), ("12 x 10833", "ARS", "text_in_price"),
        ("desde 1299", "MXN", "text_in_price"), ("From $19.99", "USD", "text_in_price"),
        ("19.99/mo", "USD", "text_in_price"),
        ("20%", "USD", "text_in_price"), ("call us", "USD", "text_in_price"), ("１２９９", "MXN", "text_in_price"),
        ("1299 - 1599", "MXN", "text_in_price"), ("1_000", "MXN", "text_in_price"), ("1e3", "MXN", "text_in_price"),
        ("٣٤", "MXN", "text_in_price"), ("9" * 500, "MXN", "text_in_price"), ("NaN", "MXN", "text_in_price"),
        ("USD 19.99", "MXN", "several_currencies"), ("€ 19.99", "MXN", "several_currencies"),
        ("0", "MXN", "not_positive"), ("-5", "MXN", "not_positive"), (0, "MXN", "not_positive"),
        (-1, "MXN", "not_positive"), (-1e26, "MXN", "no_price"),
        ("0.00", "MXN", "not_positive"), ("999999999999999", "MXN", "not_positive"),
        ("", "MXN", "no_price"), (None, "MXN", "no_price"), (True, "MXN", "no_price"), ({}, "MXN", "no_price"),
        (float("inf"), "MXN", "no_price"), (float("nan"), "MXN", "no_price"), (10**40, "MXN", "no_price"),
    ],
)  # fmt: skip
def test_prices_that_nothing_is_bought_by(raw, currency, reason):
    reading = read_structured(raw, currency)

    assert not reading.is_sure
    assert reading.reason == reason


@pytest.mark.parametrize(
    ("text", "money"),
    [
        ("MXN 1,299.00", Money(129900, "MXN")),
        ("1.189,95 €", Money(118995, "EUR")),
        ("US$ 249.50", Money(24950, "USD")),
        ("$ 10.833", None),
        ("12 cuotas de $ 10.833", None),
        ("desde € 10", None),
        ("", None),
    ],
)
def test_prices_in_words_inform_at_most(text, money):
    reading = read_text(text)

    assert reading.money == money
    assert not reading.is_sure


@given(
    st.text(max_size=60) | st.integers() | st.floats() | st.none() | st.lists(st.integers()),
    st.sampled_from(["MXN", "JPY"]),
)
def test_whatever_stands_for_a_price_is_read_or_refused(raw, currency):
    reading = read_structured(raw, currency)

    assert (reading.money is None) <= (reading.reason in REASONS)
    assert reading.is_sure <= (reading.money is not None and reading.money.minor > 0)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12)
    | st.sampled_from(["Product", "Offer", "AggregateOffer", "MXN", "USD", "12.50", "12 x 3", URL, "#a"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["@type", "@id", "@graph", "name", "offers", "price", "priceCurrency", "lowPrice", "url",
                         "hasVariant", "isVariantOf", "priceSpecification", "availability", "brand",
                         "image", "@value", "mainEntity"]),
        inner, max_size=6,
    ),
    max_leaves=25,
)  # fmt: skip


@given(VALUES)
def test_any_structured_data_is_read_without_falling_over(value):
    text = json.dumps({"@type": "Product", "name": "x", "offers": value}).replace("</", "<\\/")

    found = extract(f'<html><head><script type="application/ld+json">{text}</script></head></html>', URL)

    assert found.may_be_bought <= (found.price is not None and found.reason == "" and found.method == "json_ld")
    assert (found.price is None) <= (found.reason in REASONS)


@pytest.mark.parametrize(
    "page",
    [
        "",
        "\x00",
        "<" * 100_000,
        "<div>" * 100_000,
        '<div itemscope itemprop="x">' * 3_000,
        '<div id="a" itemscope itemtype="https://schema.org/Product" itemref="a b"><p id="b" itemref="a">x</p></div>',
        '<script type="application/ld+json">' + "[" * 100_000 + "</script>",
        '<script type="application/ld+json">' + '{"a":' * 5_000 + "1" + "}" * 5_000 + "</script>",
        '<script type="application/ld+json">{"@type": "Product", "offers": {"price": ' + "9" * 5_000 + "}}</script>",
        '<script type="application/ld+json">{"@id": "#a", "@type": "Product", "offers": {"@id": "#a"}}</script>' * 60,
        '<script type="application/ld+json">"\ud800"</script>',
        '<script type="application/ld+json">[' + ",".join(['{"@type": "Product"}'] * 20_000) + "]</script>",
        "<?xml version='1.0' encoding='utf-16'?><html><title>x</title></html>",
        "<meta property='og:title'><link rel=canonical href='http://['>",
    ],
    ids=range(14),
)  # fmt: skip
def test_pages_that_mean_harm_say_nothing(page):
    found = extract(page, URL)

    assert not found.may_be_bought


NESTED = '<div itemscope itemprop="x">' * 300
CHAINED = "".join(f'<div id="a{number}" itemprop="x" itemscope itemref="a{number + 1}"></div>' for number in range(300))


@pytest.mark.parametrize("page", [NESTED, CHAINED], ids=["nested", "chained"])
def test_a_page_too_deep_to_read_does_not_stop_whoever_reads_the_next_one(page):
    """The reader of microdata shares its searches; one that is broken off within would wait for itself for ever."""
    sound = '<div itemscope itemtype="https://schema.org/Product"><p itemprop="name">Olla</p></div>'
    titles = []

    def read_both(frames):
        if frames:  # a few frames more or less decide where exactly the stack ends
            read_both(frames - 1)
        extract(page, URL)
        titles.append(extract(sound, URL).title)

    # Nobody waits for a thread that hangs.
    reader = threading.Thread(target=read_both, args=[11], daemon=True)
    reader.start()
    reader.join(timeout=20)

    assert titles == ["Olla"] * 12


def test_items_that_lie_in_each_other_as_on_real_pages_are_read():
    page = (
        '<div itemscope itemtype="https://schema.org/Product" itemref="b"><p itemprop="name">Olla</p>'
        + '<div itemprop="x" itemscope>' * 5 + "</div>" * 5 + "</div>"
        '<div id="b" itemprop="offers" itemscope itemtype="https://schema.org/Offer">'
        '<meta itemprop="price" content="12.50"><meta itemprop="priceCurrency" content="MXN"></div>'
    )  # fmt: skip

    found = extract(page, URL)

    assert (found.title, found.price) == ("Olla", Money(1250, "MXN"))


def test_texts_are_plain_and_bounded():
    page = product("<b>Olla</b> &amp; tapa <script>alert(1)</script>" + "x" * 1_000).replace(
        '"image"', '"description": "' + "palabra " * 2_000 + '", "brand": {"name": "' + "m" * 500 + '"}, "image"'
    )

    found = extract(page.replace("</b>", "<\\/b>").replace("1)</script>", "1)<\\/script>"), URL)

    assert found.title.startswith("Olla & tapa x")
    assert (len(found.title), len(found.brand), len(found.description)) == (300, 120, 2_000)


@pytest.mark.parametrize(
    ("image", "shown"),
    [
        ("/a.jpg", ["https://tienda.example/a.jpg"]),
        ("//cdn.example/a.jpg", ["https://cdn.example/a.jpg"]),
        ("http://cdn.example/a.jpg", []),
        ("javascript:alert(1)", []),
        ("data:image/png;base64,x", []),
        ("https://me:word@cdn.example/a.jpg", []),
        ("https://[", []),
    ],
)
def test_images_are_absolute_and_https(image, shown):
    page = product().replace('"/olla.jpg"', json.dumps(image))

    assert extract(page, URL).images == shown


ATTRIBUTES = {"bare": " a{}", "valued": " a{}=1", "quoted": "a{}='>'", "slashed": "/a{}", "odd": " \"a{}'"}


@pytest.mark.parametrize("form", ATTRIBUTES)
def test_a_tag_of_more_attributes_than_the_parser_bears_is_not_parsed(form):
    names = "".join(ATTRIBUTES[form].format(number) for number in range(MOST_ATTRIBUTES + 1))

    assert read_structured_data(f"<title>Bici</title><p {names}>", "https://tienda.example/").tree is None


def test_many_tags_of_some_attributes_are_parsed():
    tag = f"<p {' '.join(f'data-a{number}' for number in range(100))}>"

    assert read_structured_data(f"<title>Bici</title>{tag * 100}", "https://tienda.example/").title == "Bici"


def test_half_a_letter_in_structured_data_hides_nothing():
    found = extract(product("Bici \\ud83d", sku="\\ud800"), URL)

    assert (found.title, found.price, found.may_be_bought) == ("Bici", Money(129_900, "MXN"), True)
    assert found.evidence.encode()
