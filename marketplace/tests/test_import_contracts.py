"""The five import contracts hold, and each is broken by what it forbids, planted in a copy of the tree."""

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from marketplace.settings.env import BASE_DIR

pytestmark = pytest.mark.once

CONTRACTS = {
    "layers": "Contexts import downwards only",
    "doors": "A context is reached by its facade, contracts and events",
    "purity": "Events and contracts are pure: standard library, core.events, core.money, core.errors",
    "cycles": "Slices of a context do not import each other in circles",
    "slice": "Inside a slice: doors, services, selectors, models, errors",
}
OUTCOME = re.compile(r"^(?P<name>.+?) (?P<outcome>KEPT|BROKEN)(?: \(|$)", re.MULTILINE)

# What is written where (created, or appended), and the contract it breaks.
PLANTED = {
    "a lower context asks a higher one, even by its facade": (
        "layers",
        {"users/planted.py": "from notifications import facade"},
    ),
    "the core knows a context": ("layers", {"marketplace/core/planted.py": "import users.facade"}),
    "siblings know each other": ("layers", {"links/planted.py": "from promotions import facade"}),
    "a model of another context": ("doors", {"purchases/planted.py": "from users.accounts.models import User"}),
    "the models of another context, re-exported": ("doors", {"purchases/planted.py": "from users.models import User"}),
    "the project reaches into a context": (
        "doors",
        {"marketplace/backoffice/planted.py": "from stores.inventory import services"},
    ),
    "an event that needs Django": ("purity", {"stores/events.py": "from django.utils import timezone"}),
    "a contract that needs the core's tables": (
        "purity",
        {"users/contracts.py": "from marketplace.core.base import UUIDModel"},
    ),
    "money that needs Django": ("purity", {"marketplace/core/money.py": "import django"}),
    "two slices in a circle": (
        "cycles",
        {
            "users/staff/planted.py": "from users.accounts import planted",
            "users/accounts/planted.py": "from users.staff import planted",
        },
    ),
    "a model that knows a service": ("slice", {"stores/inventory/models.py": "from stores.inventory import services"}),
    "a service that knows its view, in a slice that is new": (
        "slice",
        {
            "links/newcomer/__init__.py": "",
            "links/newcomer/api.py": "",
            "links/newcomer/services.py": "from links.newcomer import api",
        },
    ),
}


def check_contracts(tree: Path) -> tuple[dict[str, bool], str]:
    """Run import-linter on the tree: each contract by name, and whether it holds."""
    environment = {**os.environ, "COLUMNS": "300", "PYTHONPATH": str(tree)}
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    ended = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=120)
    outcomes = {match["name"].strip(): match["outcome"] == "KEPT" for match in OUTCOME.finditer(ended.stdout)}
    return outcomes, ended.stdout + ended.stderr


@pytest.fixture(scope="module")
def copy_of_the_tree(tmp_path_factory):
    """The Python files of the packages, and the contracts."""
    tree = tmp_path_factory.mktemp("tree")
    config = configparser.ConfigParser()
    config.read(BASE_DIR / ".importlinter")
    for package in [*config["importlinter"]["root_packages"].split(), "scripts"]:
        shutil.copytree(
            BASE_DIR / package,
            tree / package,
            ignore=lambda folder, names: {
                name for name in names if not (Path(folder, name).is_dir() or name.endswith(".py"))
            },
        )
    shutil.copy(BASE_DIR / ".importlinter", tree)
    return tree


def test_the_contracts_hold():
    outcomes, text = check_contracts(BASE_DIR)

    assert outcomes == dict.fromkeys(CONTRACTS.values(), True), text


@pytest.mark.parametrize("violation", PLANTED)
def test_a_planted_violation_breaks_its_contract_and_no_other(copy_of_the_tree, violation):
    broken, files = PLANTED[violation]
    before = {path: (copy_of_the_tree / path).read_text() for path in files if (copy_of_the_tree / path).exists()}
    for path, line in files.items():
        (copy_of_the_tree / path).parent.mkdir(exist_ok=True)
        (copy_of_the_tree / path).write_text(f"{before.get(path, '')}\n{line}\n")

    try:
        outcomes, text = check_contracts(copy_of_the_tree)
    finally:
        for path in files:
            if path in before:
                (copy_of_the_tree / path).write_text(before[path])
            else:
                (copy_of_the_tree / path).unlink()

    assert outcomes == {name: key != broken for key, name in CONTRACTS.items()}, text
