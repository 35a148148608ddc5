"""Orders' money: payments of orders, what of them was settled and what went back."""

import django.db.models.deletion
import django.db.models.expressions
import marketplace.core.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('funds', '0004_payments_whole'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='OrderMoney',
            fields=[
                ('order_id', models.UUIDField(primary_key=True, serialize=False, verbose_name='order')),
                ('customer_id', models.UUIDField(verbose_name='customer')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('paid_minor', models.BigIntegerField(verbose_name='paid (minor units)')),
                ('refunded_minor', models.BigIntegerField(default=0, verbose_name='refunded (minor units)')),
                ('hold', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='funds.hold', verbose_name='paid from the hold')),
                ('journal', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='funds.journal', verbose_name='journal')),
            ],
            options={
                'verbose_name': "order's money",
                'verbose_name_plural': "orders' money",
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('refunded_minor__gte', 0), ('refunded_minor__lte', models.F('paid_minor'))), name='funds_order_refunded'),
                ],
            },
        ),
        migrations.CreateModel(
            name='OrderPayment',
            fields=[
                ('id', models.UUIDField(default=marketplace.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('order_id', models.UUIDField(verbose_name='order')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('total_minor', models.BigIntegerField(verbose_name='total (minor units)')),
                ('wallet_minor', models.BigIntegerField(verbose_name='from the wallet (minor units)')),
                ('provider', models.CharField(blank=True, max_length=20, verbose_name='provider')),
                ('state', models.CharField(choices=[('awaiting', 'awaiting payment'), ('paid', 'paid'), ('failed', 'failed'), ('expired', 'expired'), ('cancelled', 'cancelled'), ('partly_refunded', 'partly refunded'), ('refunded', 'refunded')], default='awaiting', max_length=16, verbose_name='state')),
                ('expires_at', models.DateTimeField(null=True, verbose_name='can be paid until')),
                ('paid_at', models.DateTimeField(null=True, verbose_name='paid at')),
                ('customer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='customer')),
                ('deposit', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='order_payment', to='funds.deposit', verbose_name='deposit')),
                ('hold', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='funds.hold', verbose_name='hold')),
            ],
            options={
                'verbose_name': 'order payment',
                'verbose_name_plural': 'order payments',
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('state__in', ['awaiting', 'paid', 'partly_refunded', 'refunded'])), fields=('order_id',), name='funds_order_payment_live'),
                    models.CheckConstraint(condition=models.Q(('wallet_minor__gte', 0), ('wallet_minor__lte', models.F('total_minor'))), name='funds_order_payment_split'),
                    models.CheckConstraint(condition=models.Q(models.Q(('deposit__isnull', True), ('wallet_minor', models.F('total_minor'))), models.Q(('deposit__isnull', False), ('expires_at__isnull', False), ('wallet_minor__lt', models.F('total_minor'))), _connector='OR'), name='funds_order_payment_deposit'),
                    models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['paid', 'partly_refunded', 'refunded']), _negated=True), ('paid_at__isnull', False), _connector='OR'), name='funds_order_payment_paid_at'),
                ],
                'indexes': [
                    models.Index(fields=['customer', 'id'], name='funds_order_payment_of'),
                    models.Index(condition=models.Q(('state', 'awaiting')), fields=['expires_at'], name='funds_order_payment_lapse'),
                ],
            },
        ),
        migrations.CreateModel(
            name='OrderRefund',
            fields=[
                ('id', models.UUIDField(default=marketplace.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('key', models.CharField(max_length=80, verbose_name='key')),
                ('fingerprint', models.CharField(editable=False, max_length=32)),
                ('amount_minor', models.BigIntegerField(verbose_name='amount (minor units)')),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('journal', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='funds.journal', verbose_name='journal')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='funds.ordermoney', verbose_name='order')),
            ],
            options={
                'verbose_name': 'order refund',
                'verbose_name_plural': 'order refunds',
                'constraints': [
                    models.UniqueConstraint(fields=('order', 'key'), name='funds_order_refund_once'),
                    models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='funds_order_refund_amount'),
                ],
            },
        ),
        migrations.CreateModel(
            name='PartMoney',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('store_id', models.UUIDField(verbose_name='store')),
                ('total_minor', models.BigIntegerField(verbose_name='total (minor units)')),
                ('refunded_minor', models.BigIntegerField(default=0, verbose_name='refunded (minor units)')),
                ('payable_minor', models.BigIntegerField(default=0, verbose_name="store's share (minor units)")),
                ('commission_minor', models.BigIntegerField(default=0, verbose_name='commission (minor units)')),
                ('tax_minor', models.BigIntegerField(default=0, verbose_name='tax (minor units)')),
                ('settled_at', models.DateTimeField(null=True, verbose_name='settled at')),
                ('journal', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='funds.journal', verbose_name='journal')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='funds.ordermoney', verbose_name='order')),
            ],
            options={
                'verbose_name': "money of an order's part",
                'verbose_name_plural': "money of orders' parts",
                'constraints': [
                    models.UniqueConstraint(fields=('order', 'store_id'), name='funds_part_once'),
                    models.CheckConstraint(condition=models.Q(('refunded_minor__gte', 0), ('refunded_minor__lte', models.F('total_minor'))), name='funds_part_refunded'),
                    models.CheckConstraint(condition=models.Q(('commission_minor__gte', 0), ('payable_minor__gte', 0), ('tax_minor__gte', 0)), name='funds_part_shares'),
                    models.CheckConstraint(condition=models.Q(models.Q(('commission_minor', 0), ('payable_minor', 0), ('settled_at__isnull', True), ('tax_minor', 0)), models.Q(('settled_at__isnull', False), ('total_minor', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('refunded_minor'), '+', models.F('payable_minor')), '+', models.F('commission_minor')), '+', models.F('tax_minor')))), _connector='OR'), name='funds_part_nothing_lost'),
                ],
            },
        ),
    ]
