"""Known vulnerabilities of what the product needs: pip-audit over requirements.txt and all that these bring along.

The advisories are asked for over the network. Where nobody answers, that is said in capitals and is no failure: what is
not known today is asked again tomorrow. What is known to be vulnerable is one.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements.txt"
PATIENCE = 60
"""Seconds for the whole audit."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the audit found out: how many packages were looked up, which were not, and what is known about them."""

    audited: int
    unknown: tuple[str, ...]
    vulnerable: tuple[str, ...]


def required(lines: Iterable[str]) -> Iterator[Requirement]:
    """The requirements of a file in pip's format, as far as ours go."""
    for line in lines:
        text = re.sub(r"(^|\s)#.*$", "", line).strip()
        if text and not text.startswith("-"):
            yield Requirement(text)


def closure(wanted: Iterable[Requirement]) -> dict[str, str]:
    """Name and version of each installed package that is needed by one of `wanted`, itself included."""
    found: dict[str, str] = {}
    waiting, seen = list(wanted), set()
    while waiting:
        each = waiting.pop()
        name, extras = canonicalize_name(each.name), frozenset(each.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue  # for another system or interpreter
        found[name] = package.version
        for text in package.requires or ():
            needed = Requirement(text)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                waiting.append(needed)
    return dict(sorted(found.items()))


def read_report(text: str) -> Report:
    """The report in pip-audit's JSON. Raises `ValueError` for anything else."""
    try:
        packages: list[dict[str, Any]] = json.loads(text)["dependencies"]
        unknown = tuple(each["name"] for each in packages if "skip_reason" in each)
        vulnerable = tuple(
            f"{each['name']} {each['version']}: {found['id']}"
            + (f", mended in {', '.join(found['fix_versions'])}" if found["fix_versions"] else "")
            for each in packages
            for found in each.get("vulns", ())
        )
    except (KeyError, TypeError) as error:
        raise ValueError("not a report of pip-audit") from error
    return Report(len(packages) - len(unknown), unknown, vulnerable)


def verdict(report: Report) -> tuple[bool, str]:
    """Whether that passes, and what to say."""
    if report.vulnerable:
        return False, "VULNERABLE\n" + "\n".join(f"  {each}" for each in report.vulnerable)
    if not report.audited:
        return True, f"NOT AUDITED: nobody answered about any of the {len(report.unknown)} packages"
    partly = f"; NOT AUDITED: {', '.join(report.unknown)}" if report.unknown else ""
    return True, f"{report.audited} packages, nothing known against them{partly}"


def main() -> int:
    """Ask, and say what came of it."""
    pins = closure(required(REQUIREMENTS.read_text(encoding="utf-8").splitlines()))
    with tempfile.TemporaryDirectory() as folder:
        pinned = Path(folder) / "pinned.txt"
        pinned.write_text("".join(f"{name}=={version}\n" for name, version in pins.items()), encoding="utf-8")
        options = ("--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json", "--timeout", "5")
        try:
            asked = subprocess.run(
                [sys.executable, "-m", "pip_audit", "-r", str(pinned), *options],
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
            passed, words = verdict(read_report(asked.stdout))
        except subprocess.TimeoutExpired:
            passed, words = True, f"NOT AUDITED: no answer within {PATIENCE} seconds"
        except ValueError:
            last = (asked.stderr.strip().splitlines() or ["no words"])[-1]
            passed, words = True, f"NOT AUDITED: pip-audit could not ask ({last[:200]})"
    print(words)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
