-- name: customer_by_id
-- Who is signed in: asked with each page. Primary key lookup.
-- param customer_id: uniform(1, 10000)
-- weight: 300
SELECT id, email, name, country, newsletter, created_at
FROM customers
WHERE id = :customer_id;

-- name: customer_by_email
-- Sign-in: mail addresses are compared without regard to case, through an index on the expression.
-- param email: query(SELECT upper(email) FROM customers WHERE id % 2501 = 7 ORDER BY id)
-- weight: 20
SELECT id, email, name
FROM customers
WHERE lower(email) = lower(:email);

-- name: addresses_of_customer
-- The address book at the check-out.
-- param customer_id: uniform(1, 10000)
-- weight: 25
SELECT id, kind, street, postcode, city
FROM addresses
WHERE customer_id = :customer_id
ORDER BY kind DESC, id;

-- name: customer_list_with_totals
-- The back office's list of customers, as it grew: one subquery a column, each reads the orders of
-- the customer again.
-- param after_id: values(25, 150, 2000, 8000)
-- weight: 2
SELECT c.id, c.name,
       (SELECT sum(o.total_cents) FROM orders AS o WHERE o.customer_id = c.id AND o.status <> 'cancelled') AS spent_cents,
       (SELECT max(o.total_cents) FROM orders AS o WHERE o.customer_id = c.id AND o.status <> 'cancelled') AS largest_cents,
       (SELECT count(*) FROM orders AS o WHERE o.customer_id = c.id AND o.status = 'cancelled') AS cancelled
FROM customers AS c
WHERE c.id > :after_id
ORDER BY c.id
LIMIT 25;

-- name: customers_without_order
-- Who signed up in a week and never ordered: NOT EXISTS, a voucher goes out.
-- param monday: values('2021-03-01', '2022-08-15', '2023-12-04')
-- weight: 1
SELECT c.id, c.email, c.created_at
FROM customers AS c
WHERE c.created_at >= :monday::date
  AND c.created_at < :monday::date + 7
  AND NOT EXISTS (SELECT FROM orders AS o WHERE o.customer_id = c.id)
ORDER BY c.id;

-- name: reviews_of_customer
-- "My reviews" in one round trip: a common table expression that is used twice.
-- param customer_id: zipf(1, 10000, 1.1)
-- weight: 15
WITH mine AS (
  SELECT id, product_id, rating, created_at
  FROM reviews
  WHERE customer_id = :customer_id
)
SELECT latest.id, p.name, latest.rating, latest.created_at,
       (SELECT count(*) FROM mine) AS reviews, (SELECT round(avg(rating), 2) FROM mine) AS average
FROM (SELECT * FROM mine ORDER BY id DESC LIMIT 5) AS latest
JOIN products AS p ON p.id = latest.product_id
ORDER BY latest.id DESC;
