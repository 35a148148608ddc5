

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('promotions', '0002_discounts_and_campaigns'),
        ('stores', '0012_movements_by_cause'),
        ('users', '0002_addresses'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='WaitlistPlace',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('customer', models.UUIDField(verbose_name='customer')),
                ('joined_at', models.DateTimeField(verbose_name='joined at')),
                ('turn_at', models.DateTimeField(verbose_name='in line since')),
                ('told_at', models.DateTimeField(null=True, verbose_name='told at')),
                ('told_until', models.DateTimeField(null=True, verbose_name='told until')),
                ('told_unit_id', models.BigIntegerField(null=True)),
                ('told_claim_no', models.PositiveIntegerField(null=True)),
                ('closed_at', models.DateTimeField(null=True, verbose_name='closed at')),
            ],
            options={
                'verbose_name': 'place in the waiting list',
                'verbose_name_plural': 'waiting list',
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('closed_at__isnull', True), ('told_until__isnull', False)), fields=('told_unit_id', 'told_claim_no'), name='promotions_place_one_notice'),
                ],
                'indexes': [
                    models.Index(fields=['customer'], name='promotions_place_of'),
                ],
            },
        ),
        migrations.AddField(
            model_name='flashpromo',
            name='has_waitlist',
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddField(
            model_name='flashpromo',
            name='units_per_customer',
            field=models.PositiveIntegerField(blank=True, help_text='How many one customer may buy; empty for no limit.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(10000)], verbose_name='units per customer'),
        ),
        migrations.AddField(
            model_name='promounit',
            name='freed_at',
            field=models.DateTimeField(null=True, verbose_name='free since'),
        ),
        migrations.AddField(
            model_name='reservation',
            name='is_excused',
            field=models.BooleanField(default=False, verbose_name='excused'),
        ),
        migrations.AddIndex(
            model_name='flashpromo',
            index=models.Index(condition=models.Q(('ended_at__isnull', True), ('has_waitlist', True)), fields=['ends_at'], name='promotions_flash_waited_for'),
        ),
        migrations.AddIndex(
            model_name='promounit',
            index=models.Index(condition=models.Q(('sold_at__isnull', False)), fields=['promo', 'holder'], name='promotions_unit_sold_to'),
        ),
        migrations.AddIndex(
            model_name='reservation',
            index=models.Index(condition=models.Q(('is_excused', False), ('state', 'held')), fields=['customer', '-expires_at'], name='promotions_reservation_lapsed'),
        ),
        migrations.AddConstraint(
            model_name='flashpromo',
            constraint=models.CheckConstraint(condition=models.Q(('units_per_customer__isnull', True), models.Q(('units_per_customer__gte', 1), ('units_per_customer__lte', 10000)), _connector='OR'), name='promotions_flash_per_customer', violation_error_message='Allow each customer 1 to 10,000 units, or leave it empty.'),
        ),
        migrations.AddField(
            model_name='waitlistplace',
            name='promo',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='places', to='promotions.flashpromo'),
        ),
        migrations.AddIndex(
            model_name='waitlistplace',
            index=models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['promo', 'turn_at', 'id'], name='promotions_place_in_line'),
        ),
        migrations.AddConstraint(
            model_name='waitlistplace',
            constraint=models.UniqueConstraint(condition=models.Q(('closed_at__isnull', True)), fields=('promo', 'customer'), name='promotions_place_once'),
        ),
    ]
