-- Places of customers as the product keeps them. Keys rise with time, as UUIDv7 do. Of sixty customers in a row 21 live
-- within 140 km of the centre, evenly over the disc, and one of them has switched the kind off; the others live farther
-- away, and of those one has switched it off too. A third are in a segment besides.
CREATE TABLE bench_person AS
SELECT n,
       (lpad(to_hex(1700000000000 + n * 100), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8'
           || substr(md5(n::text), 4, 15))::uuid AS customer,
       CASE WHEN n %% 60 < 21 THEN 138 * sqrt(random()) ELSE 150 + 270 * random() END AS km,
       2 * pi() * random() AS bearing
FROM generate_series(1, %(customers)s) AS n;

INSERT INTO users_customerplace (segment, customer, latitude, longitude)
SELECT segment, customer,
       %(latitude)s + km * cos(bearing) / 111.195,
       %(longitude)s + km * sin(bearing) / (111.195 * cos(radians(%(latitude)s + km * cos(bearing) / 111.195)))
FROM bench_person
CROSS JOIN (VALUES ('00000000-0000-0000-0000-000000000000'::uuid), (%(segment)s::uuid)) AS named (segment)
WHERE segment <> %(segment)s::uuid OR n %% 3 = 0
ORDER BY n, segment;

INSERT INTO notifications_preference (customer, kind, channel, is_on, updated_at)
SELECT customer, %(kind)s, 'inbox', false, now() FROM bench_person WHERE n %% 30 = 0;

INSERT INTO bench_customer (segment, lat, lon, last_seen)
SELECT (random() * 9)::int, random(), random(), now() FROM generate_series(1, %(customers)s);
