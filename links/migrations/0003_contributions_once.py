"""A contribution has its giver's key; an editor is named by an address, whether anybody has an account there or not.

The tables are new and empty: no rows to fill.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Columns and constraints."""

    dependencies = [
        ("links", "0002_product_pages_handed_out"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="giftlisteditor", name="links_editor_once"),
        migrations.AddField(
            model_name="contribution",
            name="key",
            field=models.CharField(default="", editable=False, max_length=80),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="contribution", name="is_rest", field=models.BooleanField(default=False, editable=False)
        ),
        migrations.AddField(
            model_name="giftlisteditor",
            name="email",
            field=models.EmailField(default="", max_length=254, verbose_name="e-mail address"),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="giftlisteditor",
            name="user",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="giftlisteditor",
            index=models.Index(
                condition=models.Q(("user__isnull", True)), fields=["email"], name="links_editor_to_come"
            ),
        ),
        migrations.AddConstraint(
            model_name="contribution",
            constraint=models.UniqueConstraint(
                fields=("contributor", "key", "is_rest"), name="links_contribution_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="giftlisteditor",
            constraint=models.UniqueConstraint(fields=("gift_list", "email"), name="links_editor_once"),
        ),
    ]
