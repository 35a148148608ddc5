"""PromQL, as far as our rules and panels need it: a parser that knows types and says what is wrong.

It covers selectors, ranges, offsets, functions of a list, aggregations, operators with matching; not subqueries, `@` or
what a list of ours does not name. A word that it does not know is an error: better a rule too few than one that never
fires.
"""

import re
from dataclasses import dataclass, field
from typing import Final

SCALAR, INSTANT, RANGE, TEXT = "scalar", "instant vector", "range vector", "string"
OF_RANGE: Final = (
    "avg_over_time", "changes", "count_over_time", "delta", "deriv", "increase", "irate", "last_over_time",
    "max_over_time", "min_over_time", "rate", "resets", "sum_over_time",
)  # fmt: skip
OF_COUNTERS: Final = frozenset({"increase", "irate", "rate", "resets"})
# What each takes, then what it gives.
FUNCTIONS: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    **dict.fromkeys(OF_RANGE, ((RANGE,), INSTANT)),
    **dict.fromkeys(("abs", "absent", "ceil", "floor", "round", "sort_desc"), ((INSTANT,), INSTANT)),
    "clamp_max": ((INSTANT, SCALAR), INSTANT),
    "clamp_min": ((INSTANT, SCALAR), INSTANT),
    "histogram_quantile": ((SCALAR, INSTANT), INSTANT),
    "scalar": ((INSTANT,), SCALAR),
    "time": ((), SCALAR),
    "vector": ((SCALAR,), INSTANT),
}
AGGREGATIONS: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("avg", "count", "max", "min", "sum"), (INSTANT,)),
    "topk": (SCALAR, INSTANT),
}
# The lowest first.
OPERATORS: Final = (
    frozenset({"or"}),
    frozenset({"and", "unless"}),
    frozenset({"==", "!=", "<=", "<", ">=", ">"}),
    frozenset({"+", "-"}),
    frozenset({"*", "/", "%"}),
)
SETS: Final = OPERATORS[0] | OPERATORS[1]
_TOKEN: Final = re.compile(
    r"""\s*(?:
    (?P<duration>(?:\d+(?:ms|[smhdwy]))+)\b
    | (?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)\b
    | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<word>[a-zA-Z_:][a-zA-Z0-9_:]*)
    | (?P<mark>==|!=|=~|!~|<=|>=|[-+*/%<>=(){}\[\],])
    )""",
    re.VERBOSE,
)


class PromQLError(ValueError):
    """The expression is not PromQL, or not of the part that is understood."""


@dataclass(frozen=True, slots=True)
class Selector:
    """Series that an expression reads: `within` is the function their range goes into."""

    name: str
    labels: frozenset[str]
    within: str = ""


@dataclass(slots=True)
class Expression:
    """What is read, which labels it is grouped and matched by, and what comes out."""

    selectors: list[Selector] = field(default_factory=list)
    groups: set[str] = field(default_factory=set)
    is_aggregated: bool = False
    gives: str = INSTANT


def parse(text: str) -> Expression:
    """Raises `PromQLError`."""
    parser = _Parser(text)
    parser.found.gives = parser.binary(0)
    if parser.next[0] != "end":
        raise PromQLError(f"not expected: {parser.next[1]}")
    return parser.found


