-- The least that counting events needs: store once, add hours, decay a sum (see bench/drain.py).
CREATE TABLE bare_inbox (n bigint PRIMARY KEY, event_id uuid, at timestamptz, kind smallint, product_id bigint, actor bigint);
CREATE TABLE bare_event (
  event_id uuid PRIMARY KEY, occurred_at timestamptz NOT NULL, received_at timestamptz NOT NULL DEFAULT now(),
  kind smallint NOT NULL, product_id bigint NOT NULL, actor bigint NOT NULL, amount_minor bigint NOT NULL DEFAULT 0);
CREATE INDEX bare_event_received ON bare_event USING brin (received_at);
CREATE TABLE bare_hour (
  bucket timestamptz NOT NULL, product_id bigint NOT NULL, kind smallint NOT NULL, n bigint NOT NULL,
  PRIMARY KEY (bucket, product_id, kind)) WITH (fillfactor = 70);
CREATE TABLE bare_decay (
  product_id bigint PRIMARY KEY, s double precision NOT NULL, t_ref timestamptz NOT NULL) WITH (fillfactor = 70);
