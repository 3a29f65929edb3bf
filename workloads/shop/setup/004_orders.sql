-- 50,000 orders of two and a half years (2024-01-01 to 2026-06-30, one each 26 minutes), with
-- 150,000 lines, payments and reviews. A few customers order much, most order once or never; all
-- but the latest orders are closed.

INSERT INTO order_lines (order_id, line_no, product_id, quantity, unit_price_cents)
SELECT l.order_id, l.line_no, p.id, 1 + l.noise % 3, p.price_cents
FROM (SELECT order_id, line_no, seed_noise(order_id * 5 + line_no, 41) AS noise
      FROM generate_series(1, (50000 * :scale)::integer) AS order_id,
           generate_series(1, 1 + seed_noise(order_id, 40) % 5) AS line_no OFFSET 0) AS l
JOIN products AS p ON p.id = 1 + seed_squared(l.noise, (10000 * :scale)::integer)
ORDER BY l.order_id, l.line_no;

INSERT INTO orders (id, customer_id, address_id, status, total_cents, created_at)
SELECT o.id, o.customer_id,
       CASE WHEN o.state % 20 > 0 THEN o.customer_id END,
       CASE WHEN o.age < 300 AND o.state % 2 = 0 OR o.state % 1000 = 1 THEN 'pending'
            WHEN o.age < 600 THEN 'paid'
            WHEN o.age < 900 THEN 'packed'
            WHEN o.age < 1500 THEN 'shipped'
            WHEN o.state % 100 < 5 THEN 'cancelled'
            WHEN o.state % 100 < 8 THEN 'refunded'
            ELSE 'delivered' END,
       490 + t.total_cents,
       timestamptz '2024-01-01 00:00+00' + o.id * interval '1575 seconds'
FROM (SELECT id, size - id AS age,
             1 + seed_cubed(seed_noise(id, 42), (10000 * :scale)::integer) AS customer_id,
             seed_noise(id, 43) AS state
      FROM (SELECT (50000 * :scale)::integer AS size) AS size, generate_series(1, size) AS id OFFSET 0) AS o
JOIN (SELECT order_id, sum(quantity * unit_price_cents) AS total_cents FROM order_lines GROUP BY order_id) AS t
  ON t.order_id = o.id
ORDER BY o.id;

INSERT INTO payments (id, order_id, method, amount_cents, paid_at)
SELECT row_number() OVER (ORDER BY p.paid_at, p.order_id), p.order_id, p.method, p.amount_cents, p.paid_at
FROM (SELECT o.id AS order_id, m.method, a.amount_cents, o.created_at + a.delay AS paid_at
      FROM orders AS o
      CROSS JOIN LATERAL (SELECT (ARRAY['card', 'card', 'card', 'paypal', 'paypal', 'transfer'])[1 + seed_noise(o.id, 44) % 6]) AS m (method)
      CROSS JOIN LATERAL (VALUES (o.total_cents, interval '3 minutes'), (-o.total_cents, interval '9 days')) AS a (amount_cents, delay)
      WHERE o.status NOT IN ('pending', 'cancelled')
        AND (a.amount_cents > 0 OR o.status = 'refunded')) AS p
ORDER BY p.paid_at, p.order_id;

-- One line in six is reviewed, by its buyer; one review in ten comes from somebody else.
INSERT INTO reviews (id, product_id, customer_id, rating, body, created_at)
SELECT row_number() OVER (ORDER BY l.order_id, l.line_no), l.product_id,
       CASE WHEN l.noise % 10 = 0 THEN 1 + l.noise % (10000 * :scale)::integer ELSE o.customer_id END,
       5 - seed_squared(l.noise, 5),
       (ARRAY['Works as described.', 'Arrived late, but fine.', 'Would buy again.', 'The colour is not that of the picture.', NULL])[1 + l.noise % 5],
       o.created_at + interval '12 days'
FROM (SELECT order_id, line_no, product_id, seed_noise(order_id * 5 + line_no, 45) AS noise FROM order_lines OFFSET 0) AS l
JOIN orders AS o ON o.id = l.order_id
WHERE l.noise % 6 = 0 AND o.status = 'delivered'
ORDER BY l.order_id, l.line_no;
