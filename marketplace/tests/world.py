"""A small believable world for tests that walk over every route: one of each thing, and people who may not have it."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from django.utils import timezone
from rest_framework.test import APIClient

from funds.facade import start_order_payment
from funds.payments.services import fund_wallets
from links.alerts.tests.factories import PriceAlertFactory
from links.gift_lists.services.editors import add_editor
from links.gift_lists.tests.factories import given, make_gift, make_list
from links.product_links.tests.factories import pasted_link
from marketplace.core.access import KEYS
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.core.outbox.relay import drain
from notifications.broadcasts.tests.factories import make_broadcast
from notifications.devices.tests.factories import DeviceFactory
from notifications.inbox.tests.factories import InboxItemFactory, MessageFactory
from promotions.campaigns.tests.factories import make_campaign
from promotions.discounts.tests.factories import make_discount
from promotions.experiments.tests.factories import make_experiment
from promotions.exposure.tests.factories import make_pin
from promotions.flash.tests.factories import make_customer, make_promo, make_variant
from promotions.models import WaitlistPlace
from purchases.autobuy.tests.factories import outside_gift, run, schedule
from purchases.carts.models import Cart
from purchases.carts.tests.factories import filled_cart
from purchases.invoices.tests.factories import issued_invoice
from purchases.models import AutoPurchase, OrderReturn
from purchases.orders.tests.factories import OrderFactory
from purchases.shipments.tests.factories import ShippingRateFactory, parcel_of
from stores.catalog.tests.factories import BrandFactory, ProductImageFactory
from stores.importing.models import ImportRun
from stores.merchants.models import StoreMember
from stores.procurement.tests.factories import drafted, received, suggested
from stores.questions.tests.factories import QuestionFactory
from users.accounts.tests.factories import AdministratorFactory, UnverifiedUserFactory
from users.addresses.services import add_address
from users.addresses.tests.factories import LEAST
from users.customers.models import CustomerProfile
from users.customers.tests.factories import SegmentFactory
from users.models import User
from users.staff.tests.factories import DepartmentFactory, DepartmentMemberFactory

Ids = dict[str, Any]
MESSAGE = "For the owner alone"


@dataclass(slots=True)
class World:
    """Who is there, and for each route that names an object the parameters that name one."""

    owner: User
    people: dict[str, User | None]
    ids: dict[str, Ids] = field(default_factory=dict)

    def client(self, name: str) -> APIClient:
        """Somebody's client; errors come back as answers."""
        client = APIClient(raise_request_exception=False)
        user = self.people[name]
        if user is not None:
            client.force_authenticate(self.person(name))
        return client

    def person(self, name: str) -> User:
        """Somebody, as the database has them now."""
        return User.objects.get(pk=cast(User, self.people[name]).pk)

    @property
    def secrets(self) -> list[str]:
        """What nobody but the owner (and staff) may read."""
        routes = [
            "funds", "funds/withdrawals", "payments", "orders", "promo-reservations", "client-profiles", "cart/items",
            "addresses", "shipments", "product-links", "gifts", "gift-lists", "scheduler", "purchases",
        ]  # fmt: skip
        own = [self.ids[route]["pk"] for route in routes]
        return [self.owner.email, str(self.owner.pk), MESSAGE, *map(str, own)]


def build_world() -> World:
    """Everything belongs to `owner`, one store and one department; `clerk` and `merchant` belong to others."""
    segment = SegmentFactory.create()
    owner = make_customer(email="owner@example.com", segments=(segment,))
    here, elsewhere = DepartmentFactory.create(), DepartmentFactory.create()
    variant = make_variant(product__category__department=here)
    other_variant = make_variant(product__category__department=elsewhere)
    member = StoreMember.objects.create(store=variant.store, user=make_customer(), role=StoreMember.Role.MEMBER)
    world = World(
        owner=owner,
        people={
            "anonymous": None,
            "owner": owner,
            "stranger": make_customer(email="stranger@example.com"),
            "unverified": UnverifiedUserFactory.create(),
            "clerk": DepartmentMemberFactory.create(department=elsewhere, keys=list(KEYS)).user,
            "merchant": StoreMember.objects.create(
                store=other_variant.store, user=make_customer(), role=StoreMember.Role.OWNER
            ).user,
            "administrator": AdministratorFactory.create(),
        },
    )
    own_member = DepartmentMemberFactory.create(department=here, keys=["catalog:write"])
    purchase = drafted(variant)
    run = ImportRun.objects.create(file_name="c.csv", file_format="csv", state="ready")
    world.ids = {
        "users": {"pk": owner.pk},
        "client-profiles": {"pk": CustomerProfile.objects.get(user=owner).pk},
        "user-segments": {"pk": segment.pk},
        "departments": {"pk": here.pk, "department_pk": here.pk},
        "departments/members": {"department_pk": here.pk, "pk": own_member.pk},
        "stores": {"pk": variant.store_id, "store_id": variant.store_id},
        "funds/stores": {"store_id": variant.store_id},
        "shipping-rates": {"pk": ShippingRateFactory.create(store=variant.store).pk},
        "stores/members": {"store_id": variant.store_id, "pk": member.pk},
        "brands": {"pk": BrandFactory.create().pk},
        "categories": {"pk": variant.product.category_id},
        "products": {"pk": variant.product_id, "product_id": variant.product_id},
        "products/variants": {"product_id": variant.product_id, "pk": variant.pk},
        "products/images": {
            "product_id": variant.product_id,
            "pk": ProductImageFactory.create(product=variant.product).pk,
        },
        "media": {"name": "products/0000000000000000-000000000000.webp"},
        "questions": {"pk": QuestionFactory.create(product=variant.product, asker=owner).pk},
        "products/questions": {"product_id": variant.product_id},
        "imports": {"pk": run.pk},
        "import-rows": {"pk": run.rows.create(line=2, values={}, verdict="same").pk},
        "stock": {"pk": variant.stock_items.get().pk},
        "suppliers": {"pk": purchase.supplier_id, "supplier_id": purchase.supplier_id},
        "suppliers/prices": {"supplier_id": purchase.supplier_id, "pk": purchase.supplier.prices.get().pk},
        "purchase-orders": {"pk": purchase.pk},
        "receipts": {"pk": received(variant, supplier=purchase.supplier).pk},
        "suggestions": {"pk": suggested(variant.stock_items.get(), supplier=purchase.supplier).pk},
        "movements": {"pk": variant.stock_items.get().movements.first().pk},
        **own_things(world, variant),
    }
    world.ids |= own_lists(owner)
    return world


