"""deploy/terraform: it parses, what it refers to is there, and arguments are spelt as the provider spells them.

`terraform validate` would ask for the provider itself, hundreds of megabytes from outside. So the arguments that are
used here stand in a table; whoever uses another adds it, from the provider's documentation.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hcl2
from lark.exceptions import LarkError

from scripts.deployment.tools import variables_explained

FOLDER = Path("deploy", "terraform")


@dataclass(frozen=True)
class Kind:
    """A kind of resource: what it must be given, may be given, and tells when it is made."""

    needed: frozenset[str]
    allowed: frozenset[str] = frozenset()
    told: frozenset[str] = frozenset()


def kind(needed: str, allowed: str = "", told: str = "id arn") -> Kind:
    """Of words, for the table."""
    return Kind(frozenset(needed.split()), frozenset(allowed.split()), frozenset(told.split()))


KINDS = {
    "aws_sqs_queue": kind(
        "name",
        "fifo_queue deduplication_scope fifo_throughput_limit visibility_timeout_seconds message_retention_seconds"
        " receive_wait_time_seconds sqs_managed_sse_enabled redrive_policy tags",
        "id arn url name",
    ),
    "aws_sqs_queue_redrive_allow_policy": kind("queue_url redrive_allow_policy", told="id"),
    "aws_sns_platform_application": kind(
        "name platform platform_credential",
        "platform_principal apple_platform_team_id apple_platform_bundle_id event_delivery_failure_topic_arn"
        " event_endpoint_created_topic_arn event_endpoint_deleted_topic_arn",
    ),
    "aws_sns_topic": kind("name", "kms_master_key_id display_name tags", "id arn name"),
    "aws_sns_topic_subscription": kind("topic_arn protocol endpoint", "filter_policy"),
    "aws_iam_role": kind("name assume_role_policy", "description max_session_duration tags", "id arn name"),
    "aws_iam_role_policy": kind("name role policy", told="id"),
    "aws_iam_instance_profile": kind("name role", "tags", "id arn name"),
    "aws_cloudwatch_metric_alarm": kind(
        "alarm_name comparison_operator evaluation_periods",
        "alarm_description namespace metric_name dimensions statistic period threshold treat_missing_data"
        " alarm_actions ok_actions insufficient_data_actions datapoints_to_alarm tags",
    ),
    "aws_iam_policy_document": kind("", "statement dynamic", "json"),
}
META = frozenset({"count", "for_each", "depends_on", "lifecycle", "provider"})
STATEMENT = frozenset(
    {"sid", "effect", "actions", "not_actions", "resources", "not_resources", "principals", "condition"}
)
VARIABLE = frozenset({"description", "type", "default", "sensitive", "nullable", "validation"})
OUTPUT = frozenset({"description", "value", "sensitive", "depends_on"})
# These know no resource, whatever a policy says.
WITHOUT_RESOURCE = frozenset({"sns:GetSMSAttributes"})
REFERENCE = re.compile(r"(?<![\w.\"])(var|local|data|aws_\w+)\.(\w+)(?:\[[^\]]*\])?(?:\.(\w+))?(?:\.(\w+))?")
INTERPOLATED = re.compile(r"\$\{(.*)\}", re.DOTALL)


@dataclass
class Module:
    """All blocks of the folder, by what they are called."""

    variables: dict[str, dict[str, Any]] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    resources: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    data: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    whole: list[Any] = field(default_factory=list)


def problems(root: Path) -> list[str]:
    """What is wrong with the Terraform files; without any, that."""
    module = Module()
    files = sorted((root / FOLDER).glob("*.tf"))
    for path in files:
        try:
            add(module, hcl2.loads(path.read_text()))
        except (LarkError, ValueError) as error:
            return [f"{path.relative_to(root)}: does not parse: {str(error).splitlines()[0]}"]
    if not files:
        return [f"{FOLDER}: no files"]
    found = [*dangling(module), *misspelt(module), *described(module), *named_as_variables(module, root)]
    found += [*privileges(module), *without_dead_letters(module)]
    return [f"{FOLDER}: {each}" for each in found]


def add(module: Module, parsed: dict[str, Any]) -> None:
    """One file's blocks."""
    module.whole.append(parsed)
    for block in parsed.get("variable", []):
        module.variables.update(unquoted(block))
    for block in parsed.get("output", []):
        module.outputs.update(unquoted(block))
    for block in parsed.get("locals", []):
        module.values.update(unquoted(block))
    for name, place in (("resource", module.resources), ("data", module.data)):
        for block in parsed.get(name, []):
            for what, named in unquoted(block).items():
                place.update({(what, key): body for key, body in unquoted(named).items()})


