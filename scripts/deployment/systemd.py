"""deploy/systemd: units as systemd reads them, and whether they start what docker-compose.yaml starts."""

import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scripts.deployment import compose
from scripts.deployment.tools import ToolMissingError

FOLDER = Path("deploy", "systemd")
TARGET = "marketplace.target"
PREFIX = "marketplace-"
HOUSE, SETTINGS = "/srv/marketplace", "/etc/marketplace/env"
# Where a process listens and what it is called differs between a machine and a container; nothing else may.
OWN_OPTIONS = {"--host", "--port", "--hostname"}
# Set up once, by commands of docs/deploy.md.
NO_UNIT = {"migrate"}
Lines = list[tuple[str, str, str]]


@dataclass(frozen=True)
class Unit:
    """A service with what its drop-ins add: pairs of directive and value by section, in order."""

    name: str
    lines: Lines

    def values(self, section: str, directive: str) -> list[str]:
        """Every value that is given, the drop-ins' last."""
        return [value for there, name, value in self.lines if (there, name) == (section, directive)]

    @property
    def command(self) -> list[str]:
        """The words of ExecStart, systemd's `%%` made one. No other specifier is in use here."""
        [start] = self.values("Service", "ExecStart")
        words = [word.replace("%%", "\0") for word in shlex.split(start)]
        if odd := [word for word in words if "%" in word]:
            raise ValueError(f"{self.name}: {odd[0]} has a specifier that is not read here")
        return [word.replace("\0", "%") for word in words]

    @property
    def environment(self) -> dict[str, str]:
        """What the unit itself sets."""
        return dict(value.split("=", 1) for value in self.values("Service", "Environment"))


def lines(path: Path) -> Lines:
    """Section, directive and value of each line that says something."""
    section, found = "", list[tuple[str, str, str]]()
    for line in path.read_text().splitlines():
        if heading := re.fullmatch(r"\[(\w+)\]\s*", line):
            section = heading[1]
        elif line.strip() and not line.lstrip().startswith(("#", ";")):
            name, _, value = line.partition("=")
            found.append((section, name.strip(), value.strip()))
    return found


def units(folder: Path) -> dict[str, Unit]:
    """The services of a folder, by their name without `marketplace-`; with the drop-ins that all share."""
    shared = [each for path in sorted(folder.glob(f"{PREFIX}.service.d/*.conf")) for each in lines(path)]
    return {
        path.stem.removeprefix(PREFIX): Unit(path.stem, [*lines(path), *shared])
        for path in sorted(folder.glob(f"{PREFIX}*.service"))
    }


def wanted(folder: Path) -> list[str]:
    """Whom the target starts, in its order."""
    values = [value for _, name, value in lines(folder / TARGET) if name == "Wants"]
    return [name.removeprefix(PREFIX).removesuffix(".service") for value in values for name in value.split()]


def problems(root: Path) -> list[str]:
    """What systemd would not tell: a process that is missing, or started otherwise than in a container."""
    folder = root / FOLDER
    found = units(folder)
    composed = dict(containers(root))
    complaints = [f"{name} runs in docker-compose.yaml and has no unit" for name in composed if name not in found]
    complaints += [f"{name} is no service of docker-compose.yaml" for name in found if name not in composed]
    complaints += [f"{TARGET} does not want {name}" for name in found if name not in wanted(folder)]
    complaints += [f"{TARGET} wants {name}, which is not there" for name in wanted(folder) if name not in found]
    for name, unit in found.items():
        complaints += started_otherwise(unit, composed.get(name))
    return [f"{FOLDER}: {each}" for each in complaints]


def started_otherwise(unit: Unit, contained: list[str] | None) -> Iterator[str]:
    """The unit's command is the container's; it runs as nobody who could harm, and knows its settings."""
    command = unit.command
    if Path(command[0]).parent != Path(HOUSE, "venv", "bin"):
        yield f"{unit.name} starts {command[0]}, which is not of {HOUSE}/venv"
    if contained is not None and essence(command) != essence(contained):
        yield f"{unit.name} starts `{shlex.join(essence(command))}`, its container `{shlex.join(essence(contained))}`"
    if unit.values("Service", "EnvironmentFile") != [SETTINGS]:
        yield f"{unit.name} does not read {SETTINGS}"
    if unit.values("Service", "User") in ([], ["root"]):
        yield f"{unit.name} runs as root"
    if unit.values("Service", "ProtectSystem") != ["strict"]:
        yield f"{unit.name} may write outside its folder"


def containers(root: Path) -> Iterator[tuple[str, list[str]]]:
    """The product's own long-running services of compose, and what each is started by."""
    services: dict[str, dict[str, Any]] = yaml.safe_load((root / compose.FILE).read_text())["services"]
    image = re.findall(r"^CMD (\[.*\])$", (root / "Dockerfile").read_text(), re.MULTILINE)
    for name, service in services.items():
        if "build" in service and not service.get("profiles") and name not in NO_UNIT:
            yield name, service.get("command") or json.loads(image[-1])


def essence(command: list[str]) -> list[str]:
    """Without where it lies, where it listens and what it is called."""
    words, kept = iter([Path(command[0]).name, *command[1:]]), list[str]()
    for word in words:
        if word in OWN_OPTIONS:
            next(words)
        else:
            kept.append(word)
    return kept


def verified(root: Path) -> list[str]:
    """`systemd-analyze verify` of copies whose programs, folders and users are this machine's."""
    program = shutil.which("systemd-analyze")
    if program is None:
        raise ToolMissingError("systemd-analyze is not installed (Debian: systemd)")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(root / FOLDER, folder, dirs_exist_ok=True)
        for path in [*folder.rglob("*.service"), *folder.rglob("*.conf")]:
            text = re.sub(rf"{HOUSE}/venv/bin/\w+", "/usr/bin/env", path.read_text())
            path.write_text(re.sub(r"^(User|Group)=marketplace$", r"\1=root", text, flags=re.MULTILINE))
        names = sorted(path.name for path in folder.glob("marketplace*.*") if path.is_file())
        done = subprocess.run(
            [program, "verify", "--man=no", *names], cwd=folder, env={**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        # It ends well whatever it warns of.
        said = (done.stdout + done.stderr).replace(f"{folder}/", "").strip()
    return [
        f"{FOLDER}: {line}" for line in said.splitlines() if any(each in line for each in ("marketplace", "Unknown"))
    ]
