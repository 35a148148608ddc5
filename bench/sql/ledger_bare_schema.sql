-- The least a transfer can be: one row that debits and credits, two balances, a unique key. No currencies, no holds, no
-- floor, no journal, no fingerprint. What the product adds is measured against it.
CREATE TABLE bare_account (
  id bigint PRIMARY KEY, posted bigint NOT NULL DEFAULT 0, held bigint NOT NULL DEFAULT 0, version bigint NOT NULL DEFAULT 0,
  CHECK (held >= 0), CHECK (posted - held >= 0)
) WITH (fillfactor = 50);
INSERT INTO bare_account (id, posted) SELECT number, 1000000000 FROM generate_series(1, 10000) AS number;
CREATE TABLE bare_posting (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, idem uuid NOT NULL UNIQUE, kind smallint NOT NULL,
  debit_id bigint NOT NULL, credit_id bigint NOT NULL, amount bigint NOT NULL CHECK (amount > 0),
  debit_after bigint, credit_after bigint, created_at timestamptz NOT NULL DEFAULT now(), CHECK (debit_id <> credit_id)
);
CREATE INDEX ON bare_posting (debit_id, id);
CREATE INDEX ON bare_posting (credit_id, id);
CREATE FUNCTION bare_post(p_idem uuid, p_from bigint, p_to bigint, p_amount bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE v_id bigint; v_from bigint; v_to bigint;
BEGIN
  IF p_from < p_to THEN
    UPDATE bare_account SET posted = posted - p_amount, version = version + 1 WHERE id = p_from RETURNING posted INTO STRICT v_from;
    UPDATE bare_account SET posted = posted + p_amount, version = version + 1 WHERE id = p_to RETURNING posted INTO STRICT v_to;
  ELSE
    UPDATE bare_account SET posted = posted + p_amount, version = version + 1 WHERE id = p_to RETURNING posted INTO STRICT v_to;
    UPDATE bare_account SET posted = posted - p_amount, version = version + 1 WHERE id = p_from RETURNING posted INTO STRICT v_from;
  END IF;
  INSERT INTO bare_posting (idem, kind, debit_id, credit_id, amount, debit_after, credit_after)
  VALUES (p_idem, 1, p_from, p_to, p_amount, v_from, v_to) RETURNING id INTO v_id;
  RETURN v_id;
END $$;
