-- One hot unit in a table of its own, as lean as it can be: what the product's statement is measured against.
DROP TABLE IF EXISTS bench_unit;
CREATE TABLE bench_unit (
  id bigint PRIMARY KEY,
  holder bigint,
  held_until timestamptz,
  claim_no integer NOT NULL DEFAULT 0
);
INSERT INTO bench_unit (id) VALUES (1), (2);
