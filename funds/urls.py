"""Routes of the context below `/api/v1/`."""

from rest_framework.routers import SimpleRouter

from .payments.api import MercadoPagoWebhooksViewSet
from .wallets.api import (
    DepositsViewSet,
    FundsViewSet,
    HoldsViewSet,
    SpendsViewSet,
    SummaryViewSet,
    TransactionsViewSet,
)

router = SimpleRouter()
router.register("funds/deposits", DepositsViewSet, basename="funds-deposit")
router.register("funds/transactions", TransactionsViewSet, basename="funds-transaction")
router.register("funds/spends", SpendsViewSet, basename="funds-spend")
router.register("funds/holds", HoldsViewSet, basename="funds-hold")
router.register("funds/summary", SummaryViewSet, basename="funds-summary")
router.register("funds/webhooks/mercadopago", MercadoPagoWebhooksViewSet, basename="funds-webhook-mercadopago")
router.register("funds", FundsViewSet, basename="funds")

urlpatterns = router.urls
