"""deploy/nginx: nginx's own test, gixy's, and the rules that neither knows: who is believed, how much is taken.

The files name a machine that is not this one. `localise` makes a copy that starts here: folders, ports and upstreams
replaced, nothing else.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scripts.deployment.tools import BIN, ToolMissingError, complaints, variables_explained

FOLDER = Path("deploy", "nginx")
DOORS = ("compose.conf", "tls.conf")
INSTALLED = "/etc/nginx/marketplace/"
# $http_host is what compose's door needs (its published port is not its own); ALLOWED_HOSTS decides.
SKIPPED_OF_GIXY = {"compose.conf": ("host_spoofing",)}
TOKEN = re.compile(
    r"""\s*(?:\#[^\n]*|(?P<mark>[{};])|"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s;{}"'#][^\s;{}]*))"""
)
UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
OWN_HEADERS = {"host": "$forwarded_host", "x-forwarded-for": "$remote_addr", "x-forwarded-proto": "$scheme"}


@dataclass
class Block:
    """A directive with its words, and what stands in its braces."""

    words: list[str]
    inside: list["Block"] = field(default_factory=list)

    def all(self, name: str) -> list["Block"]:
        """Directives of a name directly inside."""
        return [each for each in self.inside if each.words[0] == name]

    def value(self, name: str) -> str:
        """The first word of a directive directly inside; empty when there is none."""
        return next((each.words[1] for each in self.all(name) if len(each.words) > 1), "")

    @property
    def title(self) -> str:
        """As it stands in the file."""
        return " ".join(self.words)


def tokens(text: str) -> Iterator[tuple[str, bool]]:
    """Words and marks; whether it is a mark. A `{` in a regular expression must be quoted, as nginx wants it too."""
    for match in TOKEN.finditer(text):
        if match["mark"]:
            yield match["mark"], True
        else:
            word = next((match[name] for name in ("double", "single", "bare") if match[name] is not None), None)
            if word is not None:
                yield word, False


def read(name: str, folder: Path) -> Block:
    """A file as blocks, with what it includes of this folder in its place."""
    root = Block([name])
    open_blocks, words = [root], list[str]()
    for word, is_mark in tokens((folder / name).read_text()):
        if not is_mark:
            words.append(word)
        elif word == "}":
            open_blocks.pop()
        else:
            if words[:1] == ["include"] and words[1].startswith(INSTALLED):
                open_blocks[-1].inside += read(words[1].removeprefix(INSTALLED), folder).inside
            else:
                open_blocks[-1].inside.append(Block(words))
                if word == "{":
                    open_blocks.append(open_blocks[-1].inside[-1])
            words = []
    return root


def size(text: str) -> int:
    """Bytes of `6m`."""
    return int(text.rstrip("kmg")) * UNITS[text.lstrip("0123456789")]


def localise(root: Path, folder: Path, ports: Mapping[int, int], upstream: int) -> None:
    """Write copies into `folder` that listen on loopback at other ports and pass everything on to one port."""
    for name in ("logs", "cache", "temp", "ssl", "files"):
        (folder / name).mkdir(exist_ok=True)
    for path in (root / FOLDER).glob("*.conf"):
        text = path.read_text().replace(INSTALLED, f"{folder}/").replace("/etc/ssl/marketplace/", f"{folder}/ssl/")
        text = text.replace("/var/log/nginx/", f"{folder}/logs/").replace("/var/lib/marketplace", f"{folder}/files")
        text = text.replace("/var/cache/nginx/marketplace", f"{folder}/cache")
        text = re.sub(r"server [\w.]+:\d+(?: resolve)?;", f"server 127.0.0.1:{upstream};", text)
        text = re.sub(r"listen (\d+)", lambda found: f"listen 127.0.0.1:{ports[int(found[1])]}", text)
        (folder / path.name).write_text(text)
    certificates(folder / "ssl")


def certificates(folder: Path) -> None:
    """Made for this minute: the site's, the machines' door's, and a caller's, who is his own authority."""
    for name in ("site", "internal", "caller"):
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        command += ["-days", "2", "-subj", f"/CN={name}.example", "-keyout", f"{name}.key", "-out", f"{name}.pem"]
        if said := complaints(*command, folder=folder):
            raise ToolMissingError(said[0])
    shutil.copy(folder / "caller.pem", folder / "callers.pem")


