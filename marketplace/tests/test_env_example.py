"""`.env.example` explains exactly what is read: by the settings, and by docker-compose.yaml."""

import ast
import re
from pathlib import Path

from marketplace.settings.env import BASE_DIR

SETTINGS = BASE_DIR / "marketplace" / "settings"
EXAMPLE = BASE_DIR / ".env.example"
COMPOSE = BASE_DIR / "docker-compose.yaml"
ASSIGNMENT = re.compile(r"^#?([A-Z][A-Z0-9_]*)=", re.MULTILINE)
INTERPOLATION = re.compile(r"\$\{([A-Z][A-Z0-9_]*)")
SECRET = re.compile(r"^    environment: ([A-Z][A-Z0-9_]*)$", re.MULTILINE)


def names_read_by(path: Path) -> set[str]:
    """First arguments of `env.str("NAME", …)`, `env.int(…)` and their like."""
    return {
        node.args[0].value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "env"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def test_example_names_what_is_read() -> None:
    read = set(INTERPOLATION.findall(COMPOSE.read_text())) | set(SECRET.findall(COMPOSE.read_text()))
    for path in SETTINGS.glob("*.py"):
        read |= names_read_by(path)

    explained = ASSIGNMENT.findall(EXAMPLE.read_text())

    assert sorted(explained) == sorted(read)


def test_every_variable_is_explained() -> None:
    """A comment stands above each variable, or above the block it belongs to."""
    blocks = re.split(r"\n(?=# )", EXAMPLE.read_text())

    unexplained = [block for block in blocks if ASSIGNMENT.search(block) and not block.startswith("# ")]

    assert unexplained == []
