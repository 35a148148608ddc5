"""docker-compose.yaml: its schema, and whether everything that it names is there."""

import re
from pathlib import Path
from typing import Any

import yaml

from scripts.deployment.tools import BIN, complaints, variables_explained

FILE = "docker-compose.yaml"
# The one service that the world may reach.
DOOR = "door"
PROMETHEUS = Path("deploy", "prometheus", "prometheus.yml")
OVERRIDES = "docker-compose.*.yaml"
INTERPOLATION = re.compile(r"(?<!\$)\$\{([A-Za-z_][A-Za-z0-9_]*)(?::?([-?+])([^}]*))?\}")
# Of the machine where it runs, not of the tree.
OF_THE_HOST = {"/var/run/docker.sock"}
SECRET = re.compile(r"SECRET|PASSWORD|TOKEN|(?:^|_)KEY(?:_|$)")
Services = dict[str, dict[str, Any]]


def problems(root: Path) -> list[str]:
    """What is wrong with the compose file. References are looked into only when it is one."""
    files = [root / FILE, *sorted(root.glob(OVERRIDES))]
    schema = complaints(
        BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", *map(str, files), folder=root
    )
    if schema:
        return schema
    text = (root / FILE).read_text()
    composed = yaml.safe_load(text)
    services: Services = composed["services"]
    found = variables(text, root) + secrets(composed, root) + scraped(composed, root)
    for override in files[1:]:
        found += overridden(override, services)
    for name, service in services.items():
        found += dependencies(name, service, services)
        found += images(name, service)
        found += mounts(name, service, set(composed.get("volumes") or {}), root)
        found += health(name, service)
        found += [] if name == DOOR else open_ports(name, service)
        found += profiles(name, service, text)
    used = {source for service in services.values() for source in sources(service)}
    found += [
        f"volume {name} is declared and never mounted" for name in composed.get("volumes") or {} if name not in used
    ]
    return [f"{FILE}: {each}" for each in found]


def variables(text: str, root: Path) -> list[str]:
    """Every `${NAME}` is explained in `.env.example`, and no secret has a default."""
    explained = variables_explained(root)
    found = []
    for name, kind, default in INTERPOLATION.findall(text):
        if name not in explained:
            found.append(f"${{{name}}} is not in .env.example")
        if SECRET.search(name) and kind == "-" and default:
            found.append(f"${{{name}}} has a default, and is a secret")
    return found


def secrets(composed: dict[str, Any], root: Path) -> list[str]:
    """Each secret that is mounted is declared, and comes from a variable that `.env.example` explains."""
    declared: dict[str, dict[str, str]] = composed.get("secrets") or {}
    mounted = {
        each["source"] if isinstance(each, dict) else each
        for service in composed["services"].values()
        for each in service.get("secrets") or ()
    }
    found = [f"secret {name} is mounted and not declared" for name in sorted(mounted - set(declared))]
    found += [f"secret {name} is declared and never mounted" for name in sorted(set(declared) - mounted)]
    explained = variables_explained(root)
    for name, terms in declared.items():
        if terms.get("environment") not in explained:
            found.append(f"secret {name} comes from {terms.get('environment')}, which is not in .env.example")
    return found


def scraped(composed: dict[str, Any], root: Path) -> list[str]:
    """Whom Prometheus asks is a service, and is asked under a name that the product answers to."""
    settings = yaml.safe_load((root / PROMETHEUS).read_text())
    hosts = str(composed["services"]["web"]["environment"]["ALLOWED_HOSTS"]).split(",")
    targets = {
        target.partition(":")[0]
        for job in settings["scrape_configs"]
        for group in job["static_configs"]
        for target in group["targets"]
    }
    found = [f"{PROMETHEUS} asks {name}, which is no service" for name in sorted(targets - set(composed["services"]))]
    return found + [f"{PROMETHEUS} asks {name}, which is not in ALLOWED_HOSTS" for name in sorted(targets - set(hosts))]


def overridden(path: Path, services: Services) -> list[str]:
    """A file that is laid over the first changes services that are there, and opens ports to this machine only."""
    found = []
    for name, service in (yaml.safe_load(path.read_text()).get("services") or {}).items():
        if name not in services:
            found.append(f"{path.name} changes {name}, which is no service")
        found += open_ports(f"{path.name}: {name}", service)
    return found


def open_ports(name: str, service: dict[str, Any]) -> list[str]:
    """What is not the shop's door listens on this machine only."""
    published = [str(each) for each in service.get("ports") or ()]
    return [f"{name} publishes {port} beyond this machine" for port in published if not port.startswith("127.0.0.1:")]


def dependencies(name: str, service: dict[str, Any], services: Services) -> list[str]:
    """Who is waited for exists, can say that it is healthy, and starts in every profile its dependant starts in."""
    waited = service.get("depends_on") or {}
    if isinstance(waited, list):
        return [f"{name} depends on {', '.join(waited)} without a condition, so it starts before they are ready"]
    found = []
    for other, terms in waited.items():
        target = services.get(other)
        if target is None:
            found.append(f"{name} depends on {other}, which is no service")
            continue
        if terms["condition"] == "service_healthy" and not says_health(target):
            found.append(f"{name} waits for {other} to be healthy, which has no health check")
        if terms["condition"] == "service_completed_successfully" and target.get("restart") != "no":
            found.append(f"{name} waits for {other} to end, which is started again whenever it does")
        if terms["condition"] == "service_started":
            found.append(f"{name} does not wait until {other} is ready")
        if target.get("profiles") and not set(service.get("profiles") or ()) & set(target["profiles"]):
            found.append(f"{name} depends on {other}, which only starts with a profile")
    return found


def says_health(service: dict[str, Any]) -> bool:
    """By a check of its own, or by that of the image which is built here."""
    check = service.get("healthcheck")
    return bool("build" in service if check is None else check.get("test") and not check.get("disable"))


def health(name: str, service: dict[str, Any]) -> list[str]:
    """Every service has a health check, or says that it has none."""
    disabled = (service.get("healthcheck") or {}).get("disable")
    return (
        [] if disabled or says_health(service) else [f"{name} has no health check; say `disable: true` where none fits"]
    )


def images(name: str, service: dict[str, Any]) -> list[str]:
    """What is pulled has a version."""
    image = str(service.get("image", ""))
    pinned = ":" in image.rpartition("/")[2] and not image.endswith(":latest")
    return [] if "build" in service or pinned else [f"{name} takes {image or 'no image'}, which is no pinned version"]


def sources(service: dict[str, Any]) -> list[str]:
    """What a service mounts: names of volumes, and paths."""
    mounted = service.get("volumes") or []
    return [str(each.get("source")) if isinstance(each, dict) else str(each).partition(":")[0] for each in mounted]


def mounts(name: str, service: dict[str, Any], declared: set[str], root: Path) -> list[str]:
    """What is mounted is there: Docker makes an empty folder of a path that is not."""
    found = []
    for source in sources(service):
        if source.startswith(("./", "../", "/")):
            if source not in OF_THE_HOST and not (root / source).exists():
                found.append(f"{name} mounts {source}, which is not there")
        elif source not in declared:
            found.append(f"{name} mounts the volume {source}, which is not declared")
    return found


def profiles(name: str, service: dict[str, Any], text: str) -> list[str]:
    """The head of the file says how each profile is started."""
    return [
        f"{name} is of the profile {profile}, which the comments do not explain"
        for profile in service.get("profiles") or ()
        if f"--profile {profile}" not in text
    ]