def main_file(door: str, folder: Path) -> Path:
    """nginx.conf around one of the doors."""
    kept = "".join(
        f"{name}_temp_path {folder}/temp/{name}; " for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    path = folder / f"nginx-{door}"
    path.write_text(
        f"{user} worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/logs/error.log;\n"
        f"events {{ worker_connections 256; }}\nhttp {{ {kept}\ninclude {folder}/{door}; }}\n"
    )
    return path


def nginx() -> str:
    """The program; Debian keeps it where only root looks."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise ToolMissingError("nginx is not installed (Debian: nginx-light)")
    return found


def starts(root: Path) -> list[str]:
    """`nginx -t` of each door."""
    program = nginx()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        localise(root, folder, {port: 20_000 + port for port in (80, 443, 8080, 8443)}, upstream=9)
        said = [
            each
            for door in DOORS
            for each in complaints(program, "-t", "-q", "-p", name, "-c", str(main_file(door, folder)), folder=folder)
        ]
    return [f"{FOLDER}: {each}" for each in said]


def known_mistakes(root: Path) -> list[str]:
    """gixy's list of mistakes that nginx itself takes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        localise(root, folder, {port: port for port in (80, 443, 8080, 8443)}, upstream=9)
        found = []
        for door in DOORS:
            skips = ("--skips", ",".join(SKIPPED_OF_GIXY[door])) if door in SKIPPED_OF_GIXY else ()
            found += complaints(BIN / "gixy", *skips, str(main_file(door, folder)), folder=folder)
    return [f"{FOLDER}: {each}" for each in found]


def rules(root: Path) -> list[str]:
    """Who is believed, how much is taken, what is limited, and that machines have a door of their own."""
    explained = variables_explained(root)
    found: list[str] = []
    for door in DOORS:
        for server in read(door, root / FOLDER).all("server"):
            if locations := [each for each in server.all("location") if each.value("proxy_pass")]:
                found += bodies(door, server, explained)
                found += doors(door, server)
            for location in locations:
                found += forwarded(door, location)
                found += limited(door, server, location)
    return [f"{FOLDER}/{each}" for each in found]


def forwarded(door: str, location: Block) -> Iterator[str]:
    """A location that sets any header inherits none; one that forgets the address believes its caller's."""
    given = {each.words[1].lower(): each.words[2] for each in location.all("proxy_set_header")}
    for header, value in OWN_HEADERS.items():
        if given.get(header) != value:
            yield f"{door}: {location.title} does not set {header} to {value} itself, and believes its caller's"


def bodies(door: str, server: Block, explained: dict[str, str]) -> Iterator[str]:
    """As much as the application takes, no more and no less; files where files are taken."""
    most = server.value("client_max_body_size")
    if not most or size(most) != int(explained["MAX_BODY_BYTES"]):
        yield f"{door}: client_max_body_size is {most or 'missing'}, MAX_BODY_BYTES is {explained['MAX_BODY_BYTES']}"
    for location in server.all("location"):
        taken = location.value("client_max_body_size")
        if "market/imports/" in location.title and (
            not taken or size(taken) <= int(explained["IMPORT_MAX_FILE_BYTES"])
        ):
            yield f"{door}: {location.title} takes {taken or 'too little'}, files have IMPORT_MAX_FILE_BYTES"


def limited(door: str, server: Block, location: Block) -> Iterator[str]:
    """Every public location has a rate; sign-in and events have zones of their own."""
    if server.value("ssl_verify_client") == "on" or location.value("proxy_cache"):
        return
    zones = [word for each in location.all("limit_req") for word in each.words if word.startswith("zone=")]
    wanted = next(
        (zone for part, zone in {"api/v1/(?:auth/": "auth", "/events/": "events"}.items() if part in location.title), ""
    )
    if not zones or (wanted and f"zone={wanted}_of_address" not in zones):
        yield f"{door}: {location.title} has no limit_req of its zone{f' {wanted}_of_address' if wanted else ''}"


def doors(door: str, server: Block) -> Iterator[str]:
    """Behind HTTPS, what is meant for machines is reached with a certificate only."""
    if not server.value("ssl_certificate"):
        return
    machines = [each for each in server.all("location") if each.words[-1] == "/api/v1/internal/"]
    verified = server.value("ssl_verify_client") == "on"
    if not machines or (not verified and any(each.value("proxy_pass") for each in machines)):
        yield f"{door}: a server passes /api/v1/internal/ on without asking for a certificate"
