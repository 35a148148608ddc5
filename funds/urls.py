"""Routes of the context below `/api/v1/`."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from marketplace.core.http.viewsets import UUID_PATTERN

from .order_money.api.stores import StoreFundsViewSet, StorePayoutsViewSet, StoreTransactionsViewSet
from .payments.api import MercadoPagoWebhooksViewSet
from .wallets.api.balances import (
    DepositsViewSet,
    FundsViewSet,
    HoldsViewSet,
    SpendsViewSet,
    SummaryViewSet,
    TransactionsViewSet,
)
from .wallets.api.settings import SettingsViewSet
from .wallets.api.statement import StatementFileViewSet
from .wallets.api.withdrawals import WithdrawalsViewSet

STORE = rf"funds/stores/(?P<store_id>{UUID_PATTERN})"

router = SimpleRouter()
router.register("funds/deposits", DepositsViewSet, basename="funds-deposit")
router.register("funds/transactions/export", StatementFileViewSet, basename="funds-statement-file")
router.register("funds/transactions", TransactionsViewSet, basename="funds-transaction")
router.register("funds/spends", SpendsViewSet, basename="funds-spend")
router.register("funds/holds", HoldsViewSet, basename="funds-hold")
router.register("funds/summary", SummaryViewSet, basename="funds-summary")
router.register("funds/withdrawals", WithdrawalsViewSet, basename="funds-withdrawal")
router.register(rf"{STORE}/transactions", StoreTransactionsViewSet, basename="store-transaction")
router.register(rf"{STORE}/payouts", StorePayoutsViewSet, basename="store-payout")
router.register("funds/stores", StoreFundsViewSet, basename="store-funds")
router.register("funds/webhooks/mercadopago", MercadoPagoWebhooksViewSet, basename="funds-webhook-mercadopago")
router.register("funds", FundsViewSet, basename="funds")

urlpatterns = [
    path("funds/settings/", SettingsViewSet.as_view({"get": "list", "patch": "change"}), name="funds-settings"),
    *router.urls,
]
