-- name: revenue_by_day
-- The chart on the back office's first page: a month's payments by day.
-- param first_day: values('2024-02-01', '2025-06-01', '2026-05-01')
-- weight: 1
SELECT date_trunc('day', paid_at) AS day, count(*) AS payments, sum(amount_cents) AS revenue_cents
FROM payments
WHERE paid_at >= :first_day::date
  AND paid_at < :first_day::date + interval '1 month'
GROUP BY 1
ORDER BY 1;

-- name: sales_by_category
-- What each category sold on one day: three tables.
-- param day: dates(2024-01-02, 2026-06-29)
-- weight: 1
SELECT p.category_id, sum(l.quantity) AS pieces, sum(l.quantity * l.unit_price_cents) AS sold_cents
FROM orders AS o
JOIN order_lines AS l ON l.order_id = o.id
JOIN products AS p ON p.id = l.product_id
WHERE o.created_at >= :day::date
  AND o.created_at < :day::date + 1
GROUP BY p.category_id
ORDER BY sold_cents DESC, p.category_id;

-- name: orders_by_status
-- How many orders are in which state. All of them are counted, which takes milliseconds; states with
-- equal counts may come in either order.
-- weight: 0.2
-- order: any
-- timeout: 5s
SELECT status, count(*) AS orders, sum(total_cents) AS total_cents
FROM orders
GROUP BY status
ORDER BY orders DESC;

-- name: low_stock
-- What has to be ordered from the sellers.
-- weight: 0.5
SELECT i.product_id, p.name, i.warehouse_id, i.on_hand - i.reserved AS available
FROM inventory AS i
JOIN products AS p ON p.id = i.product_id
WHERE i.on_hand - i.reserved < 3 AND p.status = 'active'
ORDER BY available, i.product_id, i.warehouse_id
LIMIT 20;
