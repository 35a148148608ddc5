"""No block of code stands in a page that nobody tries; what is only named exists; an output is compared strictly."""

from pathlib import Path

import pytest

from scripts import docs_blocks, docs_names, docs_run
from scripts.docs_blocks import Fate

pytestmark = pytest.mark.once

PAGE = Path("docs") / "page.md"


def fates(text: str) -> list[tuple[str, Fate | None, str]]:
    return [(block.language, block.fate, block.detail) for block in docs_blocks.blocks(PAGE, text)]


@pytest.fixture
def tree(tmp_path):
    """A documentation of one page, and a test that reads it."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_page.py").write_text('PAGE = "docs/page.md"\n')
    return tmp_path


def found(tree: Path, text: str) -> list[str]:
    (tree / PAGE).write_text(text)
    return list(docs_blocks.problems(tree))


def test_every_block_of_the_documentation_is_tried_or_says_why_not():
    assert list(docs_blocks.problems()) == []


def test_every_command_that_is_named_exists():
    assert list(docs_names.problems()) == []


def test_what_becomes_of_a_block_is_said_by_its_language_or_by_the_note_above_it():
    text = (
        "```bash\na\n```\n\n```output\nb\n```\n\n<!-- run: names -->\n```sh\nmake run\n```\n\n"
        "<!-- run: tests/test_page.py -->\n\n```json example\n{}\n```\n\n- point\n  <!-- not run: it costs money -->\n"
        "  ```bash\n  c\n  ```\n\n```json\n{}\n```\n"
    )

    assert fates(text) == [
        ("bash", Fate.CARRIED_OUT, ""),
        ("output", Fate.COMPARED, ""),
        ("sh", Fate.NAMES, ""),
        ("json", Fate.TEST, "tests/test_page.py"),
        ("bash", Fate.NOT_RUN, "it costs money"),
        ("json", None, ""),
    ]
    assert docs_blocks.blocks(PAGE, text)[4].code == "c\n"
    assert docs_blocks.blocks(PAGE, text)[4].line == 22


def test_a_note_at_the_head_is_for_blocks_that_say_nothing_themselves():
    text = "<!-- every block run: tests/test_page.py -->\n\n```json\n{}\n```\n\n```text\nx\n```\n"

    assert fates(text) == [("json", Fate.TEST, "tests/test_page.py"), ("text", Fate.SHOWN, "")]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("```json\n{}\n```\n", "docs/page.md:1: nobody tries this block of json"),
        ("\n```\nmake run\n```\n", "docs/page.md:2: nobody tries this block of no language"),
        ("<!-- not run: dear -->\n```bash\na\n```\n", "docs/page.md:2: not run, and no reason"),
        ("<!-- run: tests/test_gone.py -->\n```json\n{}\n```\n", "tests/test_gone.py is no test that reads this page"),
        ("<!-- run: docs/page.md -->\n```json\n{}\n```\n", "docs/page.md is no test that reads this page"),
        ("```text\na\n```\n\n```output\nb\n```\n", "docs/page.md:5: output of no command"),
    ],
)
def test_a_block_that_nobody_tries_is_found(tree, text, problem):
    [only] = found(tree, text)

    assert problem in only


def test_a_test_must_name_the_page_it_is_said_to_try(tree):
    text = "<!-- run: tests/test_page.py -->\n```json\n{}\n```\n"
    assert found(tree, text) == []

    (tree / "tests" / "test_page.py").write_text('PAGE = "docs/other.md"\n')

    assert found(tree, text) == ["docs/page.md:2: tests/test_page.py is no test that reads this page"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("make rnu", "no target rnu"),
        ("python manage.py verify_leger", "no management command verify_leger"),
        ("python manage.py verify_ledger --ful-l", "unrecognized arguments: --ful-l"),
        ("python manage.py backup", "the following arguments are required: --to"),
        ("python -m bench cliam", "no module bench.cliam"),
        ("python -m chaos poison --nothing", "no option --nothing"),
        ("python -m scripts.proof --depth=3", "no option --depth"),
        ("A=1 pytest marketplace/tests/test_gone.py", "no file marketplace/tests/test_gone.py"),
        ("pip install -r requirements-gone.txt", "no file requirements-gone.txt"),
        ("cobbler --please", "not a command that can be looked up"),
    ],
)
def test_a_name_that_does_not_exist_is_found(line, problem):
    [only] = docs_names.wrong_with(line)

    assert problem in only


@pytest.mark.parametrize(
    "line",
    [
        "make test ARGS='--skip tests'",
        "DATABASE_URL=postgres://x/y .venv/bin/python manage.py verify_ledger --full  # reads everything",
        "python -m bench NAME",
        "python -m bench completion --sales 1500",
        "python -m pytest marketplace/tests/test_docs.py -k every",
    ],
)
def test_a_name_that_exists_is_no_problem(line):
    assert list(docs_names.wrong_with(line)) == []


@pytest.mark.parametrize(
    ("expected", "printed", "is_same"),
    [
        ("one\ntwo", "one\ntwo\n", True),
        ("one", "one\ntwo\n", False),
        ("one\ntwo", "one\n", False),
        ("id …, 3 units", "id 0198-af, 3 units\n", True),
        ("id …, 3 units", "id 0198-af, 4 units\n", False),
        ("id …\ndone", "id 7\nmore\ndone\n", False),
        ("…\ndone", "a\nb\ndone\n", True),
        ("…\ndone", "done\n", True),
        ("a.c", "abc\n", False),
    ],
)
def test_an_output_is_compared_line_by_line(expected, printed, is_same):
    assert docs_run.matches(expected, printed) is is_same


def test_a_page_is_carried_out_in_order_in_a_folder_of_its_own_and_stops_at_the_first_failure(tree):
    (tree / PAGE).write_text(
        "```bash\nWORD=$BASE\necho kept > file.txt\n```\n\ntext\n\n```bash\necho $WORD; cat file.txt; ls docs\n```\n"
        "```output\nhttp://here\nkept\npage.md\n```\n"
    )

    told = docs_run.carry_out(PAGE, base="http://here", variables={"PATH": "/usr/bin:/bin"}, root=tree)

    assert told.problems == ()
    assert told.printed.split() == ["http://here", "kept", "page.md"]
    assert sorted(path.name for path in tree.iterdir()) == ["docs", "tests"]


def test_a_failing_command_and_another_output_are_told_with_their_place(tree):
    failing = "```bash\necho one\n```\n\n```bash\necho two >&2; false\n```\n\n```bash\necho three\n```\n"
    other = "```bash\necho one\n```\n\n```output\ntwo\n```\n"

    (tree / PAGE).write_text(failing)
    [failed] = docs_run.carry_out(PAGE, base="", variables={"PATH": "/usr/bin:/bin"}, root=tree).problems
    (tree / PAGE).write_text(other)
    [differs] = docs_run.carry_out(PAGE, base="", variables={"PATH": "/usr/bin:/bin"}, root=tree).problems

    assert failed.startswith("docs/page.md:5: ended with 1:")
    assert "two" in failed
    assert differs == "docs/page.md:5: it prints\none\nand not\ntwo"
