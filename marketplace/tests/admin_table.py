"""Who may do what with which model of the back office: one row a model, the guard test walks over all of them.

To add a model, add its line: a cell for each kind of person, and the actions with the letter each needs. Of a model
that keys open, also name the world's object it is tried with (`of`, a key of `World.ids`), which belongs to the
department and the store of `writer`, `reader`, `owner` and `member`.

    v view   a add   c change   d delete   x carry out actions   - the page is not there
    (va) the page is there, this object is not: the person's keys reach other objects

Actions are those of the list (also `delete_selected`, which needs d) and of the object's page, and every other URL the
page adds.
"""

from dataclasses import dataclass, field
from typing import Final

# `writer` and `reader` hold every write key and every read key of the department; `owner` and `member` run the store;
# `elsewhere` holds every key of another department; `staff` none. All of them are of the house (`is_staff`).
PEOPLE: Final = ("administrator", "writer", "reader", "owner", "member", "elsewhere", "staff")
LETTERS: Final = frozenset("vacdx")


@dataclass(frozen=True, slots=True)
class Row:
    """A model's line."""

    cells: dict[str, str]
    of: str = ""
    actions: dict[str, str] = field(default_factory=dict)
    # Who tries it: a page of the house is closed to everybody with keys by the same line of code.
    tried_by: tuple[str, ...] = PEOPLE

    def page(self, person: str) -> frozenset[str]:
        """What the person may do on the page, with some object or other."""
        return frozenset(self.cells[person]) & LETTERS

    def object(self, person: str) -> frozenset[str]:
        """What the person may do with the world's object."""
        return frozenset() if self.cells[person].startswith("(") else self.page(person)


def row(cells: str, of: str, **actions: str) -> Row:
    """Of a model that keys open."""
    return Row(dict(zip(PEOPLE, cells.split(), strict=True)), of, actions)


def house(letters: str, **actions: str) -> Row:
    """Of a model for administrators (and for groups with Django's permissions)."""
    return Row(
        dict.fromkeys(PEOPLE, "-") | {"administrator": letters}, "", actions, ("administrator", "writer", "staff")
    )


