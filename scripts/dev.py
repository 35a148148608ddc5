"""`make dev`: `manage.py serve` with DEBUG, restarted whenever a source file changes."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MANAGE = [sys.executable, "manage.py"]
IGNORED = {".venv", ".git", "var", "docs", "__pycache__", "node_modules"}
SUFFIXES = {".py", ".html", ".po", ".env"}
MIGRATIONS = f"{os.sep}migrations{os.sep}"
LOOK_EVERY = 0.7


def watched_files(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Source files below a folder, without what is generated."""
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in IGNORED:
                yield from watched_files(Path(entry.path))
        elif Path(entry.name).suffix in SUFFIXES or entry.name == ".env":
            yield entry


def fingerprint(part_of_path: str = "") -> int:
    """Changes whenever a watched file (whose path contains this) is written, made or removed."""
    entries = (entry for entry in watched_files(ROOT) if part_of_path in entry.path)
    return hash(frozenset((entry.path, entry.stat().st_mtime_ns) for entry in entries))


def wait_for_change(stop: threading.Event, process: subprocess.Popen[bytes]) -> None:
    """Return when a file has changed or a stop is asked for; a server that has died is left lying until then."""
    before = fingerprint()
    told = False
    while not stop.wait(LOOK_EVERY):
        if fingerprint() != before:
            return
        if process.poll() is not None and not told:
            told = True
            print("dev: the server has ended; it starts again when a file changes", flush=True)


def end(process: subprocess.Popen[bytes]) -> None:
    """Stop the server; it needs at most two seconds."""
    if process.poll() is None:
        process.terminate()
        process.wait()


def main() -> int:
    """Serve and restart until Ctrl-C; prepare the database first, and again when migrations have changed."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    environment = {**os.environ, "DEBUG": "1"}
    prepared = 0
    while not stop.is_set():
        migrations = fingerprint(MIGRATIONS)
        if migrations != prepared:
            subprocess.run([*MANAGE, "prepare"], cwd=ROOT, env=environment, check=False)
            prepared = migrations
        server = subprocess.Popen([*MANAGE, "serve"], cwd=ROOT, env=environment, start_new_session=True)
        print("dev: watching for changes", flush=True)
        wait_for_change(stop, server)
        end(server)
    return 0


if __name__ == "__main__":
    sys.exit(main())