class _Parser:
    def __init__(self, text: str) -> None:
        self.found = Expression()
        self._functions: list[str] = []
        self._tokens = _tokens(text)
        self.next = ("", "")
        self._take()

    def _take(self) -> str:
        taken = self.next[1]
        self.next = self._tokens.pop(0)
        return taken

    def _take_kind(self) -> str:
        kind = self.next[0]
        self._take()
        return kind

    def _has(self, value: str) -> bool:
        if self.next[1] != value or self.next[0] == "text":
            return False
        self._take()
        return True

    def _expect(self, value: str) -> None:
        if not self._has(value):
            raise PromQLError(f"{value} expected, not {self.next[1] or 'the end'}")

    def _expect_kind(self, kind: str) -> str:
        if self.next[0] != kind:
            raise PromQLError(f"a {kind} expected, not {self.next[1] or 'the end'}")
        return self._take()

    def binary(self, level: int) -> str:
        """Operators of one rank, from the left."""
        if level == len(OPERATORS):
            return self._unary()
        left = self.binary(level + 1)
        while self.next[0] != "text" and self.next[1] in OPERATORS[level]:
            operator = self._take()
            is_bool = self._has("bool")
            self._matching()
            left = _combined(operator, left, self.binary(level + 1), is_bool=is_bool)
        return left

    def _matching(self) -> None:
        for word in ("on", "ignoring", "group_left", "group_right"):
            if self._has(word):
                self.found.groups |= self._names()

    def _names(self) -> set[str]:
        self._expect("(")
        names = set[str]()
        while not self._has(")"):
            names.add(self._expect_kind("word"))
            if not self._has(","):
                self._expect(")")
                break
        return names

    def _unary(self) -> str:
        if self._has("-"):
            return self._unary()
        if self._has("("):
            kind = self.binary(0)
            self._expect(")")
            return kind
        if self.next[0] in {"number", "text"}:
            return SCALAR if self._take_kind() == "number" else TEXT
        word = self._expect_kind("word")
        if word in AGGREGATIONS:
            return self._aggregation(word)
        if self._has("("):
            return self._function(word)
        return self._selector(word)

    def _aggregation(self, name: str) -> str:
        self.found.is_aggregated = True
        is_grouped = self._grouping()
        self._expect("(")
        self._arguments(name, AGGREGATIONS[name])
        if not is_grouped:
            self._grouping()
        return INSTANT

    def _grouping(self) -> bool:
        if self.next[1] not in {"by", "without"}:
            return False
        self._take()
        self.found.groups |= self._names()
        return True

    def _function(self, name: str) -> str:
        if name not in FUNCTIONS:
            raise PromQLError(f"no function {name}")
        takes, gives = FUNCTIONS[name]
        self._arguments(name, takes)
        return gives

    def _arguments(self, name: str, takes: tuple[str, ...]) -> None:
        self._functions.append(name)
        for number, wanted in enumerate(takes):
            if number:
                self._expect(",")
            given = self.binary(0)
            if given != wanted:
                raise PromQLError(f"{name} takes a {wanted}, not a {given}")
        self._expect(")")
        self._functions.pop()

    def _selector(self, name: str) -> str:
        labels = self._matchers() if self._has("{") else set[str]()
        kind = INSTANT
        if self._has("["):
            self._expect_kind("duration")
            self._expect("]")
            kind = RANGE
        if self._has("offset"):
            self._expect_kind("duration")
        within = self._functions[-1] if kind == RANGE and self._functions else ""
        self.found.selectors.append(Selector(name, frozenset(labels), within))
        return kind

    def _matchers(self) -> set[str]:
        labels = set[str]()
        while not self._has("}"):
            labels.add(self._expect_kind("word"))
            operator = self._expect_kind("mark")
            if operator not in {"=", "!=", "=~", "!~"}:
                raise PromQLError(f"labels are not compared by {operator}")
            value = self._expect_kind("text")[1:-1]
            if operator.endswith("~"):
                _check_pattern(value)
            if not self._has(","):
                self._expect("}")
                break
        return labels


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, position, text = list[tuple[str, str]](), 0, text.strip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            raise PromQLError(f"not understood: {text[position : position + 20].strip()}")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        position = found.end()
    return [*tokens, ("end", ""), ("end", "")]


def _check_pattern(value: str) -> None:
    try:
        re.compile(value)
    except re.error as error:
        raise PromQLError(f"not a pattern: {value}") from error


def _combined(operator: str, left: str, right: str, *, is_bool: bool) -> str:
    if not {left, right} <= {SCALAR, INSTANT}:
        raise PromQLError(f"{operator} between a {left} and a {right}")
    if operator in SETS and SCALAR in {left, right}:
        raise PromQLError(f"{operator} takes instant vectors")
    is_comparison = operator in OPERATORS[2]
    if is_bool and not is_comparison:
        raise PromQLError(f"bool goes with comparisons, not with {operator}")
    if is_comparison and left == right == SCALAR and not is_bool:
        raise PromQLError("scalars are compared with bool")
    return SCALAR if left == right == SCALAR else INSTANT
