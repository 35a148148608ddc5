"""Puts a mutant into a running process: new code into the functions that exist, new values where constants were.

Nothing is imported again, so decorated functions, properties and methods are reached like any other.
"""

import ast
import functools
import gc
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from .operators import Site, sites_of
from .targets import POSTGRES_ONLY

_Name = tuple[str, int]
"""A function by its qualified name and its first line."""

_SHARED = (int, float, str, bytes, bool, type(None))
"""Values of these types may be one object by chance."""


class UnviableError(Exception):
    """The mutant cannot be put into the functions that exist."""


@dataclass(slots=True)
class Source:
    """A module that is mutated, as text and as it runs."""

    path: str
    file: str
    tree: ast.Module
    sites: list[Site]
    module: ModuleType
    functions: dict[_Name, list[FunctionType]]
    # Functions that run once in a process, whoever asks: their result is kept.
    kept: frozenset[str]

    def is_everywhere(self, site: Site) -> bool:
        """Whether the lines a test runs through do not say if it meets the mutant.

        So it is of a constant, and in a function whose result is kept: the first test that comes by has reached the
        line, and all that come after it use what was made there.
        """
        return site.place.kind == "constant" or site.place.scope.partition(".")[0] in self.kept


def read_source(root: Path, path: str) -> Source:
    """Parse the file and find what runs of it; the module is imported already. Raises `KeyError` if it is not."""
    file = str(root / path)
    tree = ast.parse((root / path).read_text(encoding="utf-8"))
    module = sys.modules[path.removesuffix(".py").replace("/", ".")]
    functions: dict[_Name, list[FunctionType]] = defaultdict(list)
    # By its type alone: `isinstance` asks a lazy object for its class, and so makes it.
    for each in gc.get_objects():
        if type(each) is FunctionType and each.__code__.co_filename == file:
            functions[each.__code__.co_qualname, each.__code__.co_firstlineno].append(each)
    sites = [site for site in sites_of(tree) if not _is_for_postgres(site)]
    return Source(path, file, tree, sites, module, functions, _kept(tree, module))


def _kept(tree: ast.Module, module: ModuleType) -> frozenset[str]:
    """The module's functions under `functools.cache`, and its private ones that nobody but those calls."""
    kept = {name for name, value in _caches(module) if value.__module__ == module.__name__}
    users: dict[str, set[str]] = defaultdict(set)
    for statement in tree.body:
        user = statement.name if isinstance(statement, ast.FunctionDef) else ""
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and node.id != user:
                users[node.id].add(user)
    private = {each.name for each in tree.body if isinstance(each, ast.FunctionDef) and each.name.startswith("_")}
    while more := {name for name in private - kept if users[name] and users[name] <= kept}:
        kept |= more
    return frozenset(kept)


def _caches(module: ModuleType) -> Iterator[tuple[str, Any]]:
    for name, value in vars(module).items():
        if isinstance(value, functools._lru_cache_wrapper):
            yield name, value


def _is_for_postgres(site: Site) -> bool:
    names = {site.place.scope} if site.place.scope else _assigned(site.place.statement)
    return not names.isdisjoint(POSTGRES_ONLY)


def plant(source: Source, site: Site) -> None:
    """Let this process run the mutant. Raises `UnviableError`."""
    site.plant()
    ast.fix_missing_locations(source.tree)
    if site.place.kind == "constant":
        _renew_constants(source, site.place.statement)
    elif site.place.kind == "default":
        _renew_defaults(source, site)
    else:
        _renew_code(source, site)
    # What the code as it was has made.
    for _name, cached in _caches(source.module):
        cached.cache_clear()


def _renew_code(source: Source, site: Site) -> None:
    code = compile(source.tree, source.file, "exec", dont_inherit=True)
    outermost = site.place.scope.partition(".<locals>")[0]
    has_changed = False
    for each in _codes(code):
        for function in source.functions.get((each.co_qualname, each.co_firstlineno), ()):
            try:
                function.__code__ = each
            except ValueError as error:
                raise UnviableError(str(error)) from error
            has_changed |= each.co_qualname == outermost
    if not has_changed:
        raise UnviableError(f"{site.place.scope} is not there")


def _codes(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _codes(each)


def _renew_defaults(source: Source, site: Site) -> None:
    node = site.place.function
    assert node is not None
    line = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    functions = source.functions.get((site.place.scope, line), ())
    if not functions:
        raise UnviableError(f"{site.place.scope} is not there")
    for function in functions:
        function.__defaults__ = tuple(_value(each, function) for each in node.args.defaults) or None
        given = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        function.__kwdefaults__ = {name.arg: _value(each, function) for name, each in given if each is not None}


def _value(node: ast.expr, function: FunctionType) -> Any:
    return eval(compile(ast.Expression(node), "<default>", "eval"), function.__globals__)  # noqa: S307  # nosec B307 - our own source


def _renew_constants(source: Source, statement: ast.stmt) -> None:
    names = source.module.__dict__
    changed: list[tuple[str, Any, Any]] = []
    for each in _followers(source.tree, statement):
        before = {name: names.get(name) for name in _assigned(each)}
        exec(compile(ast.Module([each], []), source.file, "exec"), names)  # noqa: S102  # nosec B102 - our own source
        changed += [(name, old, names[name]) for name, old in before.items()]
    for name, old, new in changed:
        for module in list(sys.modules.values()):
            if getattr(module, "__dict__", {}).get(name) is old:
                setattr(module, name, new)
        if not isinstance(old, _SHARED):
            _renew_what_was_default(old, new)


def _renew_what_was_default(old: Any, new: Any) -> None:
    for function in gc.get_objects():
        if type(function) is FunctionType:
            if any(each is old for each in function.__defaults__ or ()):
                function.__defaults__ = tuple(new if each is old else each for each in function.__defaults__ or ())
            by_name = function.__kwdefaults__ or {}
            by_name.update({name: new for name, each in by_name.items() if each is old})


def _followers(tree: ast.Module, statement: ast.stmt) -> list[ast.stmt]:
    """The statement, and the module's other assignments that use what it or one of them assigns."""
    found: list[ast.stmt] = []
    stale: set[str] = set()
    for each in tree.body:
        if isinstance(each, ast.Assign | ast.AnnAssign):
            used = {node.id for node in ast.walk(each) if isinstance(node, ast.Name)}
            if each is statement or used & stale:
                found.append(each)
                stale |= _assigned(each)
    return found


def _assigned(statement: ast.stmt) -> set[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return {each.id for each in targets if isinstance(each, ast.Name)}
