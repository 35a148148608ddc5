"""When Mercado Pago is on, and when its configuration is too thin for production."""

import subprocess
import sys
from typing import Any
from uuid import uuid4

import pytest
from django.core import checks

from funds.payments.providers import active_providers, provider_named
from funds.payments.providers.mercadopago import MercadoPagoConfig, MercadoPagoProvider
from funds.payments.providers.mercadopago.checks import mercadopago_is_complete
from funds.payments.providers.protocol import ProviderDeferredError
from marketplace.core.money import Money
from marketplace.settings.env import BASE_DIR

from .server import TOKEN, FakeMercadoPago


@pytest.fixture
def configured(settings: Any) -> Any:
    settings.MERCADOPAGO_ACCESS_TOKEN = "APP_USR-1"
    settings.MERCADOPAGO_COLLECTOR_ID = "123456789"
    settings.MERCADOPAGO_WEBHOOK_SECRETS = ["secret"]
    settings.MERCADOPAGO_MUST_BE_COMPLETE = True
    return settings


def switched_on() -> set[str]:
    return {provider.name for provider in active_providers()}


def test_without_a_token_only_the_sandbox_is_on():
    assert switched_on() == {"manual", "sandbox"}
    with pytest.raises(KeyError):
        provider_named("mercadopago")


def test_a_token_switches_mercado_pago_on(configured):
    assert switched_on() == {"manual", "sandbox", "mercadopago"}
    assert isinstance(provider_named("mercadopago"), MercadoPagoProvider)
    assert provider_named("mercadopago") is provider_named("mercadopago")


def test_the_sandbox_can_be_switched_off(configured):
    configured.SANDBOX_PROVIDER = False

    assert switched_on() == {"manual", "mercadopago"}
    with pytest.raises(KeyError):
        provider_named("sandbox")


def test_nobody_else_is_known(configured):
    with pytest.raises(KeyError):
        provider_named("stripe")


def test_addresses_follow_from_a_public_one_alone(configured):
    configured.PUBLIC_URL = "http://localhost:8000"
    local = MercadoPagoConfig.from_settings()
    configured.PUBLIC_URL = "https://shop.example"
    public = MercadoPagoConfig.from_settings()

    assert (local.return_url, local.notification_url) == ("", "")
    assert public.return_url == "https://shop.example"
    assert public.notification_url == "https://shop.example/api/v1/funds/webhooks/mercadopago/"


def test_a_complete_configuration_passes(configured):
    assert mercadopago_is_complete() == []


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("MERCADOPAGO_WEBHOOK_SECRETS", [], "funds.E101"),
        ("MERCADOPAGO_WEBHOOK_SECRETS", [" "], "funds.E101"),
        ("MERCADOPAGO_COLLECTOR_ID", "", "funds.E102"),
        ("MERCADOPAGO_COLLECTOR_ID", "the shop", "funds.E102"),
        ("MERCADOPAGO_API_URL", "http://api.mercadopago.com", "funds.E103"),
        ("MERCADOPAGO_STATEMENT_DESCRIPTOR", "A" * 17, "funds.E104"),
    ],
)
def test_half_a_configuration_is_an_error_in_production_and_a_warning_elsewhere(configured, name, value, found):
    setattr(configured, name, value)

    in_production = mercadopago_is_complete()
    configured.MERCADOPAGO_MUST_BE_COMPLETE = False
    elsewhere = mercadopago_is_complete()

    assert [(type(each), each.id) for each in in_production] == [(checks.Error, found)]
    assert [(type(each), each.id) for each in elsewhere] == [(checks.Warning, found)]


def test_test_money_in_production_is_a_warning(configured):
    configured.MERCADOPAGO_SANDBOX = True

    assert [each.id for each in mercadopago_is_complete()] == ["funds.W105"]


@pytest.mark.once
def test_production_does_not_start_half_configured():
    environment = {
        "PATH": "/usr/bin:/bin",
        "DJANGO_SETTINGS_MODULE": "marketplace.settings.production",
        "SECRET_KEY": "abcdefgh" * 8,
        "JWT_SIGNING_KEY": "ijklmnop" * 8,
        "LOG_HASH_KEY": "qrstuvwx" * 8,
        "PUSH_SERVICE": "file",
        "MERCADOPAGO_ACCESS_TOKEN": "APP_USR-1",
        "VAR_DIR": str(BASE_DIR / "var" / "test"),
    }

    checked = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 1
    assert "funds.E101" in checked.stderr
    assert "funds.E102" in checked.stderr
    assert "APP_USR-1" not in checked.stderr + checked.stdout


def test_secrets_are_not_shown(configured):
    assert "APP_USR-1" not in repr(MercadoPagoConfig.from_settings())
    assert "secret'" not in repr(MercadoPagoConfig.from_settings())


def test_no_proxy_of_the_environment_stands_between(fake: FakeMercadoPago, make_provider, monkeypatch):
    """A request that left through one could look as if it had not."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)

    assert make_provider().read_payment(payment_id="1") is None
    assert len(fake.requests) == 1


def test_no_netrc_replaces_the_token(fake: FakeMercadoPago, make_provider, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))

    make_provider().read_payment(payment_id="1")

    assert fake.requests[0].header("Authorization") == f"Bearer {TOKEN}"


def test_https_is_not_spoken_to_whoever_cannot(fake: FakeMercadoPago, make_provider):
    provider = make_provider(api_url=fake.url.replace("http://", "https://"))

    with pytest.raises(ProviderDeferredError, match="SSL"):
        provider.start_deposit(key=uuid4(), reference=uuid4(), amount=Money(100, "MXN"), expires_at=None)

    assert fake.account.preferences == {}
