-- Lock first, then look, then let go: everybody queues for the same row, also those who cannot win.
BEGIN;
SELECT holder, held_until <= clock_timestamp() FROM bench_unit WHERE id = 2 FOR UPDATE;
COMMIT;
