"""Two kinds of import contract that import-linter does not have (see `.importlinter`).

Both look at direct imports only: what stands in one file can be mended in that file.
"""

import sys
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output
from importlinter.application import contract_utils
from importlinter.application.contract_utils import AlertLevel


class _DirectImportsContract(Contract):
    """What both have in common: a list of forbidden direct imports, and exceptions by expression."""

    # import-linter replaces each field by its parsed value when the contract is made.
    ignore_imports: Any = fields.SetField(subfield=fields.ImportExpressionField(), required=False)
    unmatched_ignore_imports_alerting: Any = fields.EnumField(AlertLevel, default=AlertLevel.NONE)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        removed = contract_utils.remove_ignored_imports_and_report(
            graph=graph,
            ignore_imports=self.ignore_imports,
            unmatched_alerting=self.unmatched_ignore_imports_alerting,
        )
        found = sorted(set(self.violations(graph)))
        return ContractCheck(
            kept=not found,
            warnings=list(removed.warnings),
            ignored_import_count=removed.ignored_import_count,
            metadata={"found": [(*pair, lines_of(graph, *pair)) for pair in found]},
        )

    @abstractmethod
    def violations(self, graph: ImportGraph) -> Iterator[tuple[str, str]]:
        """Pairs of importer and imported that must not be."""

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, imported, lines in check.metadata["found"]:
            output.print_error(f"{importer} is not allowed to import {imported} (l. {lines})")


class FacadeOnlyContract(_DirectImportsContract):
    """Whoever is outside of a context imports only its doors, whatever the context is made of inside."""

    type_name = "facade_only"

    contexts: Any = fields.ListField(subfield=fields.StringField())
    doors: Any = fields.ListField(subfield=fields.StringField())

    def violations(self, graph: ImportGraph) -> Iterator[tuple[str, str]]:
        """Imports past the doors."""
        for context in self.contexts:
            doors = {context, *(f"{context}.{door}" for door in self.doors)}
            for module in graph.find_descendants(context) - doors:
                for importer in graph.find_modules_that_directly_import(module):
                    if importer.split(".")[0] != context:
                        yield importer, module


class PureModulesContract(_DirectImportsContract):
    """Modules of these names import the standard library, the allowed modules and each other, and nothing else."""

    type_name = "pure_modules"

    contexts: Any = fields.ListField(subfield=fields.StringField())
    names: Any = fields.ListField(subfield=fields.StringField())
    allowed: Any = fields.ListField(subfield=fields.StringField())

    def violations(self, graph: ImportGraph) -> Iterator[tuple[str, str]]:
        """Imports of what is not pure. The allowed modules are held to the same rule."""
        pure = {f"{context}.{name}" for context in self.contexts for name in self.names} | set(self.allowed)
        for module in pure & graph.modules:
            for imported in graph.find_modules_directly_imported_by(module):
                if imported not in pure and imported.split(".")[0] not in sys.stdlib_module_names:
                    yield module, imported


def lines_of(graph: ImportGraph, importer: str, imported: str) -> str:
    """Where the import stands."""
    details = graph.get_import_details(importer=importer, imported=imported)
    return ", ".join(str(detail["line_number"]) for detail in details)
