"""The claim looks whether there is anything to take before it begins an update: nearly everybody finds nothing.

The text is `promotions.flash.statements.function_texts()` of the day, as in `0005_on_sale_functions`.
"""

from django.db import migrations

CLAIM_UNIT = r"""
CREATE OR REPLACE FUNCTION promotions_claim_unit(p_promo uuid, p_customer uuid, p_until timestamptz)
RETURNS TABLE (
  unit_id bigint, claim_number integer
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
IF NOT (EXISTS (SELECT 1 FROM promotions_promounit u WHERE u.promo_id = p_promo AND u.sold_at IS NULL AND
    u.released_at IS NULL AND u.held_until IS NULL)
  OR EXISTS (SELECT 1 FROM promotions_promounit u WHERE u.promo_id = p_promo AND u.sold_at IS NULL AND
    u.released_at IS NULL AND u.held_until <= (SELECT clock_timestamp()))) THEN RETURN; END IF;
RETURN QUERY
UPDATE promotions_promounit
SET holder = p_customer, held_until = p_until, claim_no = claim_no + 1
WHERE id = COALESCE(
  (SELECT u.id FROM promotions_promounit u
   WHERE u.promo_id = p_promo AND u.sold_at IS NULL AND u.released_at IS NULL AND u.held_until IS NULL
   ORDER BY u.number LIMIT 1 FOR UPDATE SKIP LOCKED),
  (SELECT u.id FROM promotions_promounit u
   WHERE u.promo_id = p_promo AND u.sold_at IS NULL AND u.released_at IS NULL AND u.held_until <= (SELECT
     clock_timestamp())
   ORDER BY u.held_until LIMIT 1 FOR UPDATE SKIP LOCKED))
  AND EXISTS (
    SELECT 1 FROM promotions_flashpromo f
    WHERE f.id = p_promo AND f.is_active AND f.ended_at IS NULL AND f.starts_at <= clock_timestamp() AND
      f.ends_at > clock_timestamp()
      AND (f.units_per_customer IS NULL OR NOT (SELECT count(*) FROM promotions_promounit b WHERE b.promo_id =
        f.id AND b.holder = p_customer AND b.sold_at IS NOT NULL) >= f.units_per_customer))
RETURNING id, claim_no;
END $$
"""


def replace_function(apps, schema_editor):
    """PostgreSQL only: SQLite has the statements' texts."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(CLAIM_UNIT)


class Migration(migrations.Migration):
    """One function. Backwards it may stay: it answers as the one before."""

    dependencies = [("promotions", "0010_exposure")]

    operations = [migrations.RunPython(replace_function, migrations.RunPython.noop)]
