"""`funds/settings/`: one's own limits."""

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from funds.wallets import examples
from funds.wallets.selectors import settings_of
from funds.wallets.serializers import SettingsChangeSerializer, SettingsSerializer
from funds.wallets.services import change_settings

from .base import TAGS, OwnFundsViewSet


class SettingsViewSet(OwnFundsViewSet):
    """Weekly limit and low-balance threshold."""

    serializer_class = SettingsSerializer
    filter_backends = []
    pagination_class = None

    @extend_schema(
        summary="My limits",
        description="One row per currency in which something was set; null is no limit, no alert.",
        tags=TAGS,
        responses=SettingsSerializer,
        examples=[examples.SETTINGS],
    )
    def list(self, request: Request) -> Response:
        """GET funds/settings/"""
        return self.present({"settings": settings_of(self.customer_id)})

    @extend_schema(
        summary="Change my limits",
        description="`weekly_limit` is what automatic purchases of one week (from Monday, in the platform's time zone) "
        "may take at most; what one buys oneself is not bound by it. Below `low_balance_threshold` a notification "
        "comes, once until the balance has been above it again. Null lifts a limit; what is not named stays. The "
        "currency of the amounts says which wallet is meant; `currency` says it where both are null, otherwise it is "
        "the shop's. Answers with all limits.",
        tags=TAGS,
        request=SettingsChangeSerializer,
        responses=SettingsSerializer,
        examples=[examples.SETTINGS_REQUEST, examples.SETTINGS],
    )
    def change(self, request: Request) -> Response:
        """PATCH funds/settings/"""
        values = self.read(request, serializer=SettingsChangeSerializer)
        named = values.pop("currency", None)
        amounts = [money for money in values.values() if money is not None]
        currency = named or (amounts[0].currency if amounts else settings.DEFAULT_CURRENCY)
        if values:
            change_settings(customer_id=self.customer_id, currency=currency, changes=values)
        return self.present({"settings": settings_of(self.customer_id)})
