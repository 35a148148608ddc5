"""Where a module can be changed, and how: one small, plausible mistake at a time.

Changed are the bodies of functions, the defaults of their parameters and the module's constants; not decorators,
annotations, documentation, declarations in classes, log lines or the words of an error.
"""

import ast
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from .sql import changed_texts, is_sql

_COMPARED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_COMPUTED: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
_CALLED: Final = {
    "min": "max", "max": "min", "any": "all", "all": "any", "ceil": "floor", "floor": "ceil", "filter": "exclude",
    "exclude": "filter", "first": "last", "last": "first", "bisect_left": "bisect_right",
}  # fmt: skip
_LOOKUPS: Final = {"lt": "lte", "lte": "lt", "gt": "gte", "gte": "gt"}
_QUERIES: Final = frozenset({"filter", "exclude", "get", "get_or_create", "update", "create", "Q"})
_SAID: Final = frozenset({"_", "gettext", "gettext_noop", "gettext_lazy", "ValueError", "AssertionError", "TypeError"})
_SHORT: Final = 12

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the walk is: the enclosing function, the lines that reach it, and what has to be renewed for a change."""

    kind: str  # body, default, constant
    scope: str
    first: int
    last: int
    statement: ast.stmt
    # The function whose default is changed.
    function: ast.FunctionDef | None = None
    # Inside words that are only said.
    is_said: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """One mutant: a node (or a list of nodes) of the tree, and what stands there instead."""

    place: Place
    operator: str
    parent: ast.AST
    field: str
    index: int | None
    old: object
    new: object
    line: int
    before: str
    after: str

    def plant(self) -> None:
        """Change the tree."""
        self._put(self.new)

    def heal(self) -> None:
        """Change it back."""
        self._put(self.old)

    def _put(self, value: object) -> None:
        if self.index is None:
            setattr(self.parent, self.field, value)
        else:
            getattr(self.parent, self.field)[self.index] = value


def sites_of(tree: ast.Module) -> list[Site]:
    """Every mutant of the module, in the order of its text."""
    models = frozenset(
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[-1] == "models"
        for alias in node.names
    )
    return list(_Walk(models).module(tree))


class _Walk:
    def __init__(self, models: frozenset[str]) -> None:
        self.models = models

    def module(self, tree: ast.Module) -> Iterator[Site]:
        for statement in tree.body:
            if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
                place = Place("constant", "", statement.lineno, statement.end_lineno or 0, statement)
                yield from self._at(statement, "value", None, statement.value, place)
            else:
                yield from self._definition(statement, "")

    def _definition(self, node: ast.stmt, prefix: str) -> Iterator[Site]:
        if isinstance(node, ast.ClassDef):
            for each in node.body:
                yield from self._definition(each, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef):
            yield from self._function(node, f"{prefix}{node.name}")

    def _function(self, node: ast.FunctionDef, name: str) -> Iterator[Site]:
        default = Place("default", name, node.lineno, node.end_lineno or 0, node, function=node)
        for position, value in enumerate(node.args.defaults):
            yield from self._at(node.args, "defaults", position, value, default)
        for position, value_or_none in enumerate(node.args.kw_defaults):
            if value_or_none is not None:
                yield from self._at(node.args, "kw_defaults", position, value_or_none, default)
        yield from self._block(node, "body", node.body, Place("body", name, 0, 0, node))

    def _block(self, parent: ast.AST, field: str, body: list[ast.stmt], place: Place) -> Iterator[Site]:
        for position, statement in enumerate(body):
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue
            if isinstance(statement, ast.FunctionDef):
                yield from self._function(statement, f"{place.scope}.<locals>.{statement.name}")
                continue
            here = replace(place, first=statement.lineno, last=statement.end_lineno or 0, statement=statement)
            yield from self._at(parent, field, position, statement, here)

    def _at(self, parent: ast.AST, field: str, index: int | None, node: ast.AST, place: Place) -> Iterator[Site]:
        """Changes of this node itself, then of what is in it."""
        if _is_log(node):
            return
        for operator, new in _changes(node, parent, field, place):
            line = getattr(node, "lineno", place.first)
            before, after = _text(node), _text(new)
            if operator == "statement":
                before, after = _difference(before, after)
            yield Site(place, operator, parent, field, index, node, new, line, before, after)
        if isinstance(node, ast.Dict) and place.kind == "constant":
            for position, key in enumerate(node.keys):
                new = ast.Dict(_without(node.keys, position), _without(node.values, position))
                ast.copy_location(new, node)
                yield Site(place, "left out", parent, field, index, node, new, node.lineno, _text(key), "")
        yield from self._lists(node, place)
        yield from self._inside(node, place)

    def _inside(self, node: ast.AST, place: Place) -> Iterator[Site]:
        place = replace(place, is_said=place.is_said or _is_saying(node))
        for field, value in ast.iter_fields(node):
            if field in {"annotation", "returns", "decorator_list", "type_comment", "ctx", "ops", "op"}:
                continue
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                if not (field == "body" and _is_for_postgres(node)):
                    yield from self._block(node, field, value, place)
                continue
            for index, child in _children(value):
                if field == "body" and _is_for_postgres(node):
                    continue
                here = place
                if isinstance(node, ast.stmt) and isinstance(child, ast.expr) and hasattr(node, "body"):
                    here = replace(place, first=child.lineno, last=child.end_lineno or 0)
                yield from self._at(node, field, index, child, here)

    def _lists(self, node: ast.AST, place: Place) -> Iterator[Site]:
        """What can be left out: conditions and values of a query, columns of a new row, entries of a table."""
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            given = len(node.args) + len(node.keywords)
            if name in _QUERIES and (given > 1 or name in {"filter", "exclude"}):
                yield from _shortened(node, "args", node.args, place)
            if (name in _QUERIES and (given > 1 or name in {"filter", "exclude"})) or name in self.models:
                yield from _shortened(node, "keywords", node.keywords, place)
        elif place.kind == "constant" and isinstance(node, ast.Set) and 1 < len(node.elts) <= _SHORT:
            yield from _shortened(node, "elts", node.elts, place)


def _changes(node: ast.AST, parent: ast.AST, field: str, place: Place) -> Iterator[tuple[str, ast.AST]]:
    """What may stand instead of the node."""
    if isinstance(node, ast.Constant):
        yield from _constants(node, parent, place)
    yield from _computed(node)
    yield from _called(node)
    yield from _dropped(node)
    is_condition = field in {"ifs", "guard"} or (field == "test" and not isinstance(parent, ast.While))
    if is_condition and isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
        yield "negated condition", ast.copy_location(ast.UnaryOp(ast.Not(), node), node)


def _computed(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.Compare():
            for position, operator in enumerate(node.ops):
                new = copy.copy(node)
                new.ops = [*node.ops]
                new.ops[position] = _COMPARED[type(operator)]()
                yield "comparison", new
        case ast.BoolOp():
            new_op: ast.boolop = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield "and/or", ast.copy_location(ast.BoolOp(new_op, node.values), node)
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand) if not isinstance(operand, ast.Constant):
            yield "sign", operand
        case ast.BinOp() if type(node.op) in _COMPUTED and not (_is_text(node.left) or _is_text(node.right)):
            yield "arithmetic", ast.copy_location(ast.BinOp(node.left, _COMPUTED[type(node.op)](), node.right), node)
        case ast.AugAssign() if type(node.op) in _COMPUTED:
            op = _COMPUTED[type(node.op)]()
            yield "arithmetic", ast.copy_location(ast.AugAssign(node.target, op, node.value), node)


def _called(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.Call(func=ast.Name(id=name) as func) if name in _CALLED:
            new = copy.copy(node)
            new.func = ast.copy_location(ast.Name(_CALLED[name], ast.Load()), func)
            yield "other function", new
        case ast.Call(func=ast.Attribute(attr=name) as of) if name in _CALLED:
            new = copy.copy(node)
            new.func = ast.copy_location(ast.Attribute(of.value, _CALLED[name], ast.Load()), of)
            yield "other function", new
        case ast.keyword(arg=str(name), value=value) if "__" in name:
            head, _sep, lookup = name.rpartition("__")
            if lookup in _LOOKUPS:
                yield "lookup", ast.copy_location(ast.keyword(f"{head}__{_LOOKUPS[lookup]}", value), node)


def _dropped(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.Raise() | ast.Expr(value=ast.Call()) | ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield "dropped statement", ast.copy_location(ast.Pass(), node)
        case ast.Break():
            yield "break/continue", ast.copy_location(ast.Continue(), node)
        case ast.Continue():
            yield "break/continue", ast.copy_location(ast.Break(), node)


def _without(members: Sequence[T], position: int) -> list[T]:
    return [*members[:position], *members[position + 1 :]]


def _shortened(node: ast.AST, field: str, members: Sequence[ast.expr | ast.keyword], place: Place) -> Iterator[Site]:
    for position, member in enumerate(members):
        shorter = _without(members, position)
        yield Site(place, "left out", node, field, None, members, shorter, member.lineno, _text(member), "")


def _constants(node: ast.Constant, parent: ast.AST, place: Place) -> Iterator[tuple[str, ast.AST]]:
    value = node.value
    news: list[bool | int | float | str] = []
    if isinstance(value, bool):
        news = [not value]
    elif isinstance(value, int | float) and not (place.kind == "constant" and isinstance(parent, ast.Dict)):
        news = [value + 1]
    elif isinstance(value, str) and is_sql(value):
        news = [*changed_texts(value)]
    elif isinstance(value, str) and value and place.kind != "constant" and not place.is_said:
        is_order = isinstance(parent, ast.Call) and getattr(parent.func, "attr", "") == "order_by"
        news = [(value[1:] if value.startswith("-") else f"-{value}") if is_order else f"XX{value}"]
    for new in news:
        yield (
            ("statement" if isinstance(value, str) and is_sql(value) else "value"),
            ast.copy_location(ast.Constant(new), node),
        )


def _children(value: object) -> Iterator[tuple[int | None, ast.AST]]:
    if isinstance(value, ast.AST):
        yield None, value
    elif isinstance(value, list):
        yield from ((position, each) for position, each in enumerate(value) if isinstance(each, ast.AST))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _is_log(node: ast.AST) -> bool:
    """A call of a logger: what it says is not part of what is promised."""
    is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    return is_call and ast.unparse(node).startswith(("log.", "logger.", "logging."))


def _is_saying(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _SAID


def _is_for_postgres(node: ast.AST) -> bool:
    """A branch that SQLite never takes."""
    return isinstance(node, ast.If | ast.IfExp) and ast.unparse(node.test).endswith("== 'postgresql'")


def _text(node: object) -> str:
    text = ast.unparse(node) if isinstance(node, ast.AST) else ""
    return " ".join(text.split())


def _difference(before: str, after: str) -> tuple[str, str]:
    """Where two long texts differ, with some words around it."""
    first = _same(before, after)
    last = min(_same(before[::-1], after[::-1]), min(len(before), len(after)) - first)
    start = max(0, first - 40)
    return before[start : len(before) - last + 20], after[start : len(after) - last + 20]


def _same(left: str, right: str) -> int:
    """How many characters both begin with."""
    return next(
        (place for place, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right))
    )
