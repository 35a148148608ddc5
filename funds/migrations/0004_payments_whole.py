"""Payments whole: event ledger, webhooks, refunds, payouts, decisions, reconciliation, wallet settings."""

import django.db.models.deletion
import marketplace.core.ids
from django.conf import settings
from django.db import migrations, models


def name_the_reason(apps, schema_editor):
    """Until now only amounts and currencies that differ were set aside."""
    payments = apps.get_model("funds", "ProviderPayment")
    payments.objects.filter(state="quarantined", quarantine="").update(quarantine="amount")


def write_events(apps, schema_editor):
    """Every payment approved so far gets its row in the event ledger, with the journal that credited it."""
    schema_editor.execute(
        "INSERT INTO funds_paymentevent (payment_id, kind, reference, amount_minor, journal_id, at, created_at) "
        "SELECT p.id, 'approved', p.payment_id, p.amount_minor, j.id, p.provider_updated_at, p.created_at "
        "FROM funds_providerpayment p "
        "JOIN funds_journal j ON j.scope = 'provider:' || p.provider AND j.idem_key = p.payment_id "
        "WHERE p.state = 'approved'"
    )


class Migration(migrations.Migration):

    dependencies = [
        ('funds', '0003_ledger_batch'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.UUIDField(default=marketplace.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('kind', models.CharField(choices=[('retry', 'try the parked task again'), ('give_up', 'give the parked task up'), ('accept_payment', 'credit the payment that was set aside'), ('dismiss_payment', 'leave the payment that was set aside alone'), ('refund', 'refund the payment'), ('payout_settled', 'the payout has arrived'), ('payout_refused', 'the payout will never arrive'), ('adjust', 'adjust a wallet')], max_length=16, verbose_name='kind')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('amount_minor', models.BigIntegerField(verbose_name='amount (minor units)')),
                ('reason', models.CharField(max_length=500, verbose_name='reason')),
                ('needs_second_person', models.BooleanField(verbose_name='needs a second person')),
                ('state', models.CharField(choices=[('waiting', 'waiting for a second person'), ('done', 'carried out'), ('rejected', 'rejected')], default='waiting', max_length=8, verbose_name='state')),
                ('requested_by', models.UUIDField(verbose_name='requested by')),
                ('decided_by', models.UUIDField(null=True, verbose_name='decided by')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='decided at')),
            ],
            options={
                'verbose_name': 'decision',
                'verbose_name_plural': 'decisions',
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='funds_decision_reason'),
                    models.CheckConstraint(condition=models.Q(('decided_by', models.F('requested_by')), ('needs_second_person', True), ('state', 'done'), _negated=True), name='funds_decision_two_people'),
                    models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('state', 'waiting')), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False)), _connector='OR'), name='funds_decision_decided'),
                ],
            },
        ),
        migrations.CreateModel(
            name='FundsPolicy',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('currency', models.CharField(default='MXN', max_length=3, verbose_name='currency')),
                ('second_person_above_minor', models.BigIntegerField(verbose_name='second person above (minor units)')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='in force since')),
            ],
            options={
                'verbose_name': 'funds policy',
                'verbose_name_plural': 'funds policies',
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('second_person_above_minor__gte', 0)), name='funds_policy_limit'),
                ],
                'indexes': [
                    models.Index(fields=['currency', '-id'], name='funds_policy_in_force'),
                ],
            },
        ),
        migrations.CreateModel(
            name='PaymentEvent',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('approved', 'approved'), ('fee', "provider's fee"), ('refunded', 'refunded'), ('disputed', 'disputed'), ('charged_back', 'charged back'), ('lifted', 'charge-back lifted')], max_length=12, verbose_name='kind')),
                ('reference', models.CharField(max_length=80, verbose_name="provider's reference")),
                ('amount_minor', models.BigIntegerField(verbose_name='amount (minor units)')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='recorded at')),
            ],
            options={
                'verbose_name': 'payment event',
                'verbose_name_plural': 'payment events',
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='funds_payment_event_amount'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Payout',
            fields=[
                ('id', models.UUIDField(default=marketplace.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('owner_kind', models.CharField(choices=[('house', 'house'), ('customer', 'customer'), ('store', 'store'), ('provider', 'payment provider'), ('pot', 'pot')], max_length=8, verbose_name='owner kind')),
                ('owner_id', models.UUIDField(verbose_name='owner')),
                ('provider', models.CharField(max_length=20, verbose_name='provider')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('amount_minor', models.BigIntegerField(verbose_name='amount (minor units)')),
                ('destination', models.CharField(blank=True, max_length=64, verbose_name='bank account')),
                ('state', models.CharField(choices=[('requested', 'requested'), ('accepted', 'accepted by the provider'), ('settled', 'settled'), ('failed', 'refused'), ('cancelled', 'cancelled')], default='requested', max_length=10, verbose_name='state')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
                ('requested_by', models.UUIDField(null=True, verbose_name='requested by')),
                ('provider_payout_id', models.CharField(blank=True, max_length=80, verbose_name="provider's id")),
                ('failure', models.CharField(blank=True, max_length=200, verbose_name='why it was refused')),
                ('next_check_at', models.DateTimeField(null=True, verbose_name='provider asked again at')),
                ('settled_at', models.DateTimeField(null=True, verbose_name='settled at')),
            ],
            options={
                'verbose_name': 'payout',
                'verbose_name_plural': 'payouts',
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='funds_payout_amount'),
                ],
                'indexes': [
                    models.Index(fields=['owner_kind', 'owner_id', 'id'], name='funds_payout_of_owner'),
                    models.Index(condition=models.Q(('next_check_at__isnull', False)), fields=['next_check_at'], name='funds_payout_unsettled'),
                ],
            },
        ),
        migrations.CreateModel(
            name='ProviderCircuit',
            fields=[
                ('provider', models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name='provider')),
                ('failures', models.PositiveIntegerField(default=0, verbose_name='failures in a row')),
                ('open_until', models.DateTimeField(verbose_name='open until')),
                ('busy_until', models.DateTimeField(verbose_name='busy until')),
            ],
            options={
                'verbose_name': 'provider circuit',
                'verbose_name_plural': 'provider circuits',
            },
        ),
        migrations.CreateModel(
            name='ProviderEvent',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('provider', models.CharField(max_length=20, verbose_name='provider')),
                ('event_key', models.CharField(max_length=120, verbose_name='key')),
                ('payment_id', models.CharField(max_length=80, verbose_name="provider's payment id")),
                ('received_at', models.DateTimeField(verbose_name='received at')),
                ('processed_at', models.DateTimeField(null=True, verbose_name='processed at')),
            ],
            options={
                'verbose_name': 'provider event',
                'verbose_name_plural': 'provider events',
                'constraints': [
                    models.UniqueConstraint(fields=('provider', 'event_key'), name='funds_provider_event_once'),
                ],
                'indexes': [
                    models.Index(condition=models.Q(('processed_at__isnull', True)), fields=['received_at'], name='funds_event_waiting'),
                    models.Index(fields=['provider', 'payment_id'], name='funds_event_of_payment'),
                ],
            },
        ),
        migrations.CreateModel(
            name='ReconciliationFinding',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('provider', models.CharField(max_length=20, verbose_name='provider')),
                ('kind', models.CharField(choices=[('lost_webhook', 'nobody had told us'), ('provider_only', 'a payment that only the provider knows'), ('paid_twice', 'a deposit paid more than once'), ('provider_refund', 'a refund made at the provider'), ('charge_back', 'a charge-back'), ('mismatch', 'a payment that does not match its deposit'), ('late_success', 'paid after it had expired'), ('payout', 'a payout that had ended'), ('clearing', "clearing differs from the provider's payments")], max_length=16, verbose_name='kind')),
                ('subject', models.CharField(max_length=120, verbose_name='subject')),
                ('detail', models.CharField(blank=True, max_length=300, verbose_name='detail')),
                ('is_repaired', models.BooleanField(verbose_name='repaired')),
                ('found_at', models.DateTimeField(auto_now_add=True, verbose_name='found at')),
            ],
            options={
                'verbose_name': 'reconciliation finding',
                'verbose_name_plural': 'reconciliation findings',
                'constraints': [
                    models.UniqueConstraint(fields=('provider', 'kind', 'subject'), name='funds_finding_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='ReconciliationRun',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('provider', models.CharField(max_length=20, verbose_name='provider')),
                ('since', models.DateTimeField(verbose_name='from')),
                ('until', models.DateTimeField(verbose_name='until')),
                ('seen_count', models.PositiveIntegerField(default=0, verbose_name='payments seen')),
                ('finding_count', models.PositiveIntegerField(default=0, verbose_name='differences')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished at')),
            ],
            options={
                'verbose_name': 'reconciliation',
                'verbose_name_plural': 'reconciliations',
                'indexes': [
                    models.Index(fields=['provider', '-until'], name='funds_reconciliation_last'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.UUIDField(default=marketplace.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('amount_minor', models.BigIntegerField(verbose_name='amount (minor units)')),
                ('state', models.CharField(choices=[('requested', 'requested'), ('settled', 'settled'), ('failed', 'refused')], default='requested', max_length=10, verbose_name='state')),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('requested_by', models.UUIDField(null=True, verbose_name='requested by')),
                ('provider_refund_id', models.CharField(blank=True, max_length=80, verbose_name="provider's id")),
                ('settled_at', models.DateTimeField(null=True, verbose_name='settled at')),
            ],
            options={
                'verbose_name': 'refund',
                'verbose_name_plural': 'refunds',
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='funds_refund_amount'),
                ],
            },
        ),
        migrations.CreateModel(
            name='WalletSettings',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('customer_id', models.UUIDField()),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('weekly_limit_minor', models.BigIntegerField(null=True, verbose_name='weekly limit (minor units)')),
                ('low_balance_minor', models.BigIntegerField(null=True, verbose_name='low balance below (minor units)')),
                ('is_low', models.BooleanField(default=False)),
            ],
            options={
                'verbose_name': 'wallet settings',
                'verbose_name_plural': 'wallet settings',
                'constraints': [
                    models.UniqueConstraint(fields=('customer_id', 'currency'), name='funds_wallet_settings_once'),
                    models.CheckConstraint(condition=models.Q(('weekly_limit_minor__isnull', True), ('weekly_limit_minor__gte', 0), _connector='OR'), name='funds_wallet_settings_weekly'),
                    models.CheckConstraint(condition=models.Q(('low_balance_minor__isnull', True), ('low_balance_minor__gte', 0), _connector='OR'), name='funds_wallet_settings_low'),
                ],
            },
        ),
        migrations.RemoveConstraint(
            model_name='paymenttask',
            name='funds_task_once',
        ),
        migrations.AddField(
            model_name='deposit',
            name='expires_at',
            field=models.DateTimeField(null=True, verbose_name='can be paid until'),
        ),
        migrations.AddField(
            model_name='deposit',
            name='next_check_at',
            field=models.DateTimeField(null=True, verbose_name='provider asked again at'),
        ),
        migrations.AddField(
            model_name='deposit',
            name='order_id',
            field=models.UUIDField(null=True, verbose_name='for the order'),
        ),
        migrations.AddField(
            model_name='paymenttask',
            name='deferrals',
            field=models.PositiveIntegerField(default=0, verbose_name='not taken up'),
        ),
        migrations.AddField(
            model_name='paymenttask',
            name='provider',
            field=models.CharField(default='sandbox', max_length=20, verbose_name='provider'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='providerpayment',
            name='quarantine',
            field=models.CharField(blank=True, choices=[('amount', 'another amount than asked for'), ('currency', 'another currency than asked for'), ('receiver', "paid to another account than the shop's"), ('reference', 'under an unknown reference'), ('changed', 'the provider changed what it said before')], max_length=10, verbose_name='set aside because'),
        ),
        migrations.AlterField(
            model_name='account',
            name='kind',
            field=models.CharField(choices=[('wallet', 'wallet'), ('pot', 'pot'), ('escrow', 'order escrow'), ('payable', 'store payable'), ('payout', 'store payout reserve'), ('clearing', 'provider clearing'), ('commission', 'commission'), ('tax', 'tax'), ('fees', 'provider fees'), ('promotions', 'promotions expense'), ('loyalty', 'loyalty liability'), ('receivable', 'receivable'), ('equity', 'house equity')], max_length=12, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='journal',
            name='kind',
            field=models.CharField(choices=[('deposit', 'deposit'), ('order_payment', 'order payment'), ('order_settlement', 'order settlement'), ('order_refund', 'order refund'), ('capture', 'capture of a hold'), ('transfer', 'transfer'), ('reversal', 'reversal'), ('provider_fee', "provider's fee"), ('deposit_refund', 'refund of a deposit'), ('charge_back', 'charge-back'), ('withdrawal', 'withdrawal'), ('store_payout', 'payout to a store'), ('reserve', 'set aside for a payout'), ('recovery', 'recovery of a debt'), ('adjustment', 'adjustment')], max_length=16, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='paymentattempt',
            name='number',
            field=models.PositiveIntegerField(verbose_name='number'),
        ),
        migrations.AlterField(
            model_name='paymentattempt',
            name='outcome',
            field=models.CharField(choices=[('open', 'no answer recorded'), ('accepted', 'accepted'), ('refused', 'refused'), ('unknown', 'unknown'), ('deferred', 'not taken up')], default='open', max_length=8, verbose_name='outcome'),
        ),
        migrations.AlterField(
            model_name='paymenttask',
            name='attempts',
            field=models.PositiveIntegerField(default=0, verbose_name='attempts'),
        ),
        migrations.AlterField(
            model_name='paymenttask',
            name='deposit',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to='funds.deposit', verbose_name='deposit'),
        ),
        migrations.AlterField(
            model_name='paymenttask',
            name='kind',
            field=models.CharField(choices=[('start_deposit', 'start a deposit'), ('read_payment', 'read a payment back'), ('refund', 'refund a payment'), ('payout', 'pay out')], max_length=16, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='providerpayment',
            name='deposit',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='funds.deposit', verbose_name='deposit'),
        ),
        migrations.AlterField(
            model_name='providerpayment',
            name='state',
            field=models.CharField(choices=[('pending', 'pending'), ('approved', 'approved'), ('rejected', 'rejected'), ('disputed', 'disputed'), ('charged_back', 'charged back'), ('quarantined', 'set aside for review')], max_length=12, verbose_name='state'),
        ),
        migrations.AddIndex(
            model_name='deposit',
            index=models.Index(condition=models.Q(('next_check_at__isnull', False)), fields=['next_check_at'], name='funds_deposit_unsettled'),
        ),
        migrations.AddIndex(
            model_name='deposit',
            index=models.Index(condition=models.Q(('order_id__isnull', False)), fields=['order_id'], name='funds_deposit_of_order'),
        ),
        migrations.AddIndex(
            model_name='providerpayment',
            index=models.Index(condition=models.Q(('state', 'quarantined')), fields=['id'], name='funds_payment_quarantined'),
        ),
        migrations.RunPython(name_the_reason, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='providerpayment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'quarantined'), models.Q(('quarantine', ''), _negated=True)), models.Q(models.Q(('state', 'quarantined'), _negated=True), ('quarantine', '')), _connector='OR'), name='funds_provider_payment_quarantine'),
        ),
        migrations.AddField(
            model_name='decision',
            name='customer',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='customer'),
        ),
        migrations.AddField(
            model_name='decision',
            name='payment',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='funds.providerpayment', verbose_name='payment'),
        ),
        migrations.AddField(
            model_name='decision',
            name='task',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='funds.paymenttask', verbose_name='task'),
        ),
        migrations.AddField(
            model_name='paymentevent',
            name='journal',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='funds.journal', verbose_name='journal'),
        ),
        migrations.AddField(
            model_name='paymentevent',
            name='payment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='funds.providerpayment', verbose_name='payment'),
        ),
        migrations.AddField(
            model_name='payout',
            name='hold',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='funds.hold', verbose_name='hold'),
        ),
        migrations.AddField(
            model_name='decision',
            name='payout',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='funds.payout', verbose_name='payout'),
        ),
        migrations.AddField(
            model_name='paymenttask',
            name='payout',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to='funds.payout', verbose_name='payout'),
        ),
        migrations.AddField(
            model_name='paymenttask',
            name='event',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to='funds.providerevent', verbose_name='webhook'),
        ),
        migrations.AddField(
            model_name='reconciliationfinding',
            name='payment',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='funds.providerpayment', verbose_name='payment'),
        ),
        migrations.AddField(
            model_name='refund',
            name='hold',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='funds.hold', verbose_name='hold'),
        ),
        migrations.AddField(
            model_name='refund',
            name='payment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='funds.providerpayment', verbose_name='payment'),
        ),
        migrations.AddField(
            model_name='paymenttask',
            name='refund',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to='funds.refund', verbose_name='refund'),
        ),
        migrations.AddIndex(
            model_name='paymenttask',
            index=models.Index(condition=models.Q(('state', 'needs_review')), fields=['run_at'], name='funds_task_parked'),
        ),
        migrations.AddConstraint(
            model_name='paymenttask',
            constraint=models.UniqueConstraint(fields=('deposit', 'intent'), name='funds_task_of_deposit_once'),
        ),
        migrations.AddConstraint(
            model_name='paymenttask',
            constraint=models.UniqueConstraint(fields=('event', 'intent'), name='funds_task_of_event_once'),
        ),
        migrations.AddConstraint(
            model_name='paymenttask',
            constraint=models.UniqueConstraint(fields=('refund', 'intent'), name='funds_task_of_refund_once'),
        ),
        migrations.AddConstraint(
            model_name='paymenttask',
            constraint=models.UniqueConstraint(fields=('payout', 'intent'), name='funds_task_of_payout_once'),
        ),
        migrations.AddConstraint(
            model_name='paymenttask',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('deposit__isnull', False), ('event__isnull', True), ('kind', 'start_deposit'), ('payout__isnull', True), ('refund__isnull', True)), models.Q(('deposit__isnull', True), ('event__isnull', False), ('kind', 'read_payment'), ('payout__isnull', True), ('refund__isnull', True)), models.Q(('deposit__isnull', True), ('event__isnull', True), ('kind', 'refund'), ('payout__isnull', True), ('refund__isnull', False)), models.Q(('deposit__isnull', True), ('event__isnull', True), ('kind', 'payout'), ('payout__isnull', False), ('refund__isnull', True)), _connector='OR'), name='funds_task_subject'),
        ),
        migrations.AddConstraint(
            model_name='paymentevent',
            constraint=models.UniqueConstraint(fields=('payment', 'reference', 'kind'), name='funds_payment_event_once'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'waiting'), ('task__isnull', False)), fields=('task',), name='funds_decision_task_once'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.UniqueConstraint(condition=models.Q(('payment__isnull', False), ('state', 'waiting')), fields=('payment',), name='funds_decision_pay_once'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.UniqueConstraint(condition=models.Q(('payout__isnull', False), ('state', 'waiting')), fields=('payout',), name='funds_decision_out_once'),
        ),
        migrations.RunPython(write_events, migrations.RunPython.noop),
    ]
