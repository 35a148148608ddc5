"""PostgreSQL: a transfer of one leg in as few statements as will do, and many transfers of many legs in one call.

The rules of 0002 are kept: strict accounts are locked first, in ascending id; lazy ones never; nothing is written before
everything is checked. 0002's `funds_post_transfer` stays for processes of the release before; nothing calls it any more.
"""

from django.db import migrations

LEG = (
    "funds_post_leg(varchar, varchar, varchar, varchar, varchar, varchar, timestamptz, bigint, bigint, bigint, varchar, "
    "bigint)"
)

POST_LEG = """
CREATE OR REPLACE FUNCTION funds_post_leg(
  p_scope varchar, p_key varchar, p_fingerprint varchar, p_kind varchar, p_tally varchar, p_source varchar,
  p_event_at timestamptz, p_reverses bigint, p_debit bigint, p_credit bigint, p_currency varchar, p_amount bigint,
  OUT journal bigint, OUT outcome varchar, OUT missing bigint
) LANGUAGE plpgsql AS $$
DECLARE
  v_strict record;
  v_print varchar;
  v_lapsed bigint;
BEGIN
  SELECT count(*) AS number, bool_and(currency = p_currency) AS agree,
         max(posted) FILTER (WHERE id = p_debit) AS debit, max(posted) FILTER (WHERE id = p_credit) AS credit,
         p_amount - max(posted - held) FILTER (WHERE id = p_debit) AS short
    INTO v_strict
    FROM (SELECT id, currency, posted, held FROM funds_account
           WHERE id IN (p_debit, p_credit) AND is_strict ORDER BY id FOR NO KEY UPDATE) AS locked;
  IF v_strict.number < 2 THEN
    PERFORM 1 FROM funds_account WHERE id IN (p_debit, p_credit) AND NOT is_strict AND currency = p_currency
      HAVING count(*) + v_strict.number = 2;
    v_strict.agree := FOUND AND v_strict.agree IS NOT FALSE;
  END IF;
  IF NOT v_strict.agree THEN
    outcome := 'mismatch';
    RETURN;
  END IF;
  IF v_strict.short > 0 THEN
    v_lapsed := funds_lapsed(p_debit);
    IF v_lapsed < v_strict.short THEN
      -- Perhaps it is poor because this very journal was posted already.
      SELECT id, fingerprint INTO journal, v_print FROM funds_journal WHERE scope = p_scope AND idem_key = p_key;
      IF FOUND THEN
        outcome := CASE WHEN v_print = p_fingerprint THEN 'replayed' ELSE 'reused' END;
      ELSE
        outcome := 'insufficient';
        missing := v_strict.short - v_lapsed;
      END IF;
      RETURN;
    END IF;
  END IF;
  INSERT INTO funds_journal (scope, idem_key, fingerprint, kind, tally, source, reverses_id, event_at, created_at)
  VALUES (p_scope, p_key, p_fingerprint, p_kind, p_tally, p_source, p_reverses, coalesce(p_event_at, clock_timestamp()),
          clock_timestamp())
  ON CONFLICT (scope, idem_key) DO NOTHING RETURNING id INTO journal;
  IF journal IS NULL THEN
    SELECT id, fingerprint INTO STRICT journal, v_print FROM funds_journal WHERE scope = p_scope AND idem_key = p_key;
    outcome := CASE WHEN v_print = p_fingerprint THEN 'replayed' ELSE 'reused' END;
    RETURN;
  END IF;
  IF v_lapsed IS NOT NULL THEN
    PERFORM funds_free_lapsed(p_debit);
  END IF;
  INSERT INTO funds_posting (journal_id, debit_id, credit_id, currency, amount, debit_after, credit_after)
  VALUES (journal, p_debit, p_credit, p_currency, p_amount, v_strict.debit - p_amount, v_strict.credit + p_amount);
  UPDATE funds_account SET
    posted = posted + CASE id WHEN p_debit THEN -p_amount ELSE p_amount END,
    deposited = deposited + CASE
      WHEN id = p_credit AND p_tally = 'deposited' THEN p_amount
      WHEN id = p_debit AND p_tally = 'deposit_back' THEN -p_amount ELSE 0 END,
    spent = spent + CASE
      WHEN id = p_debit AND p_tally = 'spent' THEN p_amount
      WHEN id = p_credit AND p_tally = 'spent_back' THEN -p_amount ELSE 0 END
   WHERE id IN (p_debit, p_credit) AND is_strict;
  IF v_strict.number < 2 THEN
    INSERT INTO funds_accountdelta (account_id, amount)
    SELECT side.account, side.change FROM (VALUES (p_debit, -p_amount, v_strict.debit), (p_credit, p_amount, v_strict.credit))
           AS side(account, change, posted) WHERE side.posted IS NULL;
  END IF;
  outcome := 'posted';
END $$
"""

BATCH = (
    "funds_post_batch(varchar[], varchar[], varchar[], varchar[], varchar[], varchar[], timestamptz[], bigint[], "
    "varchar[], uuid[], varchar[], varchar[], boolean[], int[], bigint[], bigint[], varchar[], bigint[], varchar[])"
)