def own_lists(owner: User) -> dict[str, Ids]:
    """A private list with a gift and a contribution; and somebody's, for whoever has its link."""
    gift = make_gift(make_list(owner, visibility="private", name=MESSAGE))
    given(owner, 100, to=gift)
    place = add_editor(gift_list_id=gift.gift_list_id, email="editor@example.com")
    shared = make_gift(make_list(name="Boda"))
    return {
        "gift-lists": {"pk": gift.gift_list_id, "gift_list_id": gift.gift_list_id},
        "gift-lists/editors": {"gift_list_id": gift.gift_list_id, "pk": place.pk},
        "gifts": {"pk": gift.pk},
        "gift-lists/shared": {"token": shared.gift_list.share_token, "gift_id": shared.pk},
    }


def own_things(world: World, variant: Any) -> dict[str, Ids]:
    """Money on its way in and out, a promotion with the owner's reservation, an order, a notification."""
    owner = world.owner
    fund_wallets(rows=[(owner.pk, Money(100_000, "MXN"), uuid7().hex)])
    campaign = make_campaign(state="scheduled")
    # Everywhere: people of the house have no place, and may take it as anybody.
    promo = make_promo(variant, units=3, radius_km=None, ends_at=timezone.now() + timedelta(hours=2))
    client = world.client("owner")
    reservation = client.post("/api/v1/promotions/promo-reservations/", {"promo": str(promo.pk)}, format="json")
    WaitlistPlace.objects.create(promo=promo, customer=owner.pk, joined_at=timezone.now(), turn_at=timezone.now())
    deposit = client.post(
        "/api/v1/funds/",
        {"amount": {"amount": "10.00", "currency": "MXN"}},
        format="json",
        headers={"Idempotency-Key": uuid7().hex},
    )
    order = OrderFactory.create(customer=owner)
    payment = start_order_payment(
        order_id=order.pk,
        customer_id=owner.pk,
        total=order.total,
        from_wallet=Money(100, "MXN"),
        provider="sandbox",
        lasts=timedelta(minutes=30),
    )
    withdrawal = client.post(
        "/api/v1/funds/withdrawals/",
        {"amount": {"amount": "10.00", "currency": "MXN"}, "destination": "032180000118359719"},
        format="json",
        headers={"Idempotency-Key": uuid7().hex},
    )
    wished = outside_gift(make_list(owner), 50_000, seen_price_minor=10_000)
    scheduled = schedule(wished)
    run()
    message = MessageFactory.create(params={"title": MESSAGE, "body": "At three."})
    OrderReturn.objects.create(order=order, reason="Too small")
    cart = filled_cart(customer=owner, variant=variant)
    Cart.objects.filter(pk=cart.pk).update(coupons=["VERANO"])
    drain()
    return {
        "flash-promos": {"pk": promo.pk},
        "discounts": {"pk": make_discount(variant.product.category).pk},
        "admin/promotions": {"pk": campaign.pk},
        "admin/exposure/pins": {"pk": make_pin(variant.product).pk},
        "admin/experiments": {"pk": make_experiment(state="draft").pk},
        "admin/broadcasts": {"pk": make_broadcast().pk},
        "promotions/eligibility": {"pk": campaign.pk},
        "promo-reservations": {"pk": reservation.json()["id"], "reservation_id": reservation.json()["id"]},
        "funds": {"pk": deposit.json()["id"]},
        "funds/withdrawals": {"pk": withdrawal.json()["id"]},
        "payments": {"pk": payment.payment_id},
        "orders": {"pk": order.pk},
        "admin/returns": {"pk": OrderReturn.objects.create(order=order, reason="Too small.").pk},
        "scheduler": {"pk": scheduled.pk},
        "purchases": {"pk": AutoPurchase.objects.get(customer=owner).pk},
        "shipments": {"pk": parcel_of(order, variant).pk},
        "orders/call-off": {"order_id": order.pk},
        "orders/invoices": {"order_id": order.pk, "pk": issued_invoice(order, variant.store).pk},
        "cart/items": {"pk": cart.lines.get().pk},
        "cart/coupons": {"code": "VERANO"},
        "addresses": {"pk": add_address(customer_id=owner.pk, **LEAST).pk},
        "product-links": {"pk": pasted_link(owner).pk},
        "price-alerts": {"pk": PriceAlertFactory.create(customer=owner).pk},
        "notifications": {"pk": InboxItemFactory.create(customer=owner.pk, message=message).pk},
        "notifications/devices": {"pk": DeviceFactory.create(customer=owner.pk).pk},
    }


def ids_for(world: World, path: str) -> dict[str, Any]:
    """Parameters that name one of the world's objects."""
    if "{" not in path:
        return {}
    words = {word.replace("clients-", "client-") for word in path.split("/")}
    fitting = [name for name in world.ids if words.issuperset(name.split("/"))]
    return world.ids[max(fitting, key=lambda name: (name.count("/"), name != "users"))]
