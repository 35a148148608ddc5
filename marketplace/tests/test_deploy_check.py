"""Deployment files pass every validator, and each validator catches what is planted in a copy."""

import os
import shutil
from pathlib import Path

import pytest

from marketplace.settings.env import BASE_DIR
from scripts import deploy_check
from scripts.deployment.tools import ToolMissingError

pytestmark = pytest.mark.once

COMPOSE, DEBUG, PAGE, RELAY, TARGET, SHARED = (
    "docker-compose.yaml",
    "docker-compose.debug.yaml",
    "docs/deploy.md",
    "deploy/systemd/marketplace-relay.service",
    "deploy/systemd/marketplace.target",
    "deploy/systemd/marketplace-.service.d/common.conf",
)
SITE, TLS, MAIN, ACCESS = (
    "deploy/nginx/site.conf",
    "deploy/nginx/tls.conf",
    "deploy/terraform/main.tf",
    "deploy/terraform/access.tf",
)
INCLUDED = "    include /etc/nginx/marketplace/proxy.conf;\n"
# Validator, file, what stands there, what is put in its place, and what the complaint names.
PLANTED = {
    "a base image without a version": (
        "dockerfile",
        "Dockerfile",
        "FROM python:3.12-slim-bookworm\n",
        "FROM python\n",
        "DL3006",
    ),
    "a package cache that is kept": ("dockerfile", "Dockerfile", "--no-cache-dir ", "", "DL3042"),
    "a key that compose does not know": (
        "compose",
        COMPOSE,
        '    restart: unless-stopped\n    command: ["redis',
        '    restarts: unless-stopped\n    command: ["redis',
        "restarts",
    ),
    "a variable nobody explains": ("compose", COMPOSE, "${EMAIL_URL:-filemail://}", "${MAIL_URL:-}", "MAIL_URL"),
    "a secret with a default": (
        "compose",
        COMPOSE,
        "${SECRET_KEY:?see the top of docker-compose.yaml}",
        "${SECRET_KEY:-changeme}",
        "a default",
    ),
    "waiting for a service that is none": (
        "compose",
        COMPOSE,
        "    depends_on:\n      postgres:",
        "    depends_on:\n      postgresql:",
        "postgresql, which is no service",
    ),
    "waiting for health that nobody checks": (
        "compose",
        COMPOSE,
        '    healthcheck: &redis-health\n      test: ["CMD", "redis-cli", "ping"]',
        "    healthcheck: &redis-health\n      disable: true",
        "redis to be healthy",
    ),
    "a service whose health nobody asks": (
        "compose",
        COMPOSE,
        '    healthcheck:\n      test: ["CMD", "curl", "-fsS", "http://127.0.0.1:4566/_localstack/health"]\n'
        "      interval: 10s\n      timeout: 5s\n      retries: 10\n",
        "",
        "localstack has no health check",
    ),
    "a profile nobody explains": ("compose", COMPOSE, "profiles: [documents]", "profiles: [papers]", "papers"),
    "a volume that is not declared": ("compose", COMPOSE, "- broker:/data", "- brokers:/data", "brokers"),
    "a file that is not there": (
        "compose",
        COMPOSE,
        "./deploy/nginx/compose.conf",
        "./deploy/nginx/composed.conf",
        "composed",
    ),
    "an image of any version": ("compose", COMPOSE, "mongo:8.0", "mongo:latest", "mongo:latest"),
    "a secret that is not declared": (
        "compose",
        COMPOSE,
        "- grafana-password",
        "- grafana-passwort",
        "grafana-passwort",
    ),
    "a secret of a variable nobody explains": (
        "compose",
        COMPOSE,
        "    environment: METRICS_TOKEN",
        "    environment: METRIC_TOKEN",
        "METRIC_TOKEN",
    ),
    "figures asked for under a name that is refused": (
        "compose",
        COMPOSE,
        ",127.0.0.1,web,ws",
        ",127.0.0.1,web",
        "asks ws",
    ),
    "figures asked of nobody": (
        "compose",
        "deploy/prometheus/prometheus.yml",
        '["web:8000"]',
        '["webb:8000"]',
        "webb, which is no service",
    ),
    "a dashboard that is not there": (
        "compose",
        COMPOSE,
        "./deploy/grafana/marketplace.json",
        "./deploy/grafana/market.json",
        "market.json, which is not there",
    ),
    "workers shown to the world": ("compose", COMPOSE, '"127.0.0.1:5555:5555"', '"5555:5555"', "flower publishes"),
    "a debugger open to the world": ("compose", DEBUG, '"127.0.0.1:5678:5678"', '"5678:5678"', "publishes 5678"),
    "a debugger of no service": ("compose", DEBUG, "  web:", "  api:", "api, which is no service"),
    "a misspelt directive": (
        "nginx-starts",
        SITE,
        "proxy_read_timeout 90s",
        "proxy_reed_timeout 90s",
        "proxy_reed_timeout",
    ),
    "a zone that nobody made": (
        "nginx-starts",
        SITE,
        "zone=events_of_address",
        "zone=event_of_address",
        "event_of_address",
    ),
    "a certificate without its key": (
        "nginx-starts",
        TLS,
        "    ssl_certificate_key /etc/ssl/marketplace/site.key;\n",
        "",
        "ssl_certificate_key",
    ),
    "headers lost below": (
        "nginx-mistakes",
        SITE,
        "location / {\n" + INCLUDED + '    proxy_set_header Connection "";',
        "location / {\n    add_header X-Robots-Tag none;\n    return 302 http://example.com$uri;",
        "http_splitting",
    ),
    "a caller's address believed": (
        "nginx-rules",
        SITE,
        "location /api/v1/events/ {\n" + INCLUDED,
        "location /api/v1/events/ {\n",
        "x-forwarded-for",
    ),
    "an address appended to": (
        "nginx-rules",
        "deploy/nginx/proxy.conf",
        "X-Forwarded-For $remote_addr",
        "X-Forwarded-For $proxy_add_x_forwarded_for",
        "x-forwarded-for",
    ),
    "bodies the application refuses": (
        "nginx-rules",
        SITE,
        "client_max_body_size 2621440",
        "client_max_body_size 60m",
        "MAX_BODY_BYTES",
    ),
    "catalogue files that do not fit": (
        "nginx-rules",
        SITE,
        "client_max_body_size 51m",
        "client_max_body_size 6m",
        "IMPORT_MAX_FILE_BYTES",
    ),
    "sign-in in the zone of everything": (
        "nginx-rules",
        SITE,
        "zone=auth_of_address",
        "zone=requests_of_address",
        "auth_of_address",
    ),
    "machines without certificates": (
        "nginx-rules",
        TLS,
        "ssl_verify_client on",
        "ssl_verify_client optional",
        "certificate",
    ),
    "an internal door in the open": (
        "nginx-rules",
        TLS,
        "location ^~ /api/v1/internal/",
        "location ^~ /api/v1/intern/",
        "/api/v1/internal/",
    ),
    "a unit that nobody starts": (
        "systemd",
        TARGET,
        " marketplace-relay.service",
        "",
        "does not want relay",
    ),
    "a queue that nobody works off": (
        "systemd",
        "deploy/systemd/marketplace-worker-core.service",
        "--queues holds,default",
        "--queues holds",
        "--queues holds,default",
    ),
    "a unit as root": ("systemd", SHARED, "User=marketplace", "User=root", "runs as root"),
    "a unit without its settings": ("systemd", SHARED, "EnvironmentFile=/etc/marketplace/env\n", "", "does not read"),
    "a unit of the machine's own Python": (
        "systemd",
        RELAY,
        "/srv/marketplace/venv/bin/python",
        "/usr/bin/python3",
        "not of /srv/marketplace/venv",
    ),
    "a directive that systemd does not know": (
        "systemd-verify",
        SHARED,
        "RestartSec=2",
        "RestartSecs=2",
        "RestartSecs",
    ),
    "a block that is never closed": (
        "page",
        PAGE,
        "python3 scripts/smoke.py http://localhost:8000\n```",
        "python3 scripts/smoke.py http://localhost:8000",
        "never closed",
    ),
    "a step that nobody knows": ("page", PAGE, "try: instead start-nginx", "try: instead start-apache", "start-apache"),
    "a brace that is not closed": (
        "terraform",
        MAIN,
        'resource "aws_sns_topic" "failed_pushes" {',
        'resource "aws_sns_topic" "failed_pushes"',
        "does not parse",
    ),
    "a variable that is not defined": (
        "terraform",
        MAIN,
        "var.apns_key_id",
        "var.apns_key",
        "var.apns_key is not defined",
    ),
    "a resource that is not there": (
        "terraform",
        ACCESS,
        "[aws_sqs_queue.outside.arn]",
        "[aws_sqs_queue.outsider.arn]",
        "outsider.arn is not defined",
    ),
    "an attribute a queue does not have": (
        "terraform",
        "deploy/terraform/outputs.tf",
        "aws_sqs_queue.outside.url",
        "aws_sqs_queue.outside.uri",
        "tells no uri",
    ),
    "an argument spelt wrong": (
        "terraform",
        MAIN,
        "  visibility_timeout_seconds",
        "  visibility_timeout",
        "no argument visibility_timeout",
    ),
    "an argument left out": (
        "terraform",
        ACCESS,
        "  assume_role_policy = data.aws_iam_policy_document.trust.json\n",
        "",
        "needs assume_role_policy",
    ),
    "a queue without dead letters": (
        "terraform",
        MAIN,
        "  redrive_policy = jsonencode",
        "  tags = jsonencode",
        "no dead letters",
    ),
    "every action of a service": ("terraform", ACCESS, '"sqs:SendMessage"', '"sqs:*"', "allows sqs:*"),
    "every queue there is": ("terraform", ACCESS, "[aws_sqs_queue.outside.arn]", '["*"]', "on everything"),
    "an output of no variable": (
        "terraform",
        "deploy/terraform/outputs.tf",
        '"OUTSIDE_QUEUE_URL"',
        '"OUTSIDE_QUEUE"',
        "OUTSIDE_QUEUE is not in",
    ),
    "a file of rules that does not read": ("readable", "deploy/planted.yaml", "", "groups: [", "planted.yaml"),
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the validators read."""
    shutil.copytree(BASE_DIR / "deploy", tmp_path / "deploy")
    (tmp_path / "docs").mkdir()
    for name in (COMPOSE, DEBUG, PAGE, "Dockerfile", ".env.example"):
        shutil.copy(BASE_DIR / name, tmp_path / name)
    return tmp_path


def complaints(name: str, tree: Path) -> str:
    """What a validator says; without its tool, a loud skip, and a failure where continuous integration runs."""
    try:
        return "\n".join(deploy_check.VALIDATORS[name](tree))
    except ToolMissingError as error:
        if os.environ.get("REQUIRE_SERVICES") == "1":
            raise
        pytest.skip(f"{name}: {error}")


@pytest.mark.parametrize("name", deploy_check.VALIDATORS)
def test_deployment_files_pass(name: str, tree: Path) -> None:
    assert complaints(name, tree) == ""


@pytest.mark.parametrize("planted", PLANTED)
def test_planted_mistakes_are_caught(planted: str, tree: Path) -> None:
    validator, file, there, instead, named = PLANTED[planted]
    text = (tree / file).read_text() if there else ""
    assert there in text
    (tree / file).write_text(text.replace(there, instead, 1) if there else instead)

    said = complaints(validator, tree)

    assert named in said


def test_every_validator_has_a_planted_mistake() -> None:
    assert {validator for validator, *_ in PLANTED.values()} == set(deploy_check.VALIDATORS)


def test_a_missing_tool_is_said_and_not_taken_for_a_pass(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tree: Path
) -> None:
    def missing(root: Path) -> list[str]:
        raise ToolMissingError("nginx is not installed")

    monkeypatch.setitem(deploy_check.VALIDATORS, "nginx-starts", missing)
    monkeypatch.delenv("REQUIRE_SERVICES", raising=False)
    at_home = deploy_check.check(tree, ["nginx-starts"])
    monkeypatch.setenv("REQUIRE_SERVICES", "1")
    in_integration = deploy_check.check(tree, ["nginx-starts"])

    assert (at_home, in_integration) == (True, False)
    assert "SKIPPED: nginx is not installed" in capsys.readouterr().out
