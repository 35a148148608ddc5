"""Pages for customers, and the fragments that keep them fresh."""

from django.urls import path

from . import door, inbox, selections, shop, taking

app_name = "storefront"
urlpatterns = [
    path("", shop.home, name="home"),
    path("place/", shop.set_place, name="place"),
    path("selections/", selections.selections, name="selections"),
    path("selections/seen/", selections.seen, name="seen"),
    path("promotions/", shop.promotions_list, name="promotions"),
    path("promotions/<uuid:promo_id>/card/", shop.promotion_card, name="card"),
    path("promotions/<uuid:promo_id>/reserve/", taking.reserve, name="reserve"),
    path("reservations/<uuid:reservation_id>/give-back/", taking.give_back, name="give-back"),
    path("reservations/<uuid:reservation_id>/pay/", taking.pay, name="pay"),
    path("notifications/", inbox.notifications_page, name="notifications"),
    path("notifications/latest/", inbox.latest, name="latest"),
    path("notifications/bell/", inbox.bell, name="bell"),
    path("notifications/ticket/", inbox.ticket, name="ticket"),
    path("notifications/read-all/", inbox.read_all, name="read-all"),
    path("notifications/<int:notice_id>/read/", inbox.read, name="read"),
    path("login/", door.log_in, name="login"),
    path("logout/", door.log_out, name="logout"),
    path("register/", door.register, name="register"),
    path("verification/", door.resend_verification, name="verification"),
]
