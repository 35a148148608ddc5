"""The planter of mutants: what can be changed in a module, and that the running module then does the changed thing."""

import ast
import importlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from scripts.mutants.operators import Site, sites_of
from scripts.mutants.planting import Source, plant, read_source
from scripts.mutants.reaching import Reach
from scripts.mutants.session import MutantSession
from scripts.mutants.sql import changed_texts, is_sql
from scripts.mutants.targets import LEFT_OUT, ROOT, TARGETS, Target

pytestmark = pytest.mark.once

MODULE = '''
"""A module."""
import functools
import logging

logger = logging.getLogger(__name__)
LIMIT = [3]
LIMITS = {"low": LIMIT, "high": [9]}
STATEMENT = "SELECT 1 FROM unit u WHERE u.held_until <= now"


def once(function):
    @functools.wraps(function)
    def inner(*args):
        return function(*args)

    return inner


@once
def is_small(number):
    """Not changed."""
    logger.info("%s", number + 1)
    return number < LIMIT[0]


def twice(number, *, times=2, limit=LIMIT):
    return number * times


class Box:
    size = 8

    @property
    def half(self):
        return [each for each in (self.size - 5,)][0]


@functools.cache
def statement():
    return STATEMENT + _end("sqlite")


def _end(vendor):
    names = {"end": ";"}
    if vendor == "postgresql":
        names |= {"end": "!"}
    return names["end"]


def ask():
    return statement()


def refuse(number):
    if number:
        raise ValueError("no number")
    rows(a=number, b=1)


def rows(**values):
    seen.append(values)


seen = []


def only_there(vendor):
    if vendor == "postgresql":
        return 7
    return 8
'''


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Source, ModuleType]]:
    (tmp_path / "planted_module.py").write_text(MODULE)
    (tmp_path / "planted_reader.py").write_text("from planted_module import LIMITS\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("planted_module")
    importlib.import_module("planted_reader")
    yield read_source(tmp_path, "planted_module.py"), module
    for name in ("planted_module", "planted_reader"):
        del sys.modules[name]


def the_one(source: Source, operator: str, before: str = "", after: str = "") -> Site:
    (found,) = (
        site for site in source.sites if site.operator == operator and before in site.before and after in site.after
    )
    return found


def test_a_decorated_function_is_changed_where_it_runs(planted: tuple[Source, ModuleType]) -> None:
    source, module = planted
    assert module.is_small(3) is False

    plant(source, the_one(source, "comparison", "number < LIMIT[0]"))

    assert module.is_small(3) is True


def test_a_property_is_changed(planted: tuple[Source, ModuleType]) -> None:
    source, module = planted

    plant(source, the_one(source, "arithmetic", "self.size - 5"))

    assert module.Box().half == 13


def test_a_default_is_changed(planted: tuple[Source, ModuleType]) -> None:
    source, module = planted

    plant(source, the_one(source, "value", "2", "3"))

    assert (module.twice(5), module.twice(5, times=1)) == (15, 5)


def test_a_constant_is_changed_with_what_was_made_of_it(planted: tuple[Source, ModuleType]) -> None:
    source, module = planted
    limit = the_one(source, "value", "3", "4")

    plant(source, limit)

    assert module.is_small(3) is True
    assert sys.modules["planted_reader"].LIMITS is module.LIMITS
    assert module.LIMITS["low"] == [4]
    assert module.twice.__kwdefaults__["limit"] == [4]


def test_an_entry_of_a_table_is_left_out(planted: tuple[Source, ModuleType]) -> None:
    source, module = planted

    plant(source, the_one(source, "left out", "'high'"))

    assert [*module.LIMITS] == ["low"]


def test_a_statement_is_changed_although_it_was_kept(planted: tuple[Source, ModuleType]) -> None:
    source, module = planted
    assert module.statement().endswith("<= now;")

    plant(source, the_one(source, "statement", after="u.held_until < now"))

    assert module.statement() == "SELECT 1 FROM unit u WHERE u.held_until < now;"


def test_a_function_is_changed_although_its_result_was_kept(planted: tuple[Source, ModuleType]) -> None:
    source, module = planted
    assert module.ask().endswith("now;")

    plant(source, the_one(source, "value", "';'"))

    assert module.ask().endswith("nowXX;")


def test_of_a_function_whose_result_is_kept_every_test_of_the_module_is_asked(
    planted: tuple[Source, ModuleType],
) -> None:
    """The first test makes what the others use: they reach its lines no more."""
    source, _module = planted
    kept, plain = the_one(source, "value", "';'"), the_one(source, "arithmetic", "number * times")
    reach = Reach(by_line={source.path: {kept.line: {1}, plain.line: {2}, plain.line + 1: {3}}})

    assert source.kept == {"statement", "_end"}
    assert reach.of(source, kept) == {1, 2, 3}
    assert reach.of(source, plain) == {2}


def test_so_many_tests_are_asked_of_a_line_but_all_where_lines_say_nothing(
    planted: tuple[Source, ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, _module = planted
    monkeypatch.setattr(tempfile, "mkdtemp", lambda **_where: str(tmp_path))
    session: Any = MutantSession([], list, print, 1, tmp_path / "cache", most_tests=2)
    session.items = [SimpleNamespace(nodeid=name) for name in ("t/long", "t/quick", "u/other", "t/quicker")]
    target = Target("here", (source.path,), ("t",))
    everywhere, line = the_one(source, "value", "';'"), the_one(source, "arithmetic", "number * times")
    seconds = {0: 3.0, 1: 2.0, 2: 1.0, 3: 1.0}
    reach = Reach(seconds=seconds, by_line={source.path: {everywhere.line: {0}, line.line: {0, 1, 2, 3}}})

    assert session._asked(target, reach, source, line) == (3, 1)
    assert session._asked(target, reach, source, everywhere) == (3, 1, 0)


def test_a_refusal_is_dropped(planted: tuple[Source, ModuleType]) -> None:
    source, module = planted
    with pytest.raises(ValueError, match="no number"):
        module.refuse(1)

    plant(source, the_one(source, "dropped statement", "raise ValueError"))
    module.refuse(1)

    assert module.seen == [{"a": 1, "b": 1}]


def test_what_is_said_what_is_logged_and_what_only_postgres_does_is_let_alone(
    planted: tuple[Source, ModuleType],
) -> None:
    source, _module = planted

    assert not [site for site in source.sites if "no number" in site.before and site.operator == "value"]
    assert not [site for site in source.sites if "Not changed" in site.before or "logger" in site.before]
    assert not [site for site in source.sites if site.before in {"7", "'!'"}]
    assert [site.after for site in source.sites if site.before == "8"] == ["9"]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT a FROM b WHERE b.c = 1", ["SELECT a FROM b WHERE b.c <> 1"]),
        ("UPDATE a SET b = b + 1", ["UPDATE a SET b = b - 1"]),
        ("a IS NULL AND b", ["a IS NULL OR b", "a IS NOT NULL AND b"]),
        ("NOT EXISTS (SELECT 1)", []),
    ],
)
def test_statements_are_changed_one_sign_at_a_time(statement: str, expected: list[str]) -> None:
    assert sorted(changed_texts(statement)) == sorted(expected)


def test_only_statements_are_taken_for_statements() -> None:
    assert is_sql("SELECT 1")
    assert not is_sql("Select one")


def test_every_mutant_of_the_targets_compiles_and_is_undone() -> None:
    counted: dict[str, int] = {}
    for target in TARGETS.values():
        for path in target.files:
            tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
            before = ast.dump(tree)
            for site in sites_of(tree):
                site.plant()
                assert ast.dump(tree) != before, f"{path}:{site.line} {site.operator} changes nothing"
                site.heal()
                counted[target.name] = counted.get(target.name, 0) + 1
            assert ast.dump(tree) == before

    assert min(counted.values()) >= 150


def test_the_tests_of_the_targets_are_there() -> None:
    assert all((ROOT / path).exists() for target in TARGETS.values() for path in (*target.files, *target.tests))
    names = [each.name for path in ("funds", "promotions", "purchases") for each in ROOT.glob(f"{path}/**/test_*.py")]
    assert all(any(name.removesuffix(".py") in each for each in names) for name in LEFT_OUT)
