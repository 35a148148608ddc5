-- The bare conditional update: whoever comes while the unit is held changes no row and waits for nobody.
UPDATE bench_unit
SET holder = :client_id, held_until = clock_timestamp() + interval '60 s', claim_no = claim_no + 1
WHERE id = 1 AND (held_until IS NULL OR held_until <= clock_timestamp())
RETURNING claim_no;
