"""What is found in a text, and what a text is kept as."""

import pytest

from marketplace.core.errors import InvalidInputError
from stores.questions.filters import FAILED, contacts, find, profanity
from stores.questions.texts import plain_text


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("¿Se puede meter al horno a 200 grados?", []),
        ("Mide 20x30x40 cm, ¿verdad?", []),
        ("¿Llega antes del 24.12.2026?", []),
        ("Mira https://example.com/x", ["link"]),
        ("Mira www.ejemplo.mx", ["link"]),
        ("más barato en tienda-barata.shop", ["link"]),
        ("escríbeme a ana.lopez+x@example.com", ["email"]),
        ("llámame: +52 (55) 1234-5678", ["phone"]),
        ("mi whats 55 12 34 56 78 y www.x.com", ["link", "phone"]),
    ],
)
def test_ways_to_somewhere_else_are_found(text, codes):
    assert contacts(text, "es") == codes


@pytest.mark.parametrize(
    "text",
    ["¡Qué MIERDA!", "p3nd3jo", "cabrón", "cabron", "coño", "F.. sh1t", "5h1t!!", "$hit", "what the FÜCK", "m1erda"],
)
def test_swearing_is_found_whole_accented_and_spelled_with_digits(text):
    assert profanity(text, "es") == ["profanity"]


@pytest.mark.parametrize(
    "text", ["cono de helado", "disputa", "computadora", "Scunthorpe", "diputado", "class 455", "¡vale!", "12345"]
)
def test_harmless_words_that_hold_others_are_not(text):
    assert profanity(text, "en") == []


def says_two(text, language):
    return ["spam", language, "spam"]


def breaks(text, language):
    raise RuntimeError("no model today")


def test_filters_are_named_by_the_settings_and_a_broken_one_is_a_finding(settings, caplog):
    here = __name__
    settings.TEXT_FILTERS = [f"{here}.breaks", f"{here}.says_two", "stores.questions.filters.contacts", "no.such.thing"]

    found = find("www.example.com", "es")

    assert found == [FAILED, "spam", "es", "link"]
    assert len([record for record in caplog.records if record.message == "text filter failed"]) == 2


def test_text_is_kept_in_one_spelling():
    assert plain_text("  cafe\u0301 \r\n¿sí?\r", field="text", longest=20) == "café \n¿sí?"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "blank"),
        (" \n\t ", "blank"),
        ("\u200b\u200d", "blank"),
        ("x" * 21, "max_length"),
        ("a\x07b", "control_characters"),
        ("a\u202eb", "control_characters"),
        ("<b>hola</b>", "markup"),
        ("<script src=x>", "markup"),
        ("a <!-- b -->", "markup"),
    ],
)
def test_text_that_cannot_be_kept_is_refused_with_its_reason(text, code):
    with pytest.raises(InvalidInputError) as refused:
        plain_text(text, field="text", longest=20)

    assert [(error.field, error.code) for error in refused.value.field_errors] == [("text", code)]


def test_signs_and_families_of_emoji_stay():
    for text in ("¿3 < 5 y 7 > 6?", "👨‍👩‍👧 ❤️"):
        assert plain_text(text, field="text", longest=50) == text
