"""Invoices and credit notes. 0003 is another branch's: whoever merges lets this one depend on it."""

import django.db.models.deletion
import marketplace.core.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('purchases', '0002_shopping'),
        ('stores', '0011_price_walks'),
    ]

    operations = [
        migrations.CreateModel(
            name='InvoiceSeries',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=160, unique=True, verbose_name='name')),
                ('last_number', models.PositiveBigIntegerField(default=0, verbose_name='last number')),
                ('store', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store', verbose_name='store')),
            ],
            options={
                'verbose_name': 'invoice series',
                'verbose_name_plural': 'invoice series',
            },
        ),
        migrations.CreateModel(
            name='Invoice',
            fields=[
                ('id', models.UUIDField(default=marketplace.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('number', models.PositiveBigIntegerField(null=True, verbose_name='number')),
                ('kind', models.CharField(choices=[('invoice', 'invoice'), ('credit_note', 'credit note')], max_length=12, verbose_name='kind')),
                ('total_minor', models.BigIntegerField(verbose_name='total (minor units)')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('snapshot', models.JSONField(verbose_name='what it says')),
                ('buyer', models.JSONField(default=dict, verbose_name='buyer')),
                ('issued_at', models.DateTimeField(null=True, verbose_name='issued at')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invoices', to='purchases.order', verbose_name='order')),
                ('order_return', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='invoices', to='purchases.orderreturn', verbose_name='return')),
                ('part', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invoices', to='purchases.orderpart', verbose_name='part')),
                ('series', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invoices', to='purchases.invoiceseries', verbose_name='series')),
            ],
            options={
                'verbose_name': 'invoice',
                'verbose_name_plural': 'invoices',
                'indexes': [models.Index(condition=models.Q(('number__isnull', True)), fields=['series'], name='purchases_invoice_waiting')],
                'constraints': [models.UniqueConstraint(fields=('series', 'number'), name='purchases_invoice_number_once'), models.UniqueConstraint(condition=models.Q(('kind', 'invoice')), fields=('part',), name='purchases_invoice_once_per_part'), models.UniqueConstraint(condition=models.Q(('kind', 'credit_note'), ('order_return__isnull', True)), fields=('part',), name='purchases_credit_once_per_part'), models.UniqueConstraint(condition=models.Q(('kind', 'credit_note'), ('order_return__isnull', False)), fields=('part', 'order_return'), name='purchases_credit_once_per_return'), models.CheckConstraint(condition=models.Q(models.Q(('issued_at__isnull', True), ('number__isnull', True)), models.Q(('issued_at__isnull', False), ('number__gte', 1)), _connector='OR'), name='purchases_invoice_issued'), models.CheckConstraint(condition=models.Q(('total_minor__gte', 0), models.Q(('kind', 'credit_note'), ('order_return__isnull', True), _connector='OR')), name='purchases_invoice_amounts')],
            },
        ),
    ]
