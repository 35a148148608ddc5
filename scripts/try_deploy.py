"""docs/deploy.md, carried out: its sh blocks in order and word for word, in an empty folder on loopback.

    python -m scripts.try_deploy [--keep FOLDER] [--ports 8240]

A clone of this working tree (what is not committed included), an empty HOME, a virtual environment that pip fills, a
database and two roles of its own, a Redis of its own, an nginx of its own in front with the page's certificates,
every process of deploy/systemd. Then the page's smoke test and tour go through nginx; then its upgrade, to a further
commit, and its way back. Blocks that need a real server are left out or replaced as the page's comments say; each is
printed. Ends with 1 at the first block that fails. Everything that was started ends, and the database goes.
"""

import argparse
import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg2
from psycopg2 import sql

from scripts import local_services
from scripts.deployment import page, trial
from scripts.deployment.tools import ToolMissingError

ROOT = Path(__file__).resolve().parent.parent
NEEDED = ("git", "psql", "pg_dump", "openssl", "curl")


def clean_environment(folder: Path) -> dict[str, str]:
    """An empty HOME, and of the caller's environment only where programs and packages are to be had."""
    (folder / "home").mkdir()
    kept = {
        name: value for name, value in os.environ.items() if name.startswith("PIP_") or name.lower().endswith("_proxy")
    }
    pip_settings = Path.home() / ".config/pip/pip.conf"
    if pip_settings.exists():
        kept.setdefault("PIP_CONFIG_FILE", str(pip_settings))
    kept.setdefault("PIP_CACHE_DIR", str(Path.home() / ".cache/pip"))
    # Version managers put programs in front that need the caller's HOME: the interpreter itself comes first.
    own_python = str(Path(getattr(sys, "_base_executable", sys.executable)).resolve().parent)
    path = os.pathsep.join([own_python, os.environ.get("PATH", os.defpath), "/usr/sbin"])
    return {"PATH": path, "HOME": str(folder / "home"), "LANG": "C.UTF-8", **kept}


def snapshot(folder: Path) -> str:
    """A repository with this working tree as `trial-1` and a further commit as `trial-2`; its address."""
    source = folder / "source"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode == 0:
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (source / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, source / name)
    else:
        shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".venv", "var", ".env", "__pycache__", ".git"))
    git = ["git", "-c", "user.name=Trial", "-c", "user.email=trial@localhost", "-c", "init.defaultBranch=main"]

    def run(*words: str) -> None:
        subprocess.run([*git, *words], cwd=source, stdout=subprocess.DEVNULL, check=True)

    run("init", "--quiet")
    run("add", "--all")
    run("commit", "--quiet", "--message", "As it is")
    run("tag", "trial-1")
    (source / "RELEASE").write_text("trial-2\n")
    run("add", "--all")
    run("commit", "--quiet", "--message", "The next release")
    run("tag", "trial-2")
    return source.as_uri()


@contextlib.contextmanager
def database(url: str) -> Iterator[dict[str, str]]:
    """Names for a database and its roles on this server, and how psql gets there; all of it goes in the end."""
    name, parts = f"try_deploy_{secrets.token_hex(4)}", urlsplit(url)
    host, port = unquote(parts.hostname or "127.0.0.1"), str(parts.port or 5432)
    words = {"DB": name, "PSQL": "psql", "PGHOST": host, "PGPORT": port, "PGUSER": unquote(parts.username or "")}
    words["DB_HOST"] = (parts.hostname or "127.0.0.1") + (f":{port}" if not host.startswith("/") else "")
    if parts.password:
        words["PGPASSWORD"] = unquote(parts.password)
    try:
        yield words
    finally:
        with contextlib.closing(psycopg2.connect(url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
                for role in (f"{name}_app", name):
                    cursor.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


def given(folder: Path, redis_url: str, https: int) -> dict[str, str]:
    """The page's names, as they are on this loopback."""
    for name in ("srv", "var", "etc", "logs"):
        (folder / name).mkdir()
    return {
        "DOMAIN": "localhost", "PUBLIC_URL": f"https://localhost:{https}", "SOURCE": snapshot(folder),
        "RELEASE": "trial-1", "NEXT_RELEASE": "trial-2", "ADMIN_EMAIL": "admin@shop.example",
        "HOUSE": str(folder / "srv"), "VAR_DIR": str(folder / "var"), "ETC": str(folder / "etc"),
        "SHOP_USER": str(os.getuid()), "AS_SHOP": "", "REDIS": redis_url,
    }  # fmt: skip


def carry_out(attempt: trial.Trial, blocks: list[page.Block]) -> None:
    """Block by block, each announced with the seconds since the start."""
    started = time.monotonic()
    for block in blocks:
        where = f"[{time.monotonic() - started:6.1f} s] {page.FILE}:{block.line}"
        if block.skipped:
            print(f"{where} SKIPPED ({block.skipped}): {block.title}", flush=True)
        elif block.instead:
            print(f"{where} REPLACED by {block.instead} ({block.why}): {block.title}", flush=True)
            attempt.steps[block.instead]()
        else:
            print(f"{where} {block.title}", flush=True)
            attempt.run(block)
    attempt.untouched()
    run = sum(not (block.skipped or block.instead) for block in blocks)
    print(
        f"[{time.monotonic() - started:6.1f} s] {page.FILE}: {run} blocks run word for word, "
        f"{sum(bool(block.instead) for block in blocks)} replaced, {sum(bool(block.skipped) for block in blocks)} "
        "skipped: served, shopped in, upgraded, taken back",
        flush=True,
    )


def main() -> int:
    """Command line; 0 when the whole page worked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="a new folder to work in, which stays")
    parser.add_argument("--ports", type=int, help="the first of five ports on loopback; free ones where not given")
    options = parser.parse_args()
    if missing := [name for name in NEEDED if shutil.which(name) is None]:
        raise SystemExit(f"try_deploy: not installed: {', '.join(missing)}")
    inside = (80, 443, 8443, 8000, 8001)
    ports = {each: options.ports + i if options.ports else local_services.free_port() for i, each in enumerate(inside)}
    # As for Ctrl-C: whoever is told to end cleans up first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with contextlib.ExitStack() as stack:
        if options.keep:
            options.keep.mkdir(parents=True)
        folder = (
            options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="try-deploy-")))
        ).resolve()
        # nginx's workers may be another user.
        folder.chmod(0o755)
        url, words = stack.enter_context(local_services.postgres(folder / "services", "TEST_DATABASE_URL"))
        redis_url = stack.enter_context(local_services.own_valkey(folder / "services" / "valkey"))
        print(f"try_deploy: {words}, Valkey from its wheel, nginx of this machine, ports {ports}", flush=True)
        named = stack.enter_context(database(url))
        environment = {**clean_environment(folder), **named, **given(folder, redis_url, ports[443])}
        attempt = trial.Trial(folder, environment, ports)
        stack.callback(attempt.end)
        try:
            carry_out(attempt, page.blocks((ROOT / page.FILE).read_text(), attempt.steps))
        except (trial.TrialError, page.PageError, ToolMissingError) as error:
            print(f"{attempt.last_lines()}\ntry_deploy: {error}", file=sys.stderr, flush=True)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
