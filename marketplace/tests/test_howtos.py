"""The code of the how-tos works: docs/handle-an-event.md, add-a-notification-kind.md and add-a-payment-provider.md.

Each block of Python is made the module that its first line names, for the time of the test; then the page's own tests
run. What the code registers (events, handlers, kinds) is forgotten afterwards.
"""

import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from marketplace.core import events
from marketplace.core.outbox import handlers
from marketplace.settings.env import BASE_DIR
from notifications.inbox.handlers import _teller
from notifications.kinds.table import KINDS
from notifications.kinds.values import Kind
from scripts.docs_blocks import blocks

pytestmark = pytest.mark.once

PAGES = ("handle-an-event.md", "add-a-notification-kind.md", "add-a-payment-provider.md")


@pytest.fixture
def registries(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Copies of what is known, to add to."""
    monkeypatch.setattr(events, "_REGISTRY", dict(events._REGISTRY))
    monkeypatch.setattr(handlers, "_BY_NAME", dict(handlers._BY_NAME))
    monkeypatch.setattr(handlers, "_BY_EVENT", {name: list(each) for name, each in handlers._BY_EVENT.items()})
    return monkeypatch


def load(page: str, patch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Each block as the module it is said to be; what it adds is added to the module that is there, if there is one."""
    for block in blocks(Path("docs") / page, (BASE_DIR / "docs" / page).read_text(encoding="utf-8")):
        path = block.code.splitlines()[0].removeprefix("# ")
        name = path.removesuffix(".py").replace("/", ".")
        module = module_named(name, path, patch)
        before = set(vars(module))
        values: dict[str, Any] = {"__name__": name}
        exec(compile(block.code, f"{block}", "exec"), values)  # noqa: S102
        for key in values.keys() - before - {"__builtins__"}:
            patch.setattr(module, key, values[key], raising=False)
        yield values


def module_named(name: str, path: str, patch: pytest.MonkeyPatch) -> ModuleType:
    """The one there is, or an empty one."""
    if (BASE_DIR / path).is_file():
        return importlib.import_module(name)
    module = ModuleType(name)
    patch.setitem(sys.modules, name, module)
    return module


def register_kinds(values: dict[str, Any], patch: pytest.MonkeyPatch) -> None:
    """As the inbox does with each row of the table when it is imported."""
    for kind in values.values():
        if isinstance(kind, Kind) and kind.cause is not None and kind.code not in KINDS:
            patch.setitem(KINDS, kind.code, kind)
            handlers.handles(kind.cause.event, queue="notify")(_teller(kind.code, kind.cause))


def cases(test: Any) -> list[dict[str, Any]]:
    """The arguments of each call of a page's test: by its `parametrize`, or one call without."""
    for mark in getattr(test, "pytestmark", []):
        return [dict(zip(mark.args[0], values, strict=True)) for values in mark.args[1]]
    return [{}]


def run_tests(page: str, patch: pytest.MonkeyPatch) -> int:
    """Load the page and run its tests; how many there were."""
    ran = 0
    for values in load(page, patch):
        register_kinds(values, patch)
        for name, test in values.items():
            if name.startswith("test_") and inspect.isfunction(test):
                for arguments in cases(test):
                    test(**arguments)
                    ran += 1
    return ran


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_a_how_to_works_and_so_do_its_tests(page, registries):
    assert run_tests(page, registries) > 0


@pytest.mark.django_db
def test_a_how_to_whose_code_does_not_do_what_its_test_says_is_found(registries):
    text = (BASE_DIR / "docs" / "handle-an-event.md").read_text(encoding="utf-8")
    registries.setattr(Path, "read_text", lambda *_args, **_named: text.replace(">= LARGE", "> LARGE"))

    with pytest.raises(ValueError, match="not enough values"):
        run_tests("handle-an-event.md", registries)
