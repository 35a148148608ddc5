"""Spanish is complete: every text a person reads is in a catalogue, translated, with the same places to fill."""

import re

import pytest

from marketplace.settings.env import BASE_DIR
from scripts import messages

pytestmark = pytest.mark.once

PLACES = re.compile(r"%\((\w+)\)[sd]|%[sd]|\{(\w*)\}")


def test_no_template_says_a_percent_sign_to_be_translated():
    """Django looks for a doubled one then, which no catalogue has: the text stays English."""
    said = re.compile(r"""{%-?\s*translate\s+(["'])(?:(?!\1).)*%(?:(?!\1).)*\1""")
    templates = (path for path in BASE_DIR.glob("*/**/templates/**/*.html") if ".venv" not in path.parts)

    assert [path.name for path in templates if said.search(path.read_text(encoding="utf-8"))] == []


def test_nothing_is_missing_untranslated_fuzzy_or_out_of_date():
    assert list(messages.problems()) == []


@pytest.mark.parametrize("path", messages.catalogues(), ids=lambda path: path.parts[-5])
def test_translations_fill_the_same_places(path):
    for entry in messages.read_catalogue(path):
        if entry.source:
            allowed = set(PLACES.findall(entry.source)) | set(PLACES.findall(entry.plural))
            for translation in entry.translations:
                assert set(PLACES.findall(translation)) <= allowed, entry.source
                assert translation.startswith("\n") == entry.source.startswith("\n")
