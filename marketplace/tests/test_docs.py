"""The documentation's links: every one leads somewhere, and the index leads to every page."""

import pytest

from scripts import docs

pytestmark = pytest.mark.once


@pytest.fixture
def tree(tmp_path):
    """A small documentation with nothing to mend."""
    (tmp_path / "docs" / "parts").mkdir(parents=True)
    (tmp_path / "README.md").write_text('# Shop\n\n[all](docs/index.md) <img src="docs/parts/a.png">\n')
    (tmp_path / "docs" / "index.md").write_text("# All\n\n[one](parts/one.md), [two](parts/one.md#it-works-twice)\n")
    (tmp_path / "docs" / "parts" / "one.md").write_text("# One\n\n## It works, *twice*!\n\n[back](../index.md)\n")
    (tmp_path / "docs" / "parts" / "a.png").write_bytes(b"")
    return tmp_path


def test_every_link_leads_somewhere_and_the_index_to_every_page():
    assert list(docs.problems()) == []


def test_a_tree_in_order_has_no_problems(tree):
    assert list(docs.problems(tree)) == []


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("[x](gone.md)", "gone.md leads nowhere"),
        ("![x](../images/gone.png)", "../images/gone.png leads nowhere"),
        ("[x](<gone.md>)", "gone.md leads nowhere"),
        ('[x](gone.md "a title")', "gone.md leads nowhere"),
        ('<a href="gone.html">x</a>', "gone.html leads nowhere"),
        ("[x](../../../../etc/passwd)", "leads nowhere"),
        ("[x](#nothing)", "#nothing: no such heading"),
        ("[x](../index.md#nothing)", "../index.md#nothing: no such heading"),
    ],
)
def test_a_broken_link_is_found(tree, link, problem):
    page = tree / "docs" / "parts" / "one.md"
    page.write_text(f"{page.read_text()}\n{link}\n")

    [found] = docs.problems(tree)

    assert found.startswith("docs/parts/one.md: ")
    assert problem in found


@pytest.mark.parametrize(
    "text",
    ["`[x](gone.md)`", "```sh\n[x](gone.md)\n```", "[x](https://example.com/gone.md)", "[x](mailto:a@example.com)"],
)
def test_code_and_other_machines_are_no_business_of_ours(tree, text):
    page = tree / "docs" / "parts" / "one.md"
    page.write_text(f"{page.read_text()}\n{text}\n")

    assert list(docs.problems(tree)) == []


def test_a_page_that_the_index_forgot_is_found(tree):
    (tree / "docs" / "parts" / "new.md").write_text("# New\n")

    assert list(docs.problems(tree)) == ["docs/index.md: docs/parts/new.md is not on it"]


def test_headings_become_anchors_and_repeated_ones_are_numbered():
    text = "# Where is `my` money?\n## Tried\n## Tried\n```sh\n# no heading\n```\n## [A link](x.md) – and more\n"

    assert docs.anchors(text) == {"where-is-my-money", "tried", "tried-1", "a-link--and-more"}
