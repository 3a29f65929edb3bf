-- name: products_of_seller
-- A seller's own product list. Row-level security holds back all other products: the statement
-- names no seller.
-- role: shop_app
-- settings: app.seller=7
-- weight: 5
SELECT id, name, price_cents, status
FROM products
ORDER BY name, id;

-- name: product_of_seller
-- One product for editing; nothing where it is another seller's (71 and 82 are of seller 2).
-- role: shop_app
-- settings: app.seller=2
-- param product_id: values(71, 82, 1, 10000)
-- weight: 5
SELECT id, name, price_cents, attributes
FROM products
WHERE id = :product_id;

-- name: sales_of_seller
-- What a seller sells best: the policy applies below a join, too.
-- role: shop_app
-- settings: app.seller=40
-- weight: 1
SELECT p.id, p.name, sum(l.quantity) AS pieces
FROM products AS p
JOIN order_lines AS l ON l.product_id = p.id
GROUP BY p.id
ORDER BY pieces DESC, p.id
LIMIT 10;
