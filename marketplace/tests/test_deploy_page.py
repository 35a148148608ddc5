"""docs/deploy.md as something to run: its blocks, the programs of its units, and the smoke test at its end."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from marketplace.settings.env import BASE_DIR
from scripts import smoke
from scripts.deployment import page, systemd, trial

pytestmark = pytest.mark.once

TEXT = """# A page

```sh
one
two
```

<!-- try: skip: needs
     root -->
```sh
apt-get install x
```

1. In a list:

   <!-- try: instead start-nginx: it has its own -->
   ```sh
   if true; then
       reload
   fi
   ```

```json
{}
```
"""


def test_blocks_come_in_order_with_their_lines_and_marks() -> None:
    plain, skipped, replaced = page.blocks(TEXT, page.STEPS)

    assert (plain.text, plain.line, plain.skipped, plain.instead) == ("one\ntwo\n", 4, "", "")
    assert (skipped.text, skipped.skipped) == ("apt-get install x\n", "needs root")
    assert (replaced.text, replaced.instead, replaced.why) == (
        "if true; then\n    reload\nfi\n",
        "start-nginx",
        "it has its own",
    )
    assert TEXT.splitlines()[replaced.line - 1].strip() == replaced.title == "if true; then"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("```sh\none\n", "never closed"),
        ("<!-- try: skip -->\n```sh\none\n```\n", "neither `skip: why`"),
        ("<!-- try: later: because -->\n```sh\none\n```\n", "neither `skip: why`"),
        ("<!-- try: instead dance: because -->\n```sh\none\n```\n", "no step dance"),
        ("<!-- try: skip: because -->\n\nwords\n\n```sh\none\n```\n", "before no sh block"),
        ("<!-- try: skip: because -->\n```json\n{}\n```\n", "before no sh block"),
    ],
)
def test_a_page_that_would_be_run_wrongly_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(page.PageError, match=complaint):
        page.blocks(text, page.STEPS)


def test_the_page_itself_has_only_steps_that_the_trial_has(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    attempt = trial.Trial(tmp_path, {}, {port: port for port in (80, 443, 8443, 8000, 8001)})

    found = page.blocks((BASE_DIR / page.FILE).read_text(), attempt.steps)

    assert set(attempt.steps) == set(page.STEPS) == {block.instead for block in found if block.instead}
    run = "\n".join(block.text for block in found if not (block.skipped or block.instead))
    for word in (
        "git clone",
        'pip" install',
        "migrate",
        "grant_application_role",
        "smoke.py",
        "scripts.docs_run README.md",
        "backup --to",
    ):
        assert word in run
    named = re.findall(r"\bscripts[./]\w+(?:\.py)?", run)
    files = {each if each.endswith(".py") else f"{each.replace('.', '/')}.py" for each in named}
    assert {file for file in files if not (BASE_DIR / file).is_file()} == set()


def test_variables_and_folder_go_on_from_block_to_block_and_a_failure_stops(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "in here").mkdir()
    attempt = trial.Trial(
        tmp_path, {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}, {port: port for port in (80, 443, 8443, 8000, 8001)}
    )
    attempt.run(page.Block("export WORD=\"it's\ntwo\"; cd 'in here'\n", 1))
    attempt.run(page.Block('test "$(pwd)" = "$HOME/in here"; printf %s "$WORD" > said\n', 2))

    with pytest.raises(trial.TrialError, match=r"deploy\.md:3"):
        attempt.run(page.Block("false | true; false; touch reached\n", 3))

    assert (tmp_path / "in here" / "said").read_text() == "it's\ntwo"
    assert not (tmp_path / "in here" / "reached").exists()


def test_units_become_programs_with_their_settings_in_the_trials_places(tmp_path: Path) -> None:
    (tmp_path / "etc/marketplace").mkdir(parents=True)
    (tmp_path / "etc/marketplace/env").write_text("# Said once\nSECRET_KEY=a=b\n\nDB_CONN_MAX_AGE=300\n")
    there = trial.places(tmp_path, {80: 1, 443: 2, 8443: 3, 8000: 4, 8001: 5})

    programs = trial.programs(BASE_DIR / systemd.FOLDER, there)

    assert next(iter(programs)) == "web"
    assert programs["web"].command[0] == f"{tmp_path}/srv/venv/bin/granian"
    assert programs["web"].command[programs["web"].command.index("--port") + 1] == "4"
    assert programs["ws"].command[programs["ws"].command.index("--port") + 1] == "5"
    assert programs["relay"].folder == tmp_path / "srv/app"
    assert programs["relay"].environment["SECRET_KEY"] == "a=b"
    # As systemd does: a file wins over the unit.
    assert programs["ws"].environment["DB_CONN_MAX_AGE"] == "300"
    assert programs["worker-core"].command[:3] == ["nice", "-n", "10"]
    assert "core@%h" in programs["worker-core"].command
    assert programs["beat"].command[-1] == ""


CSS = "/static/admin/css/base.0123456789ab.css"
PICTURE = "/media/products/a.webp"
IN_ORDER = {
    "/healthz": (200, "text/plain", b"ok"),
    "/readyz": (200, "application/json", b'{"checks": {"database": "ok", "beat": "ok"}}'),
    "/admin/login/": (200, "text/html", f'<link href="{CSS}">'.encode()),
    CSS: (200, "text/css", b"a {}"),
    "/api/v1/market/products/": (200, "application/json", f'{{"results": [{{"thumbnail": "{PICTURE}"}}]}}'.encode()),
    PICTURE: (200, "image/webp", b"picture"),
    "/ws/promotions/00000000-0000-0000-0000-000000000000/": (101, "", b""),
    "/metrics": (404, "text/plain", b""),
}


@pytest.fixture
def served() -> Iterator[tuple[smoke.Shop, dict[str, tuple[int, str, bytes]]]]:
    """A shop of cardboard, and what it answers."""
    answers = dict(IN_ORDER)

    class Cardboard(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = answers.get(self.path.partition("?")[0], (404, "text/plain", b""))
            if self.headers["Host"].startswith("other.") and not answers.get("any name"):
                status = 400
            if "stranger" in self.headers.get("Origin", "") and not answers.get("any page"):
                status = 403
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Cache-Control", "immutable" if kind.startswith("image/") else "no-store")
            if status == 101:
                self.send_header("Upgrade", "websocket")
            else:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(b"" if status == 101 else body)

        def log_message(self, *arguments: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Cardboard)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield smoke.shop_at(f"http://127.0.0.1:{server.server_port}"), answers
    server.shutdown()
    server.server_close()


def test_a_shop_in_order_passes_every_check(served: tuple[smoke.Shop, dict[str, tuple[int, str, bytes]]]) -> None:
    shop, _ = served

    assert [name for name, check in smoke.CHECKS.items() if check(shop)] == list(smoke.CHECKS)


@pytest.mark.parametrize(
    ("check", "path", "answer"),
    [
        ("alive", "/healthz", (502, "text/html", b"")),
        ("ready", "/readyz", (200, "application/json", b'{"checks": {"database": "ok", "beat": "no tick yet"}}')),
        ("static file", "/admin/login/", (200, "text/html", b'<link href="/static/admin/css/base.css">')),
        ("static file", CSS, (200, "text/html", b"<h1>")),
        ("picture", PICTURE, (404, "text/html", b"")),
        ("socket", "/ws/promotions/00000000-0000-0000-0000-000000000000/", (404, "text/html", b"")),
        ("socket", "any page", (200, "", b"")),
        ("closed doors", "/metrics", (200, "text/plain", b"marketplace_up 1")),
        ("closed doors", "any name", (200, "", b"")),
    ],
)
def test_each_check_sees_what_is_not_right(
    served: tuple[smoke.Shop, dict[str, tuple[int, str, bytes]]], check: str, path: str, answer: tuple[int, str, bytes]
) -> None:
    shop, answers = served
    answers[path] = answer

    with pytest.raises(smoke.NotRightError):
        smoke.CHECKS[check](shop)


@pytest.mark.parametrize("address", ["shop.example", "ftp://shop.example", "https://shop.example/api/"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(SystemExit, match="is not like"):
        smoke.shop_at(address)