# Accounts named by key come as -1, -2, … in `p_debits` and `p_credits`: places in the lists of keys.
# Arrays are joined by unnest and never to one another: with thousands of rows a nested loop over two of them is dear.
# Every table is met by an index whatever the number of rows, so one generic plan is right, and planning anew for each
# call's arrays would cost more than the call.
POST_BATCH = """
CREATE OR REPLACE FUNCTION funds_post_batch(
  p_scopes varchar[], p_keys varchar[], p_fingerprints varchar[], p_kinds varchar[], p_tallies varchar[],
  p_sources varchar[], p_moments timestamptz[], p_reverses bigint[],
  p_owner_kinds varchar[], p_owners uuid[], p_account_kinds varchar[], p_account_currencies varchar[],
  p_stricts boolean[],
  p_of int[], p_debits bigint[], p_credits bigint[], p_currencies varchar[], p_amounts bigint[], p_leg_tallies varchar[],
  OUT journals bigint[], OUT replays boolean[], OUT outcome varchar, OUT missing bigint, OUT short_currency varchar
) LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_accounts bigint[] := '{}';
  v_debits bigint[];
  v_credits bigint[];
  v_short record;
  v_lapsed bigint;
  v_free bigint[];
  v_is_in_doubt boolean := false;
  v_reused boolean;
  v_new bigint[];
  v_one bigint;
BEGIN
  FOR attempt IN 1 .. 2 LOOP
    SELECT coalesce(array_agg(a.id ORDER BY k.place), '{}') INTO v_accounts
      FROM unnest(p_owner_kinds, p_owners, p_account_kinds, p_account_currencies) WITH ORDINALITY
           AS k(owner_kind, owner, kind, currency, place)
      JOIN funds_account a
        ON a.owner_kind = k.owner_kind AND a.owner_id = k.owner AND a.kind = k.kind AND a.currency = k.currency;
    EXIT WHEN cardinality(v_accounts) = cardinality(p_owners);
    INSERT INTO funds_account (owner_kind, owner_id, kind, currency, is_strict, posted, held, deposited, spent, created_at)
    SELECT k.*, 0, 0, 0, 0, clock_timestamp()
      FROM unnest(p_owner_kinds, p_owners, p_account_kinds, p_account_currencies, p_stricts)
           AS k(owner_kind, owner, kind, currency, strict)
     ORDER BY k.owner_kind, k.owner, k.kind, k.currency
    ON CONFLICT (owner_kind, owner_id, kind, currency) DO NOTHING;
  END LOOP;
  SELECT array_agg(CASE WHEN leg.debit < 0 THEN v_accounts[-leg.debit] ELSE leg.debit END ORDER BY leg.place),
         array_agg(CASE WHEN leg.credit < 0 THEN v_accounts[-leg.credit] ELSE leg.credit END ORDER BY leg.place)
    INTO v_debits, v_credits
    FROM unnest(p_debits, p_credits) WITH ORDINALITY AS leg(debit, credit, place);
  PERFORM 1 FROM funds_account WHERE id = ANY (v_debits || v_credits) AND is_strict ORDER BY id FOR NO KEY UPDATE;
  PERFORM 1 FROM (
    SELECT DISTINCT account, currency
      FROM unnest(v_debits || v_credits, p_currencies || p_currencies) AS side(account, currency)
    ) AS side LEFT JOIN funds_account a ON a.id = side.account
   WHERE a.id IS NULL OR a.currency <> side.currency;
  IF FOUND THEN
    outcome := 'mismatch';
    RETURN;
  END IF;
  -- Keys are new, as a rule: they are looked up only when something speaks against it.
  journals := array_fill(NULL::bigint, ARRAY[cardinality(p_keys)]);
  replays := array_fill(false, ARRAY[cardinality(p_keys)]);
  <<attempt>>
  LOOP
    IF v_is_in_doubt THEN
      SELECT array_agg(j.id ORDER BY t.place), array_agg(j.id IS NOT NULL ORDER BY t.place),
             bool_or(j.fingerprint <> t.fingerprint)
        INTO journals, replays, v_reused
        FROM unnest(p_scopes, p_keys, p_fingerprints) WITH ORDINALITY AS t(scope, key, fingerprint, place)
        LEFT JOIN funds_journal j ON j.scope = t.scope AND j.idem_key = t.key;
      IF v_reused THEN
        outcome := 'reused';
        RETURN;
      END IF;
    END IF;
    outcome := 'posted';
    IF false <> ALL (replays) THEN
      RETURN;
    END IF;
    v_free := '{}';
    FOR v_short IN
      SELECT a.id, a.currency, sum(leg.amount)::bigint - (a.posted - a.held) AS short
        FROM unnest(p_of, v_debits, p_amounts) AS leg(of, debit, amount) JOIN funds_account a ON a.id = leg.debit
       WHERE a.is_strict AND NOT replays[leg.of]
       GROUP BY a.id HAVING sum(leg.amount) > a.posted - a.held ORDER BY a.id
    LOOP
      v_lapsed := funds_lapsed(v_short.id);
      IF v_lapsed < v_short.short THEN
        IF NOT v_is_in_doubt THEN
          v_is_in_doubt := true;  -- perhaps it is poor because some of this was posted already
          CONTINUE attempt;
        END IF;
        outcome := 'insufficient';
        missing := v_short.short - v_lapsed;
        short_currency := v_short.currency;
        RETURN;
      END IF;
      v_free := v_free || v_short.id;
    END LOOP;
    BEGIN
      WITH written AS (
        INSERT INTO funds_journal (scope, idem_key, fingerprint, kind, tally, source, reverses_id, event_at, created_at)
        SELECT t.scope, t.key, t.fingerprint, t.kind, t.tally, t.source, t.reverses,
               coalesce(t.moment, clock_timestamp()), clock_timestamp()
          FROM unnest(p_scopes, p_keys, p_fingerprints, p_kinds, p_tallies, p_sources, p_reverses, p_moments)
               WITH ORDINALITY AS t(scope, key, fingerprint, kind, tally, source, reverses, moment, place)
         WHERE NOT replays[t.place] ORDER BY t.place
        ON CONFLICT (scope, idem_key) DO NOTHING RETURNING id)
      SELECT array_agg(id ORDER BY id) INTO v_new FROM written;
      IF cardinality(v_new) IS DISTINCT FROM cardinality(array_positions(replays, false)) THEN
        -- A key was posted before, or meanwhile by somebody else: undone to the last BEGIN, and looked at again.
        RAISE EXCEPTION USING ERRCODE = 'MK001';
      END IF;
      EXIT attempt;
    EXCEPTION WHEN SQLSTATE 'MK001' THEN
      v_is_in_doubt := true;
    END;
  END LOOP;
  IF true = ANY (replays) THEN
    SELECT array_agg(coalesce(old, v_new[number]) ORDER BY place) INTO v_new
      FROM (SELECT old, place, count(*) FILTER (WHERE old IS NULL) OVER (ORDER BY place) AS number
              FROM unnest(journals) WITH ORDINALITY AS j(old, place)) AS numbered;
  END IF;
  journals := v_new;
  FOREACH v_one IN ARRAY v_free LOOP
    PERFORM funds_free_lapsed(v_one);
  END LOOP;
  WITH leg AS MATERIALIZED (
    SELECT leg.* FROM unnest(p_of, v_debits, v_credits, p_currencies, p_amounts, p_leg_tallies) WITH ORDINALITY
           AS leg(of, debit, credit, currency, amount, tally, place)
     WHERE NOT replays[leg.of]),
  side AS MATERIALIZED (
    SELECT side.*, a.is_strict,
           CASE WHEN a.is_strict THEN a.posted + sum(side.change) OVER (PARTITION BY a.id ORDER BY side.place) END AS after
      FROM (SELECT place, of, debit AS account, currency, -amount AS change, tally FROM leg
            UNION ALL
            SELECT place, of, credit, currency, amount, tally FROM leg) AS side
      JOIN funds_account a ON a.id = side.account),
  posted AS (
    INSERT INTO funds_posting (journal_id, debit_id, credit_id, currency, amount, debit_after, credit_after)
    SELECT v_new[side.of], max(account) FILTER (WHERE change < 0), max(account) FILTER (WHERE change > 0),
           side.currency, max(change), max(after) FILTER (WHERE change < 0), max(after) FILTER (WHERE change > 0)
      FROM side GROUP BY side.place, side.of, side.currency ORDER BY side.place),
  moved AS (
    UPDATE funds_account a SET posted = a.posted + m.change, deposited = a.deposited + m.deposited, spent = a.spent + m.spent
      FROM (SELECT account, sum(change)::bigint AS change,
                   coalesce(sum(change) FILTER (WHERE tally = CASE WHEN change > 0 THEN 'deposited' ELSE 'deposit_back' END),
                            0)::bigint AS deposited,
                   coalesce(-sum(change) FILTER (WHERE tally = CASE WHEN change < 0 THEN 'spent' ELSE 'spent_back' END),
                            0)::bigint AS spent
              FROM side WHERE is_strict GROUP BY account) AS m
     WHERE a.id = m.account)
  INSERT INTO funds_accountdelta (account_id, amount)
  SELECT account, sum(change)::bigint FROM side WHERE NOT is_strict GROUP BY account HAVING sum(change) <> 0
   ORDER BY account;
END $$
"""


def create_functions(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for statement in (POST_LEG, POST_BATCH):
        schema_editor.execute(statement)


def drop_functions(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for signature in (LEG, BATCH):
        schema_editor.execute(f"DROP FUNCTION IF EXISTS {signature}")


class Migration(migrations.Migration):
    """Functions only."""

    dependencies = [("funds", "0002_ledger_functions")]

    operations = [migrations.RunPython(create_functions, drop_functions)]
