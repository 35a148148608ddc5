"""Spanish is complete: every text a person reads is in a catalogue, translated, with the same places to fill."""

import re

import pytest

from scripts import messages

PLACES = re.compile(r"%\((\w+)\)[sd]|%[sd]|\{(\w*)\}")


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
