\set a random(1, 10000)
\set b0 random(1, 9999)
\set b CASE WHEN :b0 >= :a THEN :b0 + 1 ELSE :b0 END
\set amount random(1, 1000)
SELECT bare_post(gen_random_uuid(), :a, :b, :amount);