def unquoted(block: dict[str, Any]) -> dict[str, Any]:
    """Labels without their quotes, and without the parser's own marks."""
    return {key.strip('"'): value for key, value in block.items() if not key.startswith("__")}


def strings(value: Any) -> Iterator[str]:
    """Every string in a tree of blocks."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)


def references(value: Any) -> Iterator[tuple[str, ...]]:
    """What expressions name: ("var", "name"), ("aws_sqs_queue", "outside", "arn"), ("data", kind, name, attribute)."""
    for text in strings(value):
        for expression in INTERPOLATED.findall(text):
            for found in REFERENCE.finditer(expression):
                yield tuple(part for part in found.groups() if part)


def dangling(module: Module) -> Iterator[str]:
    """Names of nothing, attributes that a resource does not tell, and variables that nobody asks for."""
    asked = set(references(module.whole))
    for reference in sorted(asked):
        name = ".".join(reference)
        if reference[0] in {"var", "local"}:
            known: Any = module.variables if reference[0] == "var" else module.values
            if reference[1] not in known:
                yield f"{name} is not defined"
        else:
            place, rest = (module.data, reference[1:]) if reference[0] == "data" else (module.resources, reference)
            if tuple(rest[:2]) not in place:
                yield f"{name} is not defined"
            elif len(rest) > 2 and rest[2] not in known_attributes(rest[0]):
                yield f"{name}: {rest[0]} tells no {rest[2]}"
    for name in module.variables:
        if ("var", name) not in {each[:2] for each in asked}:
            yield f"variable {name} is never used"


def known_attributes(what: str) -> frozenset[str]:
    """What may stand behind a resource's name."""
    return KINDS[what].told | KINDS[what].needed if what in KINDS else frozenset()


def misspelt(module: Module) -> Iterator[str]:
    """Arguments that the table does not know, and those that are missing."""
    for (what, name), body in (module.resources | module.data).items():
        if what not in KINDS:
            yield f"{what}.{name}: this kind is not in the table of scripts/deployment/terraform.py"
            continue
        given = set(unquoted(body)) - META
        yield from (
            f"{what}.{name}: no argument {each}" for each in sorted(given - KINDS[what].needed - KINDS[what].allowed)
        )
        yield from (f"{what}.{name}: needs {each}" for each in sorted(KINDS[what].needed - given))
    for name, body in statements(module):
        yield from (f"{name}: a statement has no {each}" for each in sorted(set(body) - STATEMENT))
    for blocks, allowed, word in ((module.variables, VARIABLE, "variable"), (module.outputs, OUTPUT, "output")):
        for name, body in blocks.items():
            yield from (f"{word} {name}: no argument {each}" for each in sorted(set(unquoted(body)) - allowed))


def statements(module: Module) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each statement of each policy, those that are made in a loop included."""
    for (what, name), body in module.data.items():
        if what == "aws_iam_policy_document":
            looped = [unquoted(each) for each in body.get("dynamic", [])]
            made = [content for each in looped for content in each.get("statement", {}).get("content", [])]
            for statement in [*body.get("statement", []), *made]:
                yield f"{what}.{name}", unquoted(statement)


def described(module: Module) -> Iterator[str]:
    """Whoever fills in a variable reads what it is."""
    for word, blocks in (("variable", module.variables), ("output", module.outputs)):
        yield from (f"{word} {name} has no description" for name, body in blocks.items() if "description" not in body)


def named_as_variables(module: Module, root: Path) -> Iterator[str]:
    """An output in capitals is a variable of the application."""
    explained = variables_explained(root)
    yield from (
        f"output {name} is not in .env.example" for name in module.outputs if name.isupper() and name not in explained
    )


def privileges(module: Module) -> Iterator[str]:
    """No action by pattern; every resource only for actions that know none."""
    for name, body in statements(module):
        actions = [each.strip('"') for each in body.get("actions", []) if isinstance(each, str)]
        yield from (f"{name}: allows {action}" for action in actions if "*" in action)
        if '"*"' in body.get("resources", []):
            yield from (
                f"{name}: allows {action} on everything" for action in actions if action not in WITHOUT_RESOURCE
            )


def without_dead_letters(module: Module) -> Iterator[str]:
    """A queue has dead letters, or is where they go."""
    policies = [
        str(body.get("redrive_policy", "")) for (what, _), body in module.resources.items() if what == "aws_sqs_queue"
    ]
    for (what, name), body in module.resources.items():
        lacks = what == "aws_sqs_queue" and "redrive_policy" not in body
        if lacks and not any(f"aws_sqs_queue.{name}." in policy for policy in policies):
            yield f"aws_sqs_queue.{name} has no dead letters"
