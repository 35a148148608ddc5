"""`make deploy-check`: every validator of deployment files, without an engine, a cluster or an account.

A tool that is missing is said in capitals; with REQUIRE_SERVICES=1 (continuous integration) it counts as a failure.
"""

import argparse
import json
import os
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import yaml

from scripts.deployment import compose, nginx, page, systemd, terraform
from scripts.deployment.tools import BIN, ToolMissingError, complaints

ROOT = Path(__file__).resolve().parent.parent
Validator = Callable[[Path], list[str]]


def dockerfile(root: Path) -> list[str]:
    """hadolint of the Dockerfile."""
    return complaints(BIN / "hadolint", "Dockerfile", folder=root)


def readable(root: Path) -> list[str]:
    """Every YAML, JSON and TOML file below deploy/ is one: rules, dashboards, the log agent's."""
    readers: dict[str, Callable[[str], object]] = {
        ".yaml": yaml.safe_load,
        ".yml": yaml.safe_load,
        ".json": json.loads,
        ".toml": tomllib.loads,
    }
    found = []
    for path in sorted((root / "deploy").rglob("*")):
        if path.suffix in readers:
            try:
                readers[path.suffix](path.read_text())
            except (ValueError, yaml.YAMLError) as error:
                found.append(f"{path.relative_to(root)}: {error}")
    return found


def deployment_page(root: Path) -> list[str]:
    """docs/deploy.md can be run: its blocks are closed, its marks are some. `scripts.try_deploy` runs it."""
    try:
        page.blocks((root / page.FILE).read_text(), page.STEPS)
    except page.PageError as error:
        return [f"{page.FILE}: {error}"]
    return []


# From the tree's root to what is wrong there. Validators of further files are added here, each with its planted
# mistakes in marketplace/tests/test_deploy_check.py.
VALIDATORS: dict[str, Validator] = {
    "dockerfile": dockerfile,
    "compose": compose.problems,
    "nginx-starts": nginx.starts,
    "nginx-mistakes": nginx.known_mistakes,
    "nginx-rules": nginx.rules,
    "systemd": systemd.problems,
    "systemd-verify": systemd.verified,
    "page": deployment_page,
    "terraform": terraform.problems,
    "readable": readable,
}


def check(root: Path = ROOT, only: list[str] | None = None) -> bool:
    """Run validators over a tree and print what each says; whether all is well."""
    passed = True
    for name in only or VALIDATORS:
        try:
            found = VALIDATORS[name](root)
        except ToolMissingError as error:
            print(f"{name:<16} SKIPPED: {error}", flush=True)
            passed = passed and os.environ.get("REQUIRE_SERVICES") != "1"
            continue
        print(f"{name:<16} {'FAILED' if found else 'ok'}", flush=True)
        for each in found:
            print(f"  {each}", flush=True)
        passed = passed and not found
    return passed


def main() -> int:
    """Command line: all validators, or some."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=VALIDATORS, help="this one only; may be repeated")
    return 0 if check(only=parser.parse_args().only) else 1


if __name__ == "__main__":
    sys.exit(main())
