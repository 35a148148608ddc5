"""PostgreSQL's one-call path of the ledger: each movement of money is one function, one round trip.

Rules kept by all of them: strict accounts are locked first, in ascending id; lazy ones never; nothing is written
before everything is checked, so a refusal leaves no trace and needs no savepoint; a hold changes only under its
payer's lock. `funds.ledger.orm_engine` does the same for the other engines; one contract suite runs over both.
"""

from django.db import migrations

FUNCTIONS = {
    "funds_open_account(varchar, uuid, varchar, varchar, boolean)": """
CREATE OR REPLACE FUNCTION funds_open_account(
  p_owner_kind varchar, p_owner_id uuid, p_kind varchar, p_currency varchar, p_strict boolean
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE v_id bigint;
BEGIN
  SELECT id INTO v_id FROM funds_account
   WHERE owner_kind = p_owner_kind AND owner_id = p_owner_id AND kind = p_kind AND currency = p_currency;
  IF v_id IS NULL THEN
    INSERT INTO funds_account (owner_kind, owner_id, kind, currency, is_strict, posted, held, deposited, spent, created_at)
    VALUES (p_owner_kind, p_owner_id, p_kind, p_currency, p_strict, 0, 0, 0, 0, clock_timestamp())
    ON CONFLICT (owner_kind, owner_id, kind, currency) DO NOTHING RETURNING id INTO v_id;
  END IF;
  IF v_id IS NULL THEN
    SELECT id INTO STRICT v_id FROM funds_account
     WHERE owner_kind = p_owner_kind AND owner_id = p_owner_id AND kind = p_kind AND currency = p_currency;
  END IF;
  RETURN v_id;
END $$
""",
    "funds_move(bigint, bigint, varchar)": """
CREATE OR REPLACE FUNCTION funds_move(p_account bigint, p_change bigint, p_tally varchar)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE v_after bigint;
BEGIN
  UPDATE funds_account SET posted = posted + p_change,
    deposited = deposited + CASE
      WHEN (p_tally = 'deposited' AND p_change > 0) OR (p_tally = 'deposit_back' AND p_change < 0) THEN p_change
      ELSE 0 END,
    spent = spent - CASE
      WHEN (p_tally = 'spent' AND p_change < 0) OR (p_tally = 'spent_back' AND p_change > 0) THEN p_change
      ELSE 0 END
   WHERE id = p_account AND is_strict RETURNING posted INTO v_after;
  IF NOT FOUND THEN
    INSERT INTO funds_accountdelta (account_id, amount) VALUES (p_account, p_change);
  END IF;
  RETURN v_after;
END $$
""",
    "funds_lapsed(bigint)": """
CREATE OR REPLACE FUNCTION funds_lapsed(p_account bigint) RETURNS bigint LANGUAGE sql AS $$
  SELECT coalesce(sum(amount - captured), 0)::bigint FROM funds_hold
   WHERE payer_id = p_account AND state = 'active' AND expires_at <= clock_timestamp()
$$
""",
    "funds_free_lapsed(bigint)": """
CREATE OR REPLACE FUNCTION funds_free_lapsed(p_account bigint) RETURNS void LANGUAGE sql AS $$
  WITH freed AS (
    UPDATE funds_hold SET state = 'expired', updated_at = clock_timestamp()
     WHERE payer_id = p_account AND state = 'active' AND expires_at <= clock_timestamp()
    RETURNING amount - captured AS rest)
  UPDATE funds_account SET held = held - (SELECT coalesce(sum(rest), 0)::bigint FROM freed) WHERE id = p_account
$$
""",
    (
        "funds_post_transfer(varchar, varchar, varchar, varchar, varchar, varchar, timestamptz, bigint, "
        "bigint[], bigint[], varchar[], bigint[])"
    ): """
CREATE OR REPLACE FUNCTION funds_post_transfer(
  p_scope varchar, p_key varchar, p_fingerprint varchar, p_kind varchar, p_tally varchar, p_source varchar,
  p_event_at timestamptz, p_reverses bigint,
  p_debits bigint[], p_credits bigint[], p_currencies varchar[], p_amounts bigint[],
  OUT journal bigint, OUT outcome varchar, OUT missing bigint
) LANGUAGE plpgsql AS $$
DECLARE
  v_found int;
  v_short record;
  v_lapsed bigint;
  v_free bigint[] := '{}';
  v_print varchar;
BEGIN
  SELECT count(*) INTO v_found FROM unnest(p_debits, p_credits, p_currencies) AS leg(debit, credit, currency)
    JOIN funds_account d ON d.id = leg.debit AND d.currency = leg.currency
    JOIN funds_account c ON c.id = leg.credit AND c.currency = leg.currency;
  IF v_found <> cardinality(p_debits) THEN
    outcome := 'mismatch';
    RETURN;
  END IF;
  PERFORM 1 FROM funds_account WHERE id = ANY (p_debits || p_credits) AND is_strict ORDER BY id FOR NO KEY UPDATE;
  FOR v_short IN
    SELECT a.id, sum(leg.amount)::bigint - (a.posted - a.held) AS short
      FROM unnest(p_debits, p_amounts) AS leg(debit, amount) JOIN funds_account a ON a.id = leg.debit
     WHERE a.is_strict GROUP BY a.id HAVING sum(leg.amount) > a.posted - a.held ORDER BY a.id
  LOOP
    v_lapsed := funds_lapsed(v_short.id);
    IF v_lapsed < v_short.short THEN
      -- Perhaps it is poor because this very journal was posted already.
      SELECT id, fingerprint INTO journal, v_print FROM funds_journal WHERE scope = p_scope AND idem_key = p_key;
      IF FOUND THEN
        outcome := CASE WHEN v_print = p_fingerprint THEN 'replayed' ELSE 'reused' END;
      ELSE
        outcome := 'insufficient';
        missing := v_short.short - v_lapsed;
      END IF;
      RETURN;
    END IF;
    v_free := v_free || v_short.id;
  END LOOP;
  INSERT INTO funds_journal (scope, idem_key, fingerprint, kind, tally, source, reverses_id, event_at, created_at)
  VALUES (p_scope, p_key, p_fingerprint, p_kind, p_tally, p_source, p_reverses, coalesce(p_event_at, clock_timestamp()),
          clock_timestamp())
  ON CONFLICT (scope, idem_key) DO NOTHING RETURNING id INTO journal;
  IF journal IS NULL THEN
    SELECT id, fingerprint INTO STRICT journal, v_print FROM funds_journal WHERE scope = p_scope AND idem_key = p_key;
    outcome := CASE WHEN v_print = p_fingerprint THEN 'replayed' ELSE 'reused' END;
    RETURN;
  END IF;
  FOR i IN 1 .. cardinality(v_free) LOOP
    PERFORM funds_free_lapsed(v_free[i]);
  END LOOP;
  FOR i IN 1 .. cardinality(p_debits) LOOP
    INSERT INTO funds_posting (journal_id, debit_id, credit_id, currency, amount, debit_after, credit_after)
    VALUES (journal, p_debits[i], p_credits[i], p_currencies[i], p_amounts[i],
            funds_move(p_debits[i], -p_amounts[i], p_tally), funds_move(p_credits[i], p_amounts[i], p_tally));
  END LOOP;
  outcome := 'posted';
END $$
""",
    (
        "funds_place_hold(uuid, varchar, varchar, varchar, bigint, bigint, varchar, bigint, interval, varchar)"
    ): """
CREATE OR REPLACE FUNCTION funds_place_hold(
  p_id uuid, p_scope varchar, p_key varchar, p_fingerprint varchar, p_payer bigint, p_payee bigint,
  p_currency varchar, p_amount bigint, p_lasts interval, p_source varchar,
  OUT hold uuid, OUT expires timestamptz, OUT outcome varchar, OUT missing bigint
) LANGUAGE plpgsql AS $$
DECLARE
  v_lapsed bigint := 0;
  v_print varchar;
BEGIN
  PERFORM 1 FROM funds_account p JOIN funds_account r ON r.id = p_payee AND r.currency = p_currency AND r.id <> p.id
    WHERE p.id = p_payer AND p.currency = p_currency AND p.is_strict;
  IF NOT FOUND THEN
    outcome := 'mismatch';
    RETURN;
  END IF;
  PERFORM 1 FROM funds_account WHERE id = p_payer FOR NO KEY UPDATE;
  SELECT id, expires_at, fingerprint INTO hold, expires, v_print FROM funds_hold
   WHERE scope = p_scope AND idem_key = p_key;
  IF FOUND THEN
    outcome := CASE WHEN v_print = p_fingerprint THEN 'replayed' ELSE 'reused' END;
    RETURN;
  END IF;
  SELECT p_amount - (posted - held) INTO missing FROM funds_account WHERE id = p_payer;
  IF missing > 0 THEN
    v_lapsed := funds_lapsed(p_payer);
    IF v_lapsed < missing THEN
      outcome := 'insufficient';
      missing := missing - v_lapsed;
      RETURN;
    END IF;
  END IF;
  INSERT INTO funds_hold (id, scope, idem_key, fingerprint, payer_id, payee_id, currency, amount, captured, refunded,
                          state, source, expires_at, created_at, updated_at)
  VALUES (p_id, p_scope, p_key, p_fingerprint, p_payer, p_payee, p_currency, p_amount, 0, 0,
          'active', p_source, clock_timestamp() + p_lasts, clock_timestamp(), clock_timestamp())
  ON CONFLICT (scope, idem_key) DO NOTHING RETURNING id, expires_at INTO hold, expires;
  IF hold IS NULL THEN
    outcome := 'reused';  -- another payer's hold took the key while we waited
    RETURN;
  END IF;
  IF v_lapsed > 0 THEN
    PERFORM funds_free_lapsed(p_payer);
  END IF;
  UPDATE funds_account SET held = held + p_amount WHERE id = p_payer;
  outcome := 'placed';
END $$
""",
    "funds_capture_hold(uuid, varchar, varchar, varchar, varchar, bigint, boolean, timestamptz)": """
CREATE OR REPLACE FUNCTION funds_capture_hold(
  p_hold uuid, p_scope varchar, p_key varchar, p_fingerprint varchar, p_tally varchar, p_amount bigint,
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
  VALUES (p_scope, p_key, p_fingerprint, 'capture', p_tally, v_hold.source, p_hold,
          coalesce(p_event_at, clock_timestamp()), clock_timestamp())
  RETURNING id INTO journal;
  UPDATE funds_account SET held = held - v_freed WHERE id = v_hold.payer_id;
  v_after := funds_move(v_hold.payer_id, -v_take, p_tally);
  INSERT INTO funds_posting (journal_id, debit_id, credit_id, currency, amount, debit_after, credit_after)
  VALUES (journal, v_hold.payer_id, v_hold.payee_id, v_hold.currency, v_take, v_after,
          funds_move(v_hold.payee_id, v_take, p_tally));
  outcome := 'posted';
END $$
""",
    "funds_release_hold(uuid)": """
CREATE OR REPLACE FUNCTION funds_release_hold(p_hold uuid, OUT outcome varchar, OUT hold_state varchar)
LANGUAGE plpgsql AS $$
DECLARE
  v_payer bigint;
  v_rest bigint;
BEGIN
  SELECT payer_id INTO v_payer FROM funds_hold WHERE id = p_hold;
  IF NOT FOUND THEN
    outcome := 'unknown';
    RETURN;
  END IF;
  PERFORM 1 FROM funds_account WHERE id = v_payer FOR NO KEY UPDATE;
  UPDATE funds_hold SET state = 'released', updated_at = clock_timestamp()
   WHERE id = p_hold AND state = 'active' RETURNING amount - captured INTO v_rest;
  IF FOUND THEN
    UPDATE funds_account SET held = held - v_rest WHERE id = v_payer;
    outcome := 'released';
    hold_state := 'released';
  ELSE
    SELECT state INTO hold_state FROM funds_hold WHERE id = p_hold;
    outcome := CASE WHEN hold_state = 'released' THEN 'replayed' ELSE 'inactive' END;
  END IF;
END $$
""",
}

# Rows that are updated on each transfer stay on their page (heap-only tuples) when there is room.
ROOM = ["ALTER TABLE funds_account SET (fillfactor = 50)", "ALTER TABLE funds_hold SET (fillfactor = 70)"]


def create_functions(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for statement in [*ROOM, *FUNCTIONS.values()]:
        schema_editor.execute(statement)


def drop_functions(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for signature in reversed(FUNCTIONS):
        schema_editor.execute(f"DROP FUNCTION IF EXISTS {signature}")


class Migration(migrations.Migration):
    """Functions only; tables are in 0001."""

    dependencies = [("funds", "0001_initial")]

    operations = [migrations.RunPython(create_functions, drop_functions)]
