"""Spanish is complete: every text a person reads is in a catalogue, translated, with the same places to fill."""

import re

import pytest

from marketplace.settings.env import BASE_DIR
from scripts import messages, untranslated

pytestmark = pytest.mark.once


def test_no_template_says_a_percent_sign_to_be_translated():
    """Django looks for a doubled one then, which no catalogue has: the text stays English."""
    said = re.compile(r"""{%-?\s*translate\s+(["'])(?:(?!\1).)*%(?:(?!\1).)*\1""")
    templates = (path for path in BASE_DIR.glob("*/**/templates/**/*.html") if ".venv" not in path.parts)

    assert [path.name for path in templates if said.search(path.read_text(encoding="utf-8"))] == []


def test_nothing_is_missing_untranslated_fuzzy_or_out_of_date():
    assert list(messages.problems()) == []


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (("%(amount)s left", "", ("quedan %(amount)s",)), None),
        (("%(amount)s left", "", ("quedan %(monto)s",)), "not the same places to fill"),
        (("%(amount)s left", "", ("queda algo",)), "not the same places to fill"),
        (("{left} of {units}", "", ("{left} de {unidades}",)), "not the same places to fill"),
        (("100 %% of %(sum)s", "", ("el 100 %% de %(sum)s",)), None),
        (("one day", "%(days)s days", ("un día", "%(days)s días")), None),
        (("%(days)s day", "%(days)s days", ("un día", "%(days)s días")), None),
        (("%(days)s day", "%(days)s days", ("%(days)s día", "días")), "not the same places to fill"),
        (("%(days)s day", "%(days)s days", ("%(days)s día",)), "not as many forms as Spanish has"),
        (("\nHello", "", ("Hola",)), "begins on another line"),
    ],
)
def test_a_translation_fills_the_same_places(entry, fault):
    source, plural, translations = entry

    found = list(messages.faults(messages.Entry("", source, plural, translations)))

    assert found == ([] if fault is None else [fault])


def test_texts_of_templates_are_extracted_with_their_places_and_both_numbers(tmp_path):
    path = tmp_path / "page.txt"
    path.write_text(
        "{% load i18n %}{% translate 'Hello,' %}{% blocktranslate with name=user.name %}Hello {{ name }},"
        "{% endblocktranslate %}{% blocktranslate count days=days %}{{ days }} day{% plural %}{{ days }} days"
        "{% endblocktranslate %}"
    )

    assert set(messages.strings_in_template(path)) == {"Hello,", "Hello %(name)s,", "%(days)s day\0%(days)s days"}


def test_no_text_for_people_stands_bare_in_code_or_templates():
    assert list(untranslated.findings()) == []


@pytest.mark.parametrize(
    "line",
    [
        'name = models.CharField("display name")',
        'name = models.CharField(verbose_name="display name")',
        'owner = models.ForeignKey("users.User", verbose_name="owner")',
        'class Meta: verbose_name_plural = "gifts"',
        'class State(models.TextChoices): OPEN = "open", "Open"',
        '@admin.display(description="price")\ndef price(self): ...',
        'fieldsets = [("When", {"fields": ["at"]})]',
        'class Near(admin.SimpleListFilter): title = "near"',
        'messages.success(request, f"{count} rows written")',
        'self.message_user(request, "Done.")',
        'raise ValidationError("Too much.")',
        'raise InvalidInputError.of("amount", "max_value", "Too much.")',
        'FieldError("amount", "max_value", "Too much.")',
        'class LeftError(DomainError): message = "Nothing is left."',
        'page = {"title": "Sales"}',
        'Kpi("Orders today", "3")',
    ],
)
def test_a_bare_text_in_code_is_found_and_a_marked_one_is_not(line):
    marked = re.sub(r'f?"([^"]* [^"]*|[A-Z]\w+\.?|owner|gifts|price|near)"(?=[)\]},]|$)', r'_("\1")', line)

    assert len(list(untranslated.in_code(line))) == 1
    assert list(untranslated.in_code(marked)) == []


@pytest.mark.parametrize(
    ("page", "texts"),
    [
        ("<p>{% translate 'Sold out' %}: {{ count }}</p>", []),
        ("<p>Sold out</p>", ["Sold out"]),
        ("<p>{% if over %}Over{% endif %}</p>", ["Over"]),
        ('<img alt="A {{ colour }} shoe">', ["A   shoe"]),
        ("<button{% if a %} disabled{% endif %} aria-label=\"{% translate 'Close' %}\">×</button>", []),
        ("{% blocktranslate %}Hello {{ name }}{% endblocktranslate %}", []),
        ("{# a note #}{% comment %}another{% endcomment %}<script>let word = 1</script>", []),
        ('<span class="material-symbols-outlined">shopping_cart</span> SKU', []),
    ],
)
def test_a_bare_text_in_a_page_is_found(page, texts):
    assert [text for _line, _where, text in untranslated.in_template(page, is_html=True)] == texts


def test_a_bare_text_in_a_plain_mail_is_found_with_its_line():
    mail = "{% load i18n %}{% translate 'Hello,' %}\n\nYour order is on its way: {{ link }}\n"

    assert list(untranslated.in_template(mail, is_html=False)) == [(3, "text", "Your order is on its way:")]
