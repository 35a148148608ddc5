-- The lean insert an audience is compared with: three columns, one key, customers taken in the order of their numbers.
CREATE TABLE bench_customer (
    id bigserial PRIMARY KEY,
    segment int,
    lat double precision,
    lon double precision,
    active bool DEFAULT true,
    last_seen timestamptz
);
CREATE TABLE bench_told (
    campaign_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    read_at timestamptz,
    PRIMARY KEY (customer_id, campaign_id)
);
