"""The column table of `docs/imports.md`, made from the columns themselves; a test compares the two."""

from .columns import CLEARABLE, COLUMNS, Column, Part

_PARTS = {
    Part.PLACE: "what the row is about",
    Part.PRODUCT: "product",
    Part.VARIANT: "variant",
    Part.STOCK: "stock of new variants",
}


def column_table() -> str:
    """Markdown."""
    lines = ["| column | belongs to | needed | what it holds |", "|---|---|---|---|"]
    lines += [f"| `{column.name}` | {_PARTS[column.part]} | {_need(column)} | {column.about} |" for column in COLUMNS]
    return "\n".join(lines)


def _need(column: Column) -> str:
    if column.is_required:
        return "always"
    if column.needed_for_new:
        return "for what is new"
    return "no; an empty cell empties it" if column.name in CLEARABLE else "no"
