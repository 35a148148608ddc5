INSERT INTO users_user
SELECT (jsonb_populate_record(NULL::users_user, to_jsonb(u) || jsonb_build_object('id', gen_random_uuid(), 'email', 'bench' || n || '@example.com'))).*
FROM (SELECT * FROM users_user ORDER BY id LIMIT 1) u, generate_series(1, %(customers)s) n;
CREATE TABLE bench_customer AS SELECT row_number() OVER () AS n, id FROM users_user WHERE email LIKE 'bench%%';
CREATE TABLE bench_store AS SELECT row_number() OVER () AS n, id FROM stores_store;
INSERT INTO stores_variant
SELECT (jsonb_populate_record(NULL::stores_variant, to_jsonb(v) || jsonb_build_object(
    'id', gen_random_uuid(), 'sku', 'B' || g.n, 'barcode', '', 'store_id', s.id, 'price_minor', 1000 + g.n, 'cost_minor', 500 + g.n / 2
))).*
FROM (SELECT * FROM stores_variant ORDER BY id LIMIT 1) v, generate_series(1, %(variants)s) AS g (n)
JOIN bench_store s ON s.n = 1 + g.n %% (SELECT count(*) FROM bench_store);
CREATE TABLE bench_variant AS
SELECT row_number() OVER () AS n, id, store_id, price_minor FROM stores_variant WHERE sku LIKE 'B%%';
INSERT INTO stores_stockitem (id, created_at, updated_at, variant_id, store_id, on_hand, allocated, reorder_point, reorder_qty)
SELECT gen_random_uuid(), now(), now(), id, store_id, (random() * 40)::int, 0, 8, 20 FROM bench_variant;
CREATE TABLE bench_order AS
SELECT n, gen_random_uuid() AS order_id, gen_random_uuid() AS part_id, gen_random_uuid() AS line_id,
    1 + floor(random() * %(customers)s)::bigint AS customer_n, 1 + floor(power(random(), 2) * %(variants)s)::bigint AS variant_n,
    1 + floor(random() * 3)::int AS quantity, (random() < 0.3)::int AS is_cheaper,
    now() - random() * %(days)s * interval '1 day' AS placed_at,
    (ARRAY['paid', 'shipped', 'delivered', 'closed', 'closed', 'closed', 'cancelled', 'returned'])[1 + floor(random() * 8)::int] AS state,
    (ARRAY['checkout', 'checkout', 'flash', 'autobuy'])[1 + floor(random() * 4)::int] AS source
FROM generate_series(1, %(orders)s) n;
CREATE TABLE bench_sold AS
SELECT o.*, c.id AS customer_id, v.id AS variant_id, v.store_id, v.price_minor, v.price_minor * o.quantity AS listed,
    v.price_minor * o.quantity - o.is_cheaper * (v.price_minor / 5) AS total
FROM bench_order o JOIN bench_customer c ON c.n = o.customer_n JOIN bench_variant v ON v.n = o.variant_n;
INSERT INTO purchases_order (
    id, created_at, updated_at, number, customer_id, source, source_key, state, currency, list_total_minor, discount_minor,
    shipping_minor, total_minor, applied_benefits, rejected_promotions, coupons, shipping_address, placed_at
)
SELECT order_id, placed_at, placed_at, 'B' || n, customer_id, source, 'bench:' || n, state, 'MXN', listed, listed - total,
    0, total, '[]', '[]', '[]', '{}', placed_at
FROM bench_sold;
INSERT INTO purchases_orderpart (
    id, created_at, updated_at, order_id, store_id, total_minor, shipping_minor, shipping_name, shipping_refunded_minor, commission_bp
)
SELECT part_id, placed_at, placed_at, order_id, store_id, total, 0, '', 0, 1000 FROM bench_sold;
INSERT INTO purchases_orderline (
    id, created_at, updated_at, order_id, part_id, variant_id, sku, name, quantity, list_price_minor, unit_price_minor,
    total_minor, tax_bp, tax_minor, applied_benefits, returned_quantity, refunded_minor, called_off_quantity, lost_quantity
)
SELECT line_id, placed_at, placed_at, order_id, part_id, variant_id, 'B' || variant_n, 'Bench', quantity, price_minor,
    total / quantity, total, 0, 0,
    CASE WHEN is_cheaper = 1 THEN jsonb_build_array(jsonb_build_object(
        'rule', md5((n %% 40)::text)::uuid, 'kind', 'campaign', 'version', 1, 'name', 'Bench ' || n %% 40, 'amount_minor', price_minor / 5
    )) ELSE '[]' END,
    0, CASE WHEN state = 'returned' THEN total ELSE 0 END, 0, 0
FROM bench_sold;
INSERT INTO promotions_flashpromo
SELECT (jsonb_populate_record(NULL::promotions_flashpromo, to_jsonb(p) || jsonb_build_object(
    'id', gen_random_uuid(), 'variant_id', v.id, 'store_id', v.store_id, 'starts_at', began, 'started_at', began,
    'ends_at', began + interval '2 days', 'ended_at', began + interval '2 days', 'stock_reserved_at', NULL
))).*
FROM (SELECT * FROM promotions_flashpromo ORDER BY id LIMIT 1) p,
    (SELECT *, now() - (3 + random() * (%(days)s - 3)) * interval '1 day' AS began FROM bench_variant WHERE n %% 20 = 0) v;
INSERT INTO funds_account (owner_kind, owner_id, kind, currency, is_strict, posted, held, deposited, spent, created_at)
SELECT 'customer', id, 'wallet', 'MXN', true, 1000, 0, 0, 0, now() FROM bench_customer;
INSERT INTO promotions_loyaltymember (id, created_at, updated_at, customer_id, points, owed, earned_in_window, level_since)
SELECT gen_random_uuid(), now(), now(), id, 100, 0, 100, now() FROM bench_customer WHERE n %% 2 = 0;
INSERT INTO promotions_pointslot (id, created_at, updated_at, member_id, points, "left", earned_at, expires_at, source, goods_minor, reversed, lapsed)
SELECT gen_random_uuid(), now(), now(), id, 100, 100, now(), now() + interval '1 year' * random() + interval '1 day', 'order:' || id, 0, 0, 0
FROM promotions_loyaltymember;
DROP TABLE bench_order;
DROP TABLE bench_sold