TABLE: Final[dict[str, Row]] = {
    # stores                admin writer reader owner member elsewhere staff
    "stores.store":     row("vac   v     v      vc    vc     v         -", of="stores", archive="c"),
    "stores.brand":     row("vacd  vacd  v      v     v      vacd      -", of="brands"),
    "stores.category":  row("vacd  vacd  v      -     -      (vacd)    -", of="categories"),
    "stores.product":   row(
        "vac  vac  v  vac  vac  (vac)  -", of="products", archive="c", change_prices="c", reprice="c", export="v"
    ),
    "stores.variant":   row("v     v     v      v     v      (v)       -", of="products/variants"),
    "stores.stockitem": row("vac   vac   v      vac   vac    (vac)     -", of="stock", receive="c", adjust="c"),
    "stores.question":  row("vc    vc    v      vc    vc     (vc)      -", of="questions", publish="c", reject="c"),
    # A store's people see their store's orders, not the department's supplier behind them.
    "stores.supplier":  row("vac   vac   v      (vac) (vac)  (vac)     -", of="suppliers", archive="c"),
    "stores.purchaseorder": row(
        "vac  vac  v  vac  vac  (vac)  -",
        of="purchase-orders", place="c", receive="c", cancel="c", as_pdf="v", as_xlsx="v",
    ),
    "stores.goodsreceipt":  row("v     v     v      v     v      (v)       -", of="receipts"),
    "stores.replenishmentsuggestion": row("vx  vx  v  vx  vx  (vx)  -", of="suggestions", make_drafts="x"),
    # Everybody sees the own ones; the world's is nobody's.
    "stores.importrun": row("vax   (vax) -      (vax) (vax)  (vax)     -", of="imports", confirm="x", discard="x"),
    "stores.importrow": row("v     (v)   -      (v)   (v)    (v)       -", of="import-rows"),
    "stores.stockreconciliation": house("v"),
    # promotions
    "promotions.flashpromo": row(
        "vacd  vacd  v  vacd  vacd  (vacd)  -", of="flash-promos", activate="c", deactivate="c", end_now="c"
    ),
    # A discount is for every store: it belongs to the department of its category alone.
    "promotions.discount": row(
        "vacd  vacd  v  -  -  (vacd)  -", of="discounts", switch_on="c", switch_off="c", matrix="v"
    ),
    "promotions.campaign": house("vacd", switch_on="c", switch_off="c", activate="c", deactivate="c", preview="v"),
    "promotions.experiment": house("vacd", report="v", figures="v", start="c", stop="c", pick="c"),
    "promotions.reservation": row("v  v  v  v  v  (v)  -", of="promo-reservations"),
    "promotions.activehold": house("v"),
    "promotions.customerengagementdaily": house("v"),
    "promotions.customerinterest": house("v"),
    "promotions.dayfunnel": house("v"),
    "promotions.deadevent": house("v"),
    "promotions.engagementevent": house("vx", restore="x", restore_actors="x"),
    "promotions.engagementhourly": house("v"),
    "promotions.engagementpolicy": house("va"),
    "promotions.eventdrain": house("v"),
    "promotions.productengagementdaily": house("v"),
    "promotions.productsignal": house("v"),
    "promotions.scoringpolicy": house("va"),
    "promotions.scoresversion": house("v", run_now="a"),
    "promotions.productscore": house("v"),
    "promotions.pin": house("vacd"),
    "promotions.slate": house("v"),
    "promotions.slot": house("v"),
    "promotions.slotdaily": house("v"),
    "promotions.loyaltypolicy": house("va"),
    "promotions.loyaltylevel": house("vacd"),
    "promotions.loyaltymember": house("v", adjust="v", liability="v"),
    "promotions.pointsentry": house("v"),
    "promotions.reward": house("vac"),
    "promotions.redemption": house("v", withdraw="v"),
    "promotions.loyaltyday": house("v"),
    # users
    "users.user": house(
        "vac", disable="c", enable="c", end_sessions="c", reset_second_factor="c", archive="c",
        auth_user_password_change="c",
    ),
    "users.session": house("v"),
    "users.personalexport": house("va"),
    "users.customerprofile": house("vc"),
    "users.segment": house("vacd"),
    "users.tierpolicy": house("va"),
    "users.segmentpolicy": house("va"),
    "users.department": house("vacd"),
    "auth.group": house("vacd"),
    "axes.accessattempt": house("vd"),
    # funds
    "funds.account": house("v"),
    "funds.journal": house("v"),
    "funds.posting": house("v"),
    "funds.hold": house("v"),
    "funds.ordermoney": house("v"),
    "funds.orderpayment": house("v"),
    "funds.decision": house("va", approve="a", reject="a"),
    "funds.fundspolicy": house("va"),
    "funds.deposit": house("v"),
    "funds.providerpayment": house("v", credit_it="v", leave_alone="v", refund_it="v"),
    "funds.providerevent": house("v"),
    "funds.refund": house("v"),
    "funds.payout": house("v", has_arrived="v", will_never_arrive="v"),
    "funds.paymenttask": house("v", retry="v", give_up="v"),
    "funds.providercircuit": house("v"),
    "funds.reconciliationfinding": house("v"),
    "funds.reconciliationrun": house("v"),
    "funds.walletsettings": house("v"),
    # links
    "links.page": house("v", read_again="v"),
    "links.productlink": house("v"),
    "links.hostpace": house("v"),
    "links.giftlist": house("v"),
    "links.gift": house("v"),
    "links.giftclaim": house("v"),
    "links.contribution": house("v"),
    "links.potuse": house("v"),
    # purchases
    "purchases.order": house(
        "v",
        pack_chosen="v",
        send_chosen="v",
        deliver_chosen="v",
        pack="v",
        send="v",
        deliver="v",
        cancel="v",
        call_off="v",
    ),
    "purchases.purchaseticket": house("v", claim="v", put_back="v", bought="v", give_up="v", ask_again="v"),
    "purchases.plan": house("v"),
    "purchases.autopurchase": house("v"),
    "purchases.run": house("v"),
    "purchases.orderreturn": house("v", approve="v", refuse="v", receive="v"),
    "purchases.invoice": house("v", file="v"),
    "purchases.orderpart": house("v"),
    "purchases.cart": house("v"),
    "purchases.dailysales": house("v"),
    "purchases.dailyvariantsales": house("v"),
    "purchases.dailybenefit": house("v"),
    # A store has goods of many departments: their keys open none of its rates and parcels.
    "purchases.shipment": row(
        "vx  -  -  vx  vx  -  -", of="shipments", ship="x", deliver="x", send="x", arrived="x", lost="x", take_apart="x"
    ),
    "purchases.shippingrate": row("vacd  -     -      vacd  vacd   -         -", of="shipping-rates"),
    # links
    "links.pricealert": house("v"),
    # notifications
    "notifications.message": house("v"),
    "notifications.inboxitem": house("v"),
    "notifications.fanout": house("v"),
    "notifications.broadcast": house(
        "vacd", send_test="c", schedule="c", send_now="c", stop="c", size="v", progress="v"
    ),
    "notifications.delivery": house("v", try_again="v", try_stragglers_again="v"),
    "notifications.sendingrate": house("vacd"),
    "notifications.suppression": house("vd"),
    # machinery
    "core.auditentry": house("v"),
    "core.outboxevent": house("v"),
    "core.eventdelivery": house("v", try_again="v"),
    "core.busmessage": house("v"),
    "core.jobslot": house("v"),
    "django_celery_beat.periodictask": house(
        "vacd", enable_tasks="c", disable_tasks="c", toggle_tasks="c", run_tasks="c"
    ),
    "django_celery_beat.intervalschedule": house("vacd"),
    "django_celery_beat.solarschedule": house("vacd"),
    "django_celery_beat.crontabschedule": house("vacd"),
    "django_celery_beat.clockedschedule": house("vacd"),
    "django_celery_results.taskresult": house("vacd"),
    "django_celery_results.groupresult": house("vacd"),
}  # fmt: skip

# Reached from the row they belong to.
NOT_IN_MENU: Final = frozenset({"stores.importrow", "purchases.orderpart"})
