"""The statements of the on-sale second as functions on PostgreSQL: a function keeps its plan between calls.

The texts are `promotions.flash.statements.function_texts()` of the day; a test tells when they part, and then a new
migration brings them together.
"""

from django.db import migrations

LOOK = r"""
CREATE OR REPLACE FUNCTION promotions_look(p_promo uuid, p_customer uuid, p_abandoned integer)
RETURNS TABLE (
  is_active boolean, is_to_come boolean, is_over boolean, sells boolean, latitude float8, longitude float8,
  radius_km float8, segments text, units_returned integer, has_untouched boolean, lapse_in float8, hold_promo
  uuid, hold_reservation uuid, hold_ends_in float8, units_per_customer integer, has_had_enough boolean,
  is_in_line boolean, abandoned bigint, last_lapse_in float8, first_lapse_in float8, customer_is_active
  boolean, token_version integer, has_profile boolean, customer_latitude float8, customer_longitude float8,
  customer_segments text
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
RETURN QUERY
SELECT f.is_active, f.starts_at > clock_timestamp(), f.ended_at IS NOT NULL OR f.ends_at <= clock_timestamp(),
  s.state = 'open' AND v.is_active AND p.is_published AND p.archived_at IS NULL,
       f.latitude, f.longitude, f.radius_km,
       (SELECT string_agg(m.segment_id::text, ',') FROM promotions_flashpromo_segments m WHERE m.flashpromo_id
         = f.id),
       f.units_returned,
       EXISTS (SELECT 1 FROM promotions_promounit u WHERE u.promo_id = f.id AND u.sold_at IS NULL AND
         u.released_at IS NULL AND u.held_until IS NULL),
       EXTRACT(EPOCH FROM (SELECT min(u.held_until) FROM promotions_promounit u WHERE u.promo_id = f.id AND
         u.sold_at IS NULL AND u.released_at IS NULL AND u.held_until IS NOT NULL) -
         clock_timestamp())::float8,
       h.promo_id, h.reservation_id, EXTRACT(EPOCH FROM h.until - clock_timestamp())::float8,
       f.units_per_customer,
       CASE WHEN f.units_per_customer IS NULL THEN FALSE ELSE (SELECT count(*) FROM promotions_promounit b
         WHERE b.promo_id = f.id AND b.holder = p_customer AND b.sold_at IS NOT NULL) >= f.units_per_customer
         END,
       CASE WHEN f.has_waitlist THEN EXISTS (
         SELECT 1 FROM promotions_waitlistplace w
         WHERE w.promo_id = f.id AND w.customer = p_customer AND w.closed_at IS NULL) ELSE FALSE END,
       a.holds, EXTRACT(EPOCH FROM a.last - clock_timestamp())::float8, EXTRACT(EPOCH FROM a.first -
         clock_timestamp())::float8,
       c.is_active, c.token_version, k.id IS NOT NULL, k.latitude, k.longitude,
       (SELECT string_agg(m.segment_id::text, ',') FROM users_segmentmembership m WHERE m.profile_id = k.id)
FROM promotions_flashpromo f
CROSS JOIN (
  SELECT count(*) AS holds, max(l.expires_at) AS last, min(l.expires_at) AS first
  FROM (SELECT r.expires_at FROM promotions_reservation r
        WHERE r.customer_id = p_customer AND (r.state = 'held' OR r.is_abandoned) AND NOT r.is_excused
          AND r.expires_at <= (SELECT clock_timestamp())
        ORDER BY r.expires_at DESC LIMIT p_abandoned) l) a
JOIN stores_store s ON s.id = f.store_id
JOIN stores_variant v ON v.id = f.variant_id
JOIN stores_product p ON p.id = v.product_id
LEFT JOIN promotions_activehold h ON h.customer = p_customer AND h.until > clock_timestamp()
LEFT JOIN users_user c ON c.id = p_customer
LEFT JOIN users_customerprofile k ON k.user_id = c.id
WHERE f.id = p_promo;
END $$
"""

TAKE_HOLD = r"""
CREATE OR REPLACE FUNCTION promotions_take_hold(p_promo uuid, p_customer uuid, p_reservation uuid, p_hold interval)
RETURNS TABLE (
  held_until timestamptz
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
RETURN QUERY
INSERT INTO promotions_activehold AS mine (customer, reservation_id, promo_id, until)
VALUES (p_customer, p_reservation, p_promo, clock_timestamp() + p_hold)
ON CONFLICT (customer) DO UPDATE
SET reservation_id = excluded.reservation_id, promo_id = excluded.promo_id, until = clock_timestamp() + p_hold
WHERE mine.until <= clock_timestamp()
RETURNING until;
END $$
"""

CLAIM_UNIT = r"""
CREATE OR REPLACE FUNCTION promotions_claim_unit(p_promo uuid, p_customer uuid, p_until timestamptz)
RETURNS TABLE (
  unit_id bigint, claim_number integer
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
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


NAMES = ("promotions_look", "promotions_take_hold", "promotions_claim_unit")


def create_functions(apps, schema_editor):
    """PostgreSQL only: SQLite has the statements' texts."""
    if schema_editor.connection.vendor == "postgresql":
        for text in (LOOK, TAKE_HOLD, CLAIM_UNIT):
            schema_editor.execute(text)


def drop_functions(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in NAMES:
            schema_editor.execute(f"DROP FUNCTION IF EXISTS {name}")


class Migration(migrations.Migration):
    """Functions only."""

    dependencies = [("promotions", "0004_abandoned_holds")]

    operations = [migrations.RunPython(create_functions, drop_functions)]
