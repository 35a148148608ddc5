"""A capture says what it was for: the kind of its journal is a parameter (order, withdrawal, refund of a deposit)."""

from django.db import migrations

NEW = "funds_capture_hold(uuid, varchar, varchar, varchar, varchar, varchar, bigint, boolean, timestamptz)"

CAPTURE = """
CREATE OR REPLACE FUNCTION funds_capture_hold(
  p_hold uuid, p_scope varchar, p_key varchar, p_fingerprint varchar, p_kind varchar, p_tally varchar,
  p_amount bigint,
  p_final boolean, p_event_at timestamptz,
  OUT journal bigint, OUT outcome varchar, OUT hold_state varchar, OUT left_over bigint, OUT hold_currency varchar
) LANGUAGE plpgsql AS $$
DECLARE
  v_hold funds_hold;
  v_take bigint;
  v_freed bigint;
  v_after bigint;
  v_print varchar;
BEGIN
  SELECT * INTO v_hold FROM funds_hold WHERE id = p_hold;
  IF NOT FOUND THEN
    outcome := 'unknown';
    RETURN;
  END IF;
  PERFORM 1 FROM funds_account WHERE id IN (v_hold.payer_id, v_hold.payee_id) AND is_strict
    ORDER BY id FOR NO KEY UPDATE;
  SELECT * INTO v_hold FROM funds_hold WHERE id = p_hold;
  hold_state := v_hold.state;
  hold_currency := v_hold.currency;
  left_over := v_hold.amount - v_hold.captured;
  SELECT id, fingerprint INTO journal, v_print FROM funds_journal WHERE scope = p_scope AND idem_key = p_key;
  IF FOUND THEN
    outcome := CASE WHEN v_print = p_fingerprint THEN 'replayed' ELSE 'reused' END;
    RETURN;
  END IF;
  v_take := coalesce(p_amount, left_over);
  v_freed := CASE WHEN p_final THEN left_over ELSE v_take END;
  IF v_hold.state = 'active' AND v_take > left_over THEN
    outcome := 'exceeds';
    RETURN;
  END IF;
  UPDATE funds_hold SET captured = captured + v_take, updated_at = clock_timestamp(),
         state = CASE WHEN v_freed = left_over THEN 'captured' ELSE 'active' END
   WHERE id = p_hold AND state = 'active' AND expires_at > clock_timestamp();
  IF NOT FOUND THEN
    outcome := 'inactive';
    hold_state := CASE WHEN v_hold.state = 'active' THEN 'expired' ELSE v_hold.state END;
    RETURN;
  END IF;
  INSERT INTO funds_journal (scope, idem_key, fingerprint, kind, tally, source, hold_id, event_at, created_at)
  VALUES (p_scope, p_key, p_fingerprint, p_kind, p_tally, v_hold.source, p_hold,
          coalesce(p_event_at, clock_timestamp()), clock_timestamp())
  RETURNING id INTO journal;
  UPDATE funds_account SET held = held - v_freed WHERE id = v_hold.payer_id;
  v_after := funds_move(v_hold.payer_id, -v_take, p_tally);
  INSERT INTO funds_posting (journal_id, debit_id, credit_id, currency, amount, debit_after, credit_after)
  VALUES (journal, v_hold.payer_id, v_hold.payee_id, v_hold.currency, v_take, v_after,
          funds_move(v_hold.payee_id, v_take, p_tally));
  outcome := 'posted';
END $$
"""


def replace_function(apps, schema_editor):
    """The old one stays for workers that still run the code before this (expand); a later migration drops it."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(CAPTURE)


def drop_function(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP FUNCTION IF EXISTS {NEW}")


class Migration(migrations.Migration):
    """Functions only."""

    dependencies = [("funds", "0005_order_money")]

    operations = [migrations.RunPython(replace_function, drop_function)]
