-- A job queue that is nearly empty, as a good queue is: 10,000 jobs, 200 of them waiting. And
-- what was done to orders, by whom.

INSERT INTO jobs (id, kind, payload, status, priority, attempts, run_at)
SELECT i,
       (ARRAY['send_mail', 'capture_payment', 'print_label', 'reindex_product'])[1 + noise % 4],
       jsonb_build_object('order_id', i * 5),
       CASE WHEN size - i < 200 THEN 'queued' WHEN size - i < 210 THEN 'running' WHEN noise % 50 = 0 THEN 'failed' ELSE 'done' END,
       seed_squared(noise, 4),
       CASE WHEN size - i < 200 THEN 0 ELSE 1 END,
       timestamptz '2026-06-01 00:00+00' + i * interval '4 minutes'
FROM (SELECT size, i, seed_noise(i, 50) AS noise
      FROM (SELECT (10000 * :scale)::integer AS size) AS size, generate_series(1, size) AS i OFFSET 0) AS noise
ORDER BY i;

INSERT INTO audit_log (id, entity, entity_id, actor, action, logged_at)
SELECT i,
       CASE WHEN noise % 5 = 0 THEN 'product' ELSE 'order' END,
       CASE WHEN noise % 5 = 0 THEN 1 + seed_even(noise, (10000 * :scale)::integer) ELSE i * 5 / 3 END,
       (ARRAY['system', 'ann', 'bob', 'cleo', 'dave'])[1 + seed_squared(noise, 5)],
       (ARRAY['view', 'edit', 'pack', 'ship', 'refund'])[1 + noise % 5],
       timestamptz '2024-01-01 00:00+00' + i * interval '2600 seconds'
FROM (SELECT i, seed_noise(i, 51) AS noise FROM generate_series(1, (30000 * :scale)::integer) AS i OFFSET 0) AS noise
ORDER BY i;

-- The next row that the application adds gets the next number.
SELECT setval(pg_get_serial_sequence('customers', 'id'), (SELECT max(id) FROM customers));
SELECT setval(pg_get_serial_sequence('addresses', 'id'), (SELECT max(id) FROM addresses));
SELECT setval(pg_get_serial_sequence('sellers', 'id'), (SELECT max(id) FROM sellers));
SELECT setval(pg_get_serial_sequence('categories', 'id'), (SELECT max(id) FROM categories));
SELECT setval(pg_get_serial_sequence('products', 'id'), (SELECT max(id) FROM products));
SELECT setval(pg_get_serial_sequence('orders', 'id'), (SELECT max(id) FROM orders));
SELECT setval(pg_get_serial_sequence('payments', 'id'), (SELECT max(id) FROM payments));
SELECT setval(pg_get_serial_sequence('reviews', 'id'), (SELECT max(id) FROM reviews));
SELECT setval(pg_get_serial_sequence('carts', 'id'), (SELECT max(id) FROM carts));
SELECT setval(pg_get_serial_sequence('jobs', 'id'), (SELECT max(id) FROM jobs));
SELECT setval(pg_get_serial_sequence('audit_log', 'id'), (SELECT max(id) FROM audit_log));

DROP FUNCTION seed_noise, seed_even, seed_squared, seed_cubed;
