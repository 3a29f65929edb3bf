-- name: cart_of_customer
-- The cart in the corner of each page.
-- param customer_id: values(2, 600, 4500, 9000, 7)
-- weight: 150
SELECT i.product_id, p.name, i.quantity, p.price_cents
FROM carts AS c
JOIN cart_items AS i ON i.cart_id = c.id
JOIN products AS p ON p.id = i.product_id
WHERE c.customer_id = :customer_id
ORDER BY i.product_id;

-- name: add_to_cart
-- An upsert: what is in the cart already becomes more.
-- param cart_id: values(1, 1, 2500)
-- param product_id: values(7471, 12, 12)
-- weight: 30
INSERT INTO cart_items (cart_id, product_id, quantity)
VALUES (:cart_id, :product_id, 1)
ON CONFLICT (cart_id, product_id) DO UPDATE SET quantity = cart_items.quantity + excluded.quantity
RETURNING cart_id, product_id, quantity;

-- name: remove_from_cart
-- DELETE by primary key.
-- param cart_id: values(1, 2)
-- param product_id: values(7471, 4824)
-- weight: 10
DELETE FROM cart_items
WHERE cart_id = :cart_id AND product_id = :product_id
RETURNING product_id, quantity;

-- name: delete_cart
-- A paid cart goes, and its items with it: ON DELETE CASCADE.
-- param cart_id: values(4, 2999)
-- weight: 4
DELETE FROM carts
WHERE id = :cart_id
RETURNING id, customer_id;

-- name: reserve_stock
-- Takes pieces from the stock only where enough are left, and says how many remain.
-- param product_id: uniform(1, 10000)
-- weight: 8
UPDATE inventory
SET reserved = reserved + 2
WHERE product_id = :product_id AND warehouse_id = 1 AND on_hand - reserved >= 2
RETURNING product_id, on_hand - reserved AS available;

-- name: next_jobs
-- What a worker asks for all day: queued jobs that no other worker holds.
-- weight: 100
SELECT id, kind, payload
FROM jobs
WHERE status = 'queued'
ORDER BY priority DESC, id
LIMIT 5
FOR UPDATE SKIP LOCKED;

-- name: claim_job
-- The same in one statement: locks the first job, marks it as running and returns it.
-- weight: 100
UPDATE jobs
SET status = 'running', attempts = attempts + 1
WHERE id = (
  SELECT id
  FROM jobs
  WHERE status = 'queued'
  ORDER BY priority DESC, id
  LIMIT 1
  FOR UPDATE SKIP LOCKED
)
RETURNING id, kind, attempts;
