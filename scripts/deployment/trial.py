"""How `scripts.try_deploy` runs the blocks of the page, and what it does in the place of systemd and of nginx's own."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from scripts.deployment import nginx, page, systemd

START_SECONDS = 180.0
# As in the units: a worker ends the task it has begun.
STOP_SECONDS = 70.0
LAST_LINES = 15
SERVICE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class TrialError(Exception):
    """The page did not work; the message says where."""


@dataclass(frozen=True)
class Program:
    """A command, its whole environment, and where it runs."""

    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    folder: Path = Path("/")


def places(folder: Path, ports: Mapping[int, int]) -> dict[str, str]:
    """What the installed files call something, and what it is called in the trial."""
    return {
        "/srv/marketplace": str(folder / "srv"),
        "/var/lib/marketplace": str(folder / "var"),
        "/etc/marketplace": str(folder / "etc/marketplace"),
        "/etc/ssl/marketplace": str(folder / "etc/ssl/marketplace"),
        "/etc/nginx/marketplace": str(folder / "nginx"),
        "/var/log/nginx": str(folder / "nginx/logs"),
        "/var/cache/nginx/marketplace": str(folder / "nginx/cache"),
        "127.0.0.1:8000": f"127.0.0.1:{ports[8000]}",
        "127.0.0.1:8001": f"127.0.0.1:{ports[8001]}",
        "--port 8000": f"--port {ports[8000]}",
        "--port 8001": f"--port {ports[8001]}",
        **{f"listen {port} ": f"listen 127.0.0.1:{ports[port]} " for port in (80, 443, 8443)},
    }


def placed(text: str, there: Mapping[str, str]) -> str:
    """A file of the page with everything in its place of the trial."""
    names = "|".join(re.escape(name) for name in sorted(there, key=len, reverse=True))
    return re.sub(names, lambda found: there[found[0]], text)


def programs(installed: Path, there: Mapping[str, str]) -> dict[str, Program]:
    """What the target wants, in its order: ExecStart, folder, settings and environment as they are installed."""
    units = systemd.units(installed)
    found = {}
    for name in systemd.wanted(installed):
        unit = units[name]
        environment = {"PATH": SERVICE_PATH, "LANG": "C.UTF-8", **unit.environment}
        for path in unit.values("Service", "EnvironmentFile"):
            environment |= settings(Path(placed(path, there)))
        # Words that belong together, such as `--port 8000`, are replaced together.
        command = placed("\0".join(unit.command).replace("--port\0", "--port "), there).replace("--port ", "--port\0")
        [folder] = unit.values("Service", "WorkingDirectory")
        nice = ["nice", "-n", unit.values("Service", "Nice")[0]] if unit.values("Service", "Nice") else []
        found[name] = Program([*nice, *command.split("\0")], environment, Path(placed(folder, there)))
    return found


def settings(path: Path) -> dict[str, str]:
    """An EnvironmentFile: NAME=value, a line each, without quotes or comments behind."""
    pairs = (line.partition("=") for line in path.read_text().splitlines() if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def nginx_program(folder: Path, there: Mapping[str, str]) -> Program:
    """nginx with the files that the page installed below `etc`."""
    own = folder / "nginx"
    for name in ("logs", "cache", "temp"):
        (own / name).mkdir(parents=True)
    installed = folder / "etc/nginx"
    for path in [*(installed / "marketplace").glob("*.conf"), installed / "conf.d/marketplace.conf"]:
        (own / path.name).write_text(placed(path.read_text(), there))
    main = nginx.main_file("marketplace.conf", own)
    return Program([nginx.nginx(), "-p", str(own), "-c", str(main)], {"PATH": os.environ.get("PATH", "")}, own)


class Processes:
    """What runs, each in a session of its own with a log; ended together, by pid."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, program: Program) -> None:
        """Do not wait for anything."""
        with (self._logs / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                program.command, cwd=program.folder, env=program.environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def expect_alive(self) -> None:
        """Raises TrialError where one has ended by itself."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise TrialError(f"{name} ended with {process.returncode}")

    def await_ports(self, *ports: int) -> None:
        """Return once somebody listens on each; TrialError when nobody does in time, or one of ours has ended."""
        deadline = time.monotonic() + START_SECONDS
        for port in ports:
            while not _listening(port):
                self.expect_alive()
                if time.monotonic() > deadline:
                    raise TrialError(f"nobody listens on {port} after {START_SECONDS:.0f} s")
                time.sleep(0.2)

    def stop(self, keep: Collection[str] = ()) -> None:
        """SIGTERM to the main processes, as `KillMode=mixed` does; SIGKILL to what is left after their time."""
        ending = {name: process for name, process in self._running.items() if name not in keep}
        for process in ending.values():
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for name, process in ending.items():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            del self._running[name]

    def last_lines(self) -> str:
        """The end of each log that says anything."""
        texts = {path.stem: path.read_text(errors="replace").splitlines() for path in sorted(self._logs.glob("*.log"))}
        return "\n".join(f"{name:<16}| {line}" for name, found in texts.items() for line in found[-LAST_LINES:])


def _listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Trial:
    """One run through the page: a folder, an environment that goes from block to block, what was started."""

    def __init__(self, folder: Path, given: Mapping[str, str], ports: Mapping[int, int]) -> None:
        self._folder, self._given = folder, dict(given)
        self._places = places(folder, ports)
        self._processes = Processes(folder / "logs")
        self._state = folder / "state"
        self.steps: dict[str, Callable[[], None]] = {
            "start-units": self.start_units,
            "restart-units": self.restart_units,
            "start-nginx": self.start_nginx,
        }
        self._ports = ports

    def run(self, block: page.Block) -> None:
        """The block in a shell that goes on where the one before ended: same variables, same folder."""
        before = f'. "{self._state}"\n' if self._state.exists() else ""
        after = f'export -p > "{self._state}"\nprintf "cd \'%s\'\\n" "$(pwd)" >> "{self._state}"\n'
        script = f"set -eu\n{before}{block.text}\n{after}"
        done = subprocess.run(
            ["sh", "-c", script], env=self._given, cwd=self._given["HOME"], stdin=subprocess.DEVNULL, check=False
        )
        if done.returncode:
            raise TrialError(f"{page.FILE}:{block.line}: ended with {done.returncode}")
        self._processes.expect_alive()

    def start_units(self) -> None:
        """Every service that the installed target wants, by its own ExecStart, settings and environment."""
        for name, program in programs(self._folder / "etc/systemd/system", self._places).items():
            self._processes.start(name, program)
        self._processes.await_ports(self._ports[8000], self._ports[8001])

    def restart_units(self) -> None:
        """End them as systemd would, and start the files that are installed by now."""
        self._processes.stop(keep={"nginx"})
        self.start_units()

    def start_nginx(self) -> None:
        """The installed files, copied with other ports and folders."""
        self._processes.start("nginx", nginx_program(self._folder, self._places))
        self._processes.await_ports(self._ports[80], self._ports[443])

    def untouched(self) -> None:
        """The product's processes have left its code alone."""
        said = subprocess.check_output(["git", "status", "--porcelain"], cwd=self._folder / "srv/app", text=True)
        if said:
            raise TrialError(f"the processes wrote into the code: {said}")

    def end(self) -> None:
        """Stop whatever runs."""
        self._processes.stop()

    def last_lines(self) -> str:
        """The ends of all logs, for whoever looks why it failed."""
        return self._processes.last_lines()
