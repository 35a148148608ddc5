"""Which tests reach a line; kept between runs for tests and modules that have not changed."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from .operators import Site
from .planting import Source


@dataclass(slots=True)
class Reach:
    """Which tests reach a line, and how much processor time each takes."""

    seconds: dict[int, float] = field(default_factory=dict)
    by_line: dict[str, dict[int, set[int]]] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def of(self, source: Source, site: Site) -> set[int]:
        """Tests that reach the mutant: its own lines, or else its statement's; those of the module where lines say
        nothing."""
        lines = self.by_line.get(source.path, {})
        if source.is_everywhere(site):
            return set().union(*lines.values())
        if site.place.function is not None:
            spans = {(site.place.function.body[0].lineno, site.place.last)}
        else:
            own = lines.get(site.line, set())
            if own:
                return own
            spans = {(site.place.first, site.place.last)}
        return {test for first, last in spans for line in range(first, last + 1) for test in lines.get(line, ())}


class Known:
    """What was seen of each test: the lines it reaches, its processor time, whether it passes."""

    def __init__(self, cache: Path, sources: Mapping[str, Source]) -> None:
        self.cache = cache
        self.modules = {path: _digest(Path(each.file)) for path, each in sources.items()}
        kept: dict[str, Any] = json.loads(cache.read_text()) if cache.exists() else {}
        is_same = kept.get("modules") == self.modules
        self.tests: dict[str, Any] = kept["tests"] if is_same else {}
        self._digests: dict[Path, str] = {}

    def has(self, item: pytest.Item) -> bool:
        """Whether it was looked at as it is now."""
        seen = self.tests.get(item.nodeid)
        return seen is not None and seen["file"] == self._file(item)

    def learn(self, items: Sequence[pytest.Item], told: Mapping[str, Any]) -> None:
        """Keep what a child has seen, by the number of the test."""
        for number, seen in told.items():
            item = items[int(number)]
            self.tests[item.nodeid] = {**seen, "file": self._file(item)}
        self.cache.write_text(json.dumps({"modules": self.modules, "tests": self.tests}))

    def reach(self, items: Sequence[pytest.Item]) -> Reach:
        """By the numbers of this session."""
        reach = Reach()
        for number, item in enumerate(items):
            seen = self.tests[item.nodeid]
            reach.seconds[number] = seen["seconds"]
            if not seen["passed"]:
                reach.broken.append(item.nodeid)
                continue
            for path, lines in seen["lines"].items():
                for line in lines:
                    reach.by_line.setdefault(path, {}).setdefault(line, set()).add(number)
        return reach

    def _file(self, item: pytest.Item) -> str:
        if item.path not in self._digests:
            self._digests[item.path] = _digest(item.path)
        return self._digests[item.path]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
