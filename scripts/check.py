"""`make check` and `.ci/run`: every check in one place, a line with seconds for each at the end.

All steps run even when one fails, so that one run shows everything there is to mend. Two at a time, the longest first,
each with its output in one piece; the suite comes last, alone.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PRODUCT = ("marketplace", "users", "stores", "funds", "links", "promotions", "purchases", "notifications")
SCHEMA = ROOT / "docs" / "openapi.yaml"

# Checks must not depend on whose machine they run on: nothing of `.env` that matters is left open here.
NEUTRAL = {
    "DJANGO_SETTINGS_MODULE": "marketplace.settings.local",
    "VAR_DIR": str(ROOT / "var" / "check"),
    "DATABASE_URL": f"sqlite:///{ROOT / 'var' / 'check' / 'db.sqlite3'}",
    "REDIS_URL": "",
    "CELERY_BROKER_URL": "memory://localhost/",
    "DOCUMENTS_URL": "",
    "DEBUG": "0",
    "PYTHONWARNINGS": "default",
}
# Long and varied enough for Django's own check; they open nothing.
PRODUCTION = {
    **NEUTRAL,
    "DJANGO_SETTINGS_MODULE": "marketplace.settings.production",
    "SECRET_KEY": "".join(chr(33 + (i * 37) % 90) for i in range(64)),
    "JWT_SIGNING_KEY": "".join(chr(33 + (i * 41) % 90) for i in range(64)),
    "LOG_HASH_KEY": "".join(chr(33 + (i * 43) % 90) for i in range(64)),
    "ALLOWED_HOSTS": "shop.example",
    "PUSH_SERVICE": "sns",
}

Step = Callable[[], bool]


@dataclass(frozen=True)
class Outcome:
    """How one step went."""

    name: str
    passed: bool
    seconds: float


def run(*command: str | Path, settings: dict[str, str] | None = None) -> bool:
    """Run one command with its output shown; whether it ended well."""
    environment = {**os.environ, **(settings or {})}
    return subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=False).returncode == 0


def manage(*arguments: str, settings: dict[str, str] = NEUTRAL) -> bool:
    """Run one management command."""
    return run(sys.executable, "manage.py", *arguments, settings=settings)


def lint() -> bool:
    """Style and the usual mistakes."""
    return run(BIN / "ruff", "check", ".")


def formatting() -> bool:
    """One way to lay out code."""
    return run(BIN / "ruff", "format", "--check", ".")


def types() -> bool:
    """Strict types."""
    return run(BIN / "mypy", *PRODUCT, "scripts", settings=NEUTRAL)


def contracts() -> bool:
    """Who may import whom."""
    return run(BIN / "lint-imports", "--no-cache")


def weaknesses() -> bool:
    """Habits that open doors (bandit); pyproject.toml says what is left to ruff, and why."""
    return run(BIN / "bandit", "--quiet", "--configfile", "pyproject.toml", "--recursive", *PRODUCT, "scripts")


def advisories() -> bool:
    """What is known against the packages we need (pip-audit)."""
    return run(sys.executable, "-m", "scripts.audits")


def migrations() -> bool:
    """Every model change has its migration."""
    return manage("makemigrations", "--check", "--dry-run")


def production_settings() -> bool:
    """Django's own list of what a deployment must not forget."""
    return manage("check", "--deploy", "--fail-level", "WARNING", settings=PRODUCTION)


def schema() -> bool:
    """The schema is valid, free of warnings, and the committed file is what the code says."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "openapi.yaml"
        if not manage("spectacular", "--validate", "--fail-on-warn", "--file", str(fresh)):
            return False
        if SCHEMA.exists() and SCHEMA.read_text() == fresh.read_text():
            return True
    print("docs/openapi.yaml is not what the code says: make schema", flush=True)
    return False


def messages() -> bool:
    """Spanish is complete."""
    return run(sys.executable, "-m", "scripts.messages")


def documentation() -> bool:
    """Every link of the pages leads somewhere, and the index to every page; the site builds without a warning."""
    links = run(sys.executable, "-m", "scripts.docs")
    site = run(sys.executable, "-m", "mkdocs", "build", "--quiet", settings={"NO_MKDOCS_2_WARNING": "1"})
    return links and site


def deployment_files() -> bool:
    """Dockerfile, compose file, nginx, Terraform, alert rules, dashboard and the rest of deploy/, without an engine."""
    files = run(sys.executable, "-m", "scripts.deploy_check")
    monitoring = run(sys.executable, "-m", "scripts.monitoring", settings=NEUTRAL)
    return files and monitoring


def online_migrations() -> bool:
    """New migrations can run while the release before is still serving."""
    return run(sys.executable, "-m", "scripts.migration_lint", settings=NEUTRAL)


def tests() -> bool:
    """The whole suite on both engines."""
    return run("make", "test")


STEPS: dict[str, Step] = {
    "types": types,
    "lint": lint,
    "formatting": formatting,
    "contracts": contracts,
    "weaknesses": weaknesses,
    "advisories": advisories,
    "migrations": migrations,
    "online-migrations": online_migrations,
    "production-settings": production_settings,
    "schema": schema,
    "messages": messages,
    "documentation": documentation,
    "deployment-files": deployment_files,
    "tests": tests,
}


def carry_out(name: str) -> Outcome:
    """One step under its headline. A tool that is missing counts as failed, like one that complains."""
    print(f"\n=== {name}: {STEPS[name].__doc__}", flush=True)
    started = time.monotonic()
    try:
        passed = STEPS[name]()
    except OSError as error:
        print(error, flush=True)
        passed = False
    return Outcome(name, passed, time.monotonic() - started)


def apart(name: str) -> Outcome:
    """One step in a process of its own; what it prints appears when it has ended."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "scripts.check", "--only", name],
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    print(done.stdout, end="", flush=True)
    return Outcome(name, done.returncode == 0, time.monotonic() - started)


def line(outcome: Outcome) -> str:
    """How a step went, for the end."""
    return f"{outcome.name:<20} {'ok' if outcome.passed else 'FAILED':<7}{outcome.seconds:6.1f} s"


def main() -> int:
    """Command line: all steps, or some."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=STEPS, help="this step only; may be repeated")
    parser.add_argument("--skip", action="append", choices=STEPS, default=[], help="without this step; may be repeated")
    options = parser.parse_args()
    (ROOT / "var" / "check").mkdir(parents=True, exist_ok=True)
    names = [name for name in options.only or STEPS if name not in options.skip]
    if len(names) == 1:
        return 0 if carry_out(names[0]).passed else 1

    started = time.monotonic()
    with ThreadPoolExecutor(max_workers=2) as both:
        outcomes = list(both.map(apart, (name for name in names if name != "tests")))
    if "tests" in names:
        outcomes.append(carry_out("tests"))
    print()
    for outcome in outcomes:
        print(line(outcome))
    print(f"{'all':<28}{time.monotonic() - started:6.1f} s", flush=True)
    return 0 if all(outcome.passed for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
