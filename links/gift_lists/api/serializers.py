"""What the API of gift lists reads and writes."""

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from links.api_fields import PriorityField
from links.gift_lists.models import Gift, GiftClaim, GiftList, GiftListEditor
from links.gift_lists.selectors import Role, title_of
from links.gift_lists.wanted import shown_name
from links.pots.models import Contribution
from marketplace.core.http import fields
from marketplace.core.money import CURRENCIES, Money

TERMS = ("name", "occasion_on", "visibility", "on_close", "overfunding", "keeps_surprise", "buys_itself")
extend_money = extend_schema_field(fields.MoneyField())
ONE_THING = _("Name exactly one of %(names)s.")


class ListSerializer(fields.ModelSerializer):
    """A list as whoever may see it sees it."""

    owner_name = serializers.SerializerMethodField(help_text=_("First name and an initial, or “somebody”."))
    role = fields.ChoiceField(
        source="face.role", choices=[(role.value, role.value) for role in Role], read_only=True,
        help_text=_("What the caller is to the list."),
    )  # fmt: skip
    contributed = fields.MoneyField(
        source="face.contributed", read_only=True, help_text=_("Given towards the list itself, spent or not.")
    )
    in_pot = fields.MoneyField(source="face.in_pot", read_only=True, help_text=_("What of it is left."))

    class Meta:
        model = GiftList
        fields: ClassVar[list[str]] = [
            "id", "name", "occasion_on", "currency", "visibility", "share_token", "state", "on_close", "overfunding",
            "keeps_surprise", "buys_itself", "owner", "owner_name", "role", "contributed", "in_pot", "closed_at",
            "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_owner_name(self, gift_list: GiftList) -> str:
        return shown_name(gift_list.owner.name)


class ListChangeSerializer(fields.ModelSerializer):
    """What its owner may change of a list."""

    class Meta:
        model = GiftList
        fields: ClassVar[list[str]] = [*TERMS]


class ListRequestSerializer(ListChangeSerializer):
    """A new list. Its currency stays what it is."""

    currency = fields.ChoiceField(choices=[(code, code) for code in sorted(CURRENCIES)], required=False)

    class Meta(ListChangeSerializer.Meta):
        fields: ClassVar[list[str]] = [*TERMS, "currency"]


class ListQuerySerializer(serializers.Serializer[None]):
    """Which lists: mine, or public ones."""

    public = fields.ChoiceField(
        choices=[("true", "true"), ("false", "false")], default="false", help_text=_("Everybody's open public lists.")
    )
    owner = fields.UUIDField(required=False, help_text=_("Of public lists: only this person's."))


class GiftSerializer(fields.ModelSerializer):
    """A gift with what is known of it now."""

    product_link = fields.UUIDField(source="link_id", read_only=True, allow_null=True)
    title = fields.CharField(source="face.title", read_only=True)
    url = fields.CharField(source="face.url", read_only=True, help_text=_("Of another shop; else empty."))
    price = fields.MoneyField(source="face.price", read_only=True, allow_null=True)
    availability = fields.CharField(source="face.availability", read_only=True)
    priority = PriorityField(read_only=True)
    contributed = fields.MoneyField(source="face.contributed", read_only=True)
    in_pot = fields.MoneyField(source="face.in_pot", read_only=True)
    is_claimed = fields.BooleanField(
        source="face.is_claimed",
        read_only=True,
        allow_null=True,
        help_text=_("Whether somebody gives it. Null to whoever keeps a list that is to be surprised."),
    )
    is_claimed_by_me = fields.BooleanField(source="face.is_claimed_by_me", read_only=True)

    class Meta:
        model = Gift
        fields: ClassVar[list[str]] = [
            "id", "gift_list", "product_link", "variant", "title", "url", "price", "availability", "priority",
            "position", "note", "is_enabled", "state", "received_at", "contributed", "in_pot", "is_claimed",
            "is_claimed_by_me", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields


class SharedListSerializer(ListSerializer):
    """A list by its link: with its gifts, in its order, those received left out."""

    gifts = GiftSerializer(many=True, read_only=True, source="shown_gifts")

    class Meta(ListSerializer.Meta):
        fields: ClassVar[list[str]] = [*ListSerializer.Meta.fields, "gifts"]
        read_only_fields = fields


class GiftChangeSerializer(serializers.Serializer[None]):
    """What may be changed of a gift."""

    priority = PriorityField(required=False)
    note = fields.CharField(max_length=500, allow_blank=True, required=False)
    is_enabled = fields.BooleanField(required=False, help_text=_("Whether it may be bought automatically."))
    position = fields.IntegerField(min_value=0, required=False, help_text=_("Its new place in the list, 0 the first."))
    state = fields.ChoiceField(
        choices=[("received", _("received"))], required=False, help_text=_("Into the archive: by the owner, for good.")
    )


class GiftRequestSerializer(serializers.Serializer[None]):
    """A new gift: one of one's own links, or a variant of the catalogue."""

    gift_list = fields.UUIDField()
    product_link = fields.UUIDField(required=False)
    variant = fields.UUIDField(required=False)
    priority = PriorityField(required=False)
    note = fields.CharField(max_length=500, allow_blank=True, required=False)
    is_enabled = fields.BooleanField(required=False)
    position = fields.IntegerField(min_value=0, required=False, help_text=_("0 the first; without it the last."))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        expect_one(attrs, "product_link", "variant")
        return attrs


class EditorSerializer(fields.ModelSerializer):
    """An address that was named as an editor's, whether anybody has an account there or not."""

    class Meta:
        model = GiftListEditor
        fields: ClassVar[list[str]] = ["id", "email", "added_at"]
        read_only_fields: ClassVar[list[str]] = ["id", "added_at"]
        # The model's own check of what is there already would be a refusal; the same again is none.
        validators: ClassVar[list[Any]] = []


class ClaimRequestSerializer(serializers.Serializer[None]):
    """Who gives it. Whoever is signed in gives it as that person."""

    guest_name = fields.CharField(max_length=80, required=False, help_text=_("Needed without an account."))


class ClaimSerializer(fields.ModelSerializer):
    """A claim. The token is a guest's, said this once."""

    token = serializers.SerializerMethodField(help_text=_("For `X-Claim-Token`, to take it back; empty for people."))

    class Meta:
        model = GiftClaim
        fields: ClassVar[list[str]] = ["id", "gift", "token", "created_at"]
        read_only_fields = fields

    def get_token(self, claim: GiftClaim) -> str:
        return str(self.context["token"])


class ContributionRequestSerializer(serializers.Serializer[None]):
    """To whom, how much, and the words with it."""

    gift_list = fields.UUIDField(required=False)
    gift = fields.UUIDField(required=False)
    beneficiary = fields.UUIDField(
        required=False, help_text=_("`owner` of a list that you may see: into that person's wallet.")
    )
    amount = fields.MoneyField()
    message = fields.CharField(max_length=280, allow_blank=True, required=False, default="")
    is_anonymous = fields.BooleanField(required=False, default=False)
    share_token = fields.CharField(
        max_length=43, allow_blank=True, required=False, default="", help_text=_("The link by which you know the list.")
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        expect_one(attrs, "gift_list", "gift", "beneficiary")
        return attrs


class ContributionSerializer(fields.ModelSerializer):
    """A contribution and what became of it."""

    title = serializers.SerializerMethodField(help_text=_("The gift's, or the list's name; empty for a person."))
    amount = fields.MoneyField(read_only=True)
    used = serializers.SerializerMethodField(help_text=_("Spent on gifts."))
    refunded = serializers.SerializerMethodField(help_text=_("Back with who gave it."))
    contributor_name = serializers.SerializerMethodField(
        help_text=_("First name and an initial, or “somebody”; empty when it is anonymous.")
    )
    is_mine = serializers.SerializerMethodField(help_text=_("Whether the caller gave it."))

    class Meta:
        model = Contribution
        fields: ClassVar[list[str]] = [
            "id", "gift_list", "gift", "beneficiary", "title", "amount", "used", "refunded", "message", "is_anonymous",
            "contributor_name", "is_mine", "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_title(self, row: Contribution) -> str:
        if row.gift is not None:
            return title_of(row.gift)
        return row.gift_list.name if row.gift_list else ""

    @extend_money
    def get_used(self, row: Contribution) -> dict[str, str]:
        return fields.money_json(Money(row.used_minor, row.currency))

    @extend_money
    def get_refunded(self, row: Contribution) -> dict[str, str]:
        return fields.money_json(Money(row.refunded_minor, row.currency))

    def get_contributor_name(self, row: Contribution) -> str:
        is_hidden = row.is_anonymous and not self.get_is_mine(row)
        return "" if is_hidden else shown_name(row.contributor.name)

    def get_is_mine(self, row: Contribution) -> bool:
        return bool(row.contributor_id == self.context["request"].user.pk)


class MadeContributionSerializer(ContributionSerializer):
    """What was given just now; `rest` went to the list, because the gift is paid for."""

    rest = ContributionSerializer(read_only=True, allow_null=True)

    class Meta(ContributionSerializer.Meta):
        fields: ClassVar[list[str]] = [*ContributionSerializer.Meta.fields, "rest"]
        read_only_fields = fields


class ContributionQuerySerializer(serializers.Serializer[None]):
    """Which contributions."""

    received = fields.ChoiceField(
        choices=[("true", "true"), ("false", "false")], default="false", help_text=_("Those to me instead of mine.")
    )


def expect_one(attrs: dict[str, Any], *names: str) -> None:
    """Raise 400 unless exactly one of the fields is there."""
    if sum(name in attrs for name in names) != 1:
        raise serializers.ValidationError(ONE_THING % {"names": ", ".join(names)}, code="exactly_one")
