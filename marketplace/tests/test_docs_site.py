"""The site of the documentation: its menu is the index, links lead where the site has their pages."""

from pathlib import Path

import pytest

from scripts import docs_site
from scripts.docs import INDEX, ROOT, pages

pytestmark = pytest.mark.once


def test_every_page_is_in_the_menu_once_and_under_the_headings_of_the_index():
    menu = docs_site.menu((ROOT / INDEX).read_text(encoding="utf-8"))

    places = [
        place for section in menu[1:] for entries in section.values() for entry in entries for place in entry.values()
    ]
    shown = [place for place in places if place.endswith(".md")]
    assert [next(iter(section)) for section in menu] == [
        *("Documentation", "Learn it by doing", "Get something done", "Look something up", "Understand it", "Decisions")
    ]
    assert len(places) == len(set(places))
    assert sorted([*shown, "index.md"]) == sorted(
        [*(page.relative_to("docs").as_posix() for page in pages() if page.parts[0] == "docs"), docs_site.README]
    )


@pytest.mark.parametrize(
    ("text", "folder", "site_folder", "expected"),
    [
        ("[a](orders.md#states)", "docs", "", "[a](orders.md#states)"),
        ("[a](../README.md#tour)", "docs", "", "[a](readme.md#tour)"),
        ("[a](../../README.md)", "docs/payments", "payments", "[a](../readme.md)"),
        ("[a](../.env.example)", "docs", "", "[a](files/env.example)"),
        ("[a](../deploy/x.yml)", "docs", "", "[a](files/deploy/x.yml)"),
        ("[a](docs/orders.md) `[b](docs/b.md)`", "", "", "[a](orders.md) `[b](docs/b.md)`"),
        ('<img src="docs/images/a.png">', "", "", '<img src="images/a.png">'),
        ("[a](https://example.com/docs/x.md), [b](#here)", "", "", "[a](https://example.com/docs/x.md), [b](#here)"),
        ("```text\n[a](docs/orders.md)\n```", "", "", "```text\n[a](docs/orders.md)\n```"),
    ],
)
def test_links_lead_where_the_site_has_their_pages(text, folder, site_folder, expected):
    assert docs_site.rewritten(text, Path(folder), site_folder) == f"{expected}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("says:\n- one\n- two", "says:\n\n- one\n- two"),
        ("says:\n| a |\n|---|", "says:\n\n| a |\n|---|"),
        ("says:\n```json benefits order\n- x\n```", "says:\n\n```json\n- x\n```"),
        ("- one\n  more\n- two", "- one\n  more\n- two"),
        ("```text\nsays:\n- one\n```", "```text\nsays:\n- one\n```"),
    ],
)
def test_markdown_is_laid_out_as_the_site_wants_it(text, expected):
    assert docs_site.laid_out(text) == f"{expected}\n"
