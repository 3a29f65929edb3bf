-- name: orders_of_customer
-- The order list of the account page. The index gives the rows in their order, so twenty are read
-- even where the customer has thousands.
-- param customer_id: zipf(1, 10000, 1.1)
-- bindings: 8
-- weight: 120
SELECT o.id, o.created_at, o.status, o.total_cents
FROM orders AS o
WHERE o.customer_id = :customer_id
ORDER BY o.created_at DESC
LIMIT 20;

-- name: order_count_of_customer
-- The number beside the link to the order list.
-- param customer_id: zipf(1, 10000, 1.1)
-- weight: 120
SELECT count(*)
FROM orders
WHERE customer_id = :customer_id;

-- name: order_with_lines
-- One order as the customer sees it: its lines with the names of the products.
-- param order_id: uniform(1, 50000)
-- weight: 60
SELECT l.line_no, l.quantity, l.unit_price_cents, p.id, p.name
FROM order_lines AS l
JOIN products AS p ON p.id = l.product_id
WHERE l.order_id = :order_id
ORDER BY l.line_no;

-- name: order_with_customer_and_payments
-- One order as the back office sees it: four tables. Orders that nobody has paid yet, or that are
-- collected in the shop, have to appear, too.
-- param order_id: values(1, 20000, 41000, 49990, 49998)
-- weight: 10
SELECT o.id, o.status, o.total_cents, c.name, c.email, a.city, p.method, p.amount_cents, p.paid_at
FROM orders AS o
JOIN customers AS c ON c.id = o.customer_id
LEFT JOIN addresses AS a ON a.id = o.address_id
LEFT JOIN payments AS p ON p.order_id = o.id
WHERE o.id = :order_id
ORDER BY p.id;

-- name: orders_by_ids
-- The orders of a search engine's answer: the ids come as one array.
-- param ids: values('{17,2042,30999,41000,49999}', '{1,2,3,4,5,6,7,8,9,10}', '{50000}', '{}')
-- weight: 20
SELECT id, customer_id, status, total_cents
FROM orders
WHERE id = ANY (:ids::bigint[])
ORDER BY id;

-- name: open_orders
-- What the warehouse packs next: oldest first, from a partial index that holds open orders only.
-- weight: 30
SELECT o.id, o.created_at, o.status, o.total_cents
FROM orders AS o
WHERE o.status IN ('pending', 'paid', 'packed')
ORDER BY o.created_at, o.id
LIMIT 50;

-- name: open_orders_with_payment
-- The same with what was paid for each: LEFT JOIN, as most of the pending ones have no payment.
-- weight: 10
SELECT o.id, o.created_at, o.status, o.total_cents, p.method, p.amount_cents
FROM orders AS o
LEFT JOIN payments AS p ON p.order_id = o.id
WHERE o.status IN ('pending', 'paid', 'packed')
ORDER BY o.created_at, o.id
LIMIT 100;

-- name: orders_page_offset
-- The back office's order list, page by page with OFFSET: what comes before the page is read, too.
-- param skip: values(200, 1000, 5000)
-- weight: 3
SELECT o.id, o.created_at, o.status, o.total_cents, c.name
FROM orders AS o
JOIN customers AS c ON c.id = o.customer_id
ORDER BY o.id DESC
LIMIT 50 OFFSET :skip;

-- name: orders_page_keyset
-- The same list as a keyset page: it goes on after the last row that was seen.
-- param before_id: values(50001, 49951, 49001, 25001)
-- weight: 12
SELECT o.id, o.created_at, o.status, o.total_cents, c.name
FROM orders AS o
JOIN customers AS c ON c.id = o.customer_id
WHERE o.id < :before_id
ORDER BY o.id DESC
LIMIT 50;

-- name: orders_of_day
-- One day's orders for the courier, through a BRIN index: a day is a few neighbouring blocks.
-- param day: dates(2024-01-02, 2026-06-29)
-- weight: 2
SELECT o.id, o.customer_id, o.status, o.total_cents
FROM orders AS o
WHERE o.created_at >= :day::date
  AND o.created_at < :day::date + 1
ORDER BY o.id;

-- name: order_running_total
-- What a customer had spent by each order: a window function.
-- param customer_id: values(12, 150, 4000, 9999)
-- weight: 2
SELECT id, created_at, total_cents,
       sum(total_cents) OVER (ORDER BY id) AS spent_so_far_cents
FROM orders
WHERE customer_id = :customer_id
ORDER BY id;

-- name: products_bought_by_customer
-- "Buy it again": each product once, however often it was bought.
-- param customer_id: values(25, 400, 3000, 9900)
-- weight: 5
SELECT DISTINCT p.id, p.name
FROM orders AS o
JOIN order_lines AS l ON l.order_id = o.id
JOIN products AS p ON p.id = l.product_id
WHERE o.customer_id = :customer_id
ORDER BY p.id;

-- name: place_order
-- The check-out writes the order; the application has drawn its number.
-- param customer_id: uniform(1, 10000)
-- weight: 4
INSERT INTO orders (id, customer_id, address_id, status, total_cents, created_at)
VALUES (9000000, :customer_id, :customer_id, 'pending', 4990, '2026-07-01 08:00:00+00')
RETURNING id, status;

-- name: mark_order_packed
-- The warehouse has packed an order, unless somebody was quicker.
-- param order_id: query(SELECT id FROM orders WHERE status = 'paid' ORDER BY id LIMIT 4)
-- weight: 4
UPDATE orders
SET status = 'packed'
WHERE id = :order_id AND status = 'paid'
RETURNING id, status;

-- name: log_order_view
-- Who looked at an order and when: the time is now(), so that no two runs write the same row.
-- param order_id: uniform(1, 50000)
-- weight: 60
INSERT INTO audit_log (entity, entity_id, actor, action, logged_at)
VALUES ('order', :order_id, 'ann', 'view', now())
RETURNING entity_id, logged_at;

-- name: history_of_order
-- What was done to an order, by whom.
-- param order_id: values(33333, 49998, 15, 12)
-- weight: 5
SELECT logged_at, actor, action
FROM audit_log
WHERE entity = 'order' AND entity_id = :order_id
ORDER BY logged_at, id;

-- name: audit_page_keyset
-- The log, newest first, as a keyset page by time: a row comparison, as (logged_at, id) is the order.
-- param before: values('2026-07-01 00:00:00+00', '2025-03-27 09:20:00+00', '2024-05-30 11:06:40+00')
-- param before_id: values(1, 15000, 5000)
-- weight: 2
SELECT id, logged_at, entity, entity_id, actor, action
FROM audit_log
WHERE (logged_at, id) < (:before::timestamptz, :before_id::bigint)
ORDER BY logged_at DESC, id DESC
LIMIT 50;
