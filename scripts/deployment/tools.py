"""A tool's complaints as a list of problems; a tool that is missing is said, never passed over."""

import subprocess
import sys
from pathlib import Path

BIN = Path(sys.executable).parent


class ToolMissingError(Exception):
    """What a validator needs is not on this machine; its message says how to get it."""


def complaints(*command: str | Path, folder: Path) -> list[str]:
    """Run a tool in `folder`; what it said when it did not end well, else nothing."""
    try:
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise ToolMissingError(f"{command[0]} is not installed") from error
    if done.returncode == 0:
        return []
    return [f"{Path(command[0]).name}: {(done.stdout + done.stderr).strip()}"]


def variables_explained(root: Path) -> dict[str, str]:
    """Name and default of each variable of `.env.example`, commented out ones included."""
    explained: dict[str, str] = {}
    for line in (root / ".env.example").read_text().splitlines():
        name, equals, value = line.removeprefix("#").partition("=")
        if equals and name.isupper() and " " not in name:
            explained[name] = value
    return explained
