"""Make `.venv` and install what the requirements name; does nothing when nothing has changed.

Needs the standard library alone. uv does the installing because it is several times faster than pip; where uv cannot
be had, or cannot reach what pip is configured to reach, pip does all of it.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"
RUN_TIME = ROOT / "requirements.txt"
DEVELOPMENT = ROOT / "requirements-dev.txt"


class CannotPrepareError(Exception):
    """The environment cannot be made; the message says what the reader can do about it."""


def say(message: str) -> None:
    """One line for the person who waits."""
    print(f"env: {message}", flush=True)


def succeeds(command: Sequence[str | Path]) -> bool:
    """Run quietly; say whether it went well. A missing program is a no."""
    try:
        finished = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError:
        return False
    return finished.returncode == 0


def venv_version() -> str:
    """Version of the interpreter in `.venv`; empty where there is none that starts."""
    try:
        return subprocess.check_output([PYTHON, "-c", "import sys; print(sys.version)"], text=True).strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def create_venv() -> None:
    """A fresh `.venv`, by `venv`, or by uv where the system's Python came without ensurepip."""
    shutil.rmtree(VENV, ignore_errors=True)
    if succeeds([sys.executable, "-m", "venv", VENV]):
        return
    if succeeds(["uv", "venv", "--seed", "--python", sys.executable, VENV]):
        return
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    raise CannotPrepareError(
        f"{sys.executable} cannot make a virtual environment. Debian and Ubuntu: apt-get install python{version}-venv"
    )


def digest_of(requirements: Sequence[Path], version: str) -> str:
    """What is installed depends on these files and on the interpreter, and on nothing else."""
    digest = hashlib.sha256(version.encode())
    for path in requirements:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def has_uv() -> bool:
    """Put uv into `.venv` unless it is there."""
    return succeeds([UV, "--version"]) or (
        succeeds([PYTHON, "-m", "pip", "install", "--quiet", "uv"]) and succeeds([UV, "--version"])
    )


def install(requirements: Path) -> None:
    """Install by uv, else by pip, whose messages are shown because it is the last resort."""
    environment_variables = {**os.environ, "VIRTUAL_ENV": str(VENV)}
    if has_uv():
        by_uv: list[str | Path] = [UV, "pip", "install", "--quiet", "--python", PYTHON, "--requirement", requirements]
        if subprocess.run(by_uv, cwd=ROOT, env=environment_variables, check=False).returncode == 0:
            return
        say("uv did not manage; trying pip")
    by_pip: list[str | Path] = [PYTHON, "-m", "pip", "install", "--quiet", "--requirement", requirements]
    if subprocess.run(by_pip, cwd=ROOT, env=environment_variables, check=False).returncode != 0:
        raise CannotPrepareError(f"pip could not install {requirements.name}; its own message is above")


def ensure(*, development: bool) -> None:
    """Leave a `.venv` that holds the pinned requirements; the stamp file tells when that is already so."""
    started = time.monotonic()
    if not venv_version():
        say(f"making .venv with Python {sys.version.split()[0]}")
        create_venv()
    requirements = [RUN_TIME, DEVELOPMENT] if development else [RUN_TIME]
    stamp = VENV / f".installed-{requirements[-1].stem}"
    digest = digest_of(requirements, venv_version())
    if stamp.exists() and stamp.read_text() == digest:
        return
    say(f"installing {requirements[-1].name}")
    install(requirements[-1])
    stamp.write_text(digest)
    say(f"ready after {time.monotonic() - started:.1f} s")


def main() -> int:
    """Command line: `--dev` adds what tests and checks need."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="development requirements too")
    try:
        ensure(development=parser.parse_args().dev)
    except CannotPrepareError as error:
        print(f"env: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
