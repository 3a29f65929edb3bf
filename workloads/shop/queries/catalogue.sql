-- name: product_page
-- One product with its category, seller and stock.
-- param product_id: zipf(1, 10000, 1.1)
-- weight: 200
SELECT p.id, p.name, p.price_cents, p.attributes, c.name AS category, s.name AS seller,
       (SELECT sum(i.on_hand - i.reserved) FROM inventory AS i WHERE i.product_id = p.id) AS available
FROM products AS p
JOIN categories AS c ON c.id = p.category_id
JOIN sellers AS s ON s.id = p.seller_id
WHERE p.id = :product_id;

-- name: products_by_ids
-- The products of a teaser, as an ORM loads them: a list of literals, of another length each time.
-- weight: 40
SELECT id, name, price_cents, status
FROM products
WHERE id IN (17, 42, 99, 1204, 3301, 4711, 5050, 6789, 8080, 9999)
ORDER BY id;

-- name: product_search
-- The search box: any part of the name, through a trigram index.
-- param pattern: values('%walnut desk%', '%smart steel lamp%', '%lamp 4%', '%kettle%', '%no such thing%')
-- weight: 25
-- policy: time_ratio=1.3
SELECT id, name, price_cents
FROM products
WHERE name ILIKE :pattern AND status = 'active'
ORDER BY price_cents, id
LIMIT 20;

-- name: product_suggestions
-- "Did you mean": names alike, although misspelt. Names that are as alike as the last one shown are
-- a tie, and any of them may be shown.
-- param term: values('vintage marbel mirror', 'porttable tent 500')
-- weight: 2
SELECT name, similarity(name, :term) AS likeness
FROM products
WHERE name % :term
ORDER BY likeness DESC
LIMIT 10;

-- name: products_by_attributes
-- The filter beside the product list: JSONB containment, through a GIN index.
-- param filter: values('{"color": "plum", "size": "XL"}', '{"tags": ["gift"], "color": "teal", "size": "S"}', '{"weight_g": 4800, "color": "sand"}', '{"color": "pink"}')
-- weight: 25
SELECT id, name, price_cents, attributes
FROM products
WHERE attributes @> :filter::jsonb AND status = 'active'
ORDER BY price_cents, id
LIMIT 24;

-- name: products_of_category
-- The product list of a category: some categories hold hundreds, most a few dozen.
-- param category_id: values(57, 60, 100, 200)
-- weight: 60
SELECT id, name, price_cents
FROM products
WHERE category_id = :category_id AND status = 'active'
ORDER BY price_cents, id
LIMIT 24;

-- name: dearest_products_of_department
-- The three dearest products of each shelf of a department: a LATERAL top N.
-- param department_id: values(9, 20, 35, 56)
-- weight: 10
SELECT c.id AS category_id, c.name AS category, p.id, p.name, p.price_cents
FROM categories AS c
CROSS JOIN LATERAL (
  SELECT id, name, price_cents
  FROM products
  WHERE category_id = c.id AND status = 'active'
  ORDER BY price_cents DESC, id
  LIMIT 3
) AS p
WHERE c.parent_id = :department_id
ORDER BY c.id, p.price_cents DESC, p.id;

-- name: category_path
-- The breadcrumbs over a product: from its shelf up to the root, by recursion.
-- param category_id: uniform(57, 200)
-- weight: 60
WITH RECURSIVE path AS (
  SELECT id, parent_id, name, 0 AS height
  FROM categories
  WHERE id = :category_id
  UNION ALL
  SELECT c.id, c.parent_id, c.name, path.height + 1
  FROM path
  JOIN categories AS c ON c.id = path.parent_id
)
SELECT id, name
FROM path
ORDER BY height DESC;

-- name: products_below_category
-- How many products a root category holds, shelf by shelf: the tree downwards, then a count each.
-- param root_id: values(1, 4, 8)
-- weight: 3
WITH RECURSIVE tree AS (
  SELECT id, name
  FROM categories
  WHERE id = :root_id
  UNION ALL
  SELECT c.id, c.name
  FROM tree
  JOIN categories AS c ON c.parent_id = tree.id
)
SELECT tree.id, tree.name,
       (SELECT count(*) FROM products AS p WHERE p.category_id = tree.id AND p.status = 'active') AS products
FROM tree
ORDER BY tree.id;

-- name: rating_of_product
-- The stars on a product page: an index-only scan, as the index covers the rating.
-- param product_id: zipf(1, 10000, 1.1)
-- weight: 200
SELECT count(*) AS reviews, round(avg(rating), 2) AS rating
FROM reviews
WHERE product_id = :product_id;

-- name: best_reviews_of_product
-- Ten good reviews. ORDER BY rating leaves open which of many fives are shown, as real pages do.
-- param product_id: values(1, 7, 300, 5000)
-- weight: 50
SELECT rating, body
FROM reviews
WHERE product_id = :product_id AND body IS NOT NULL
ORDER BY rating DESC
LIMIT 10;

-- name: latest_review_of_products
-- The latest review of each product of a page: DISTINCT ON over an array of ids.
-- param product_ids: values('{5,77,300,1200,9000}', '{40,41,42,43,44,45,46,47}', '{8000,8001,8002}')
-- weight: 5
SELECT DISTINCT ON (product_id) product_id, id, rating, created_at
FROM reviews
WHERE product_id = ANY (:product_ids::bigint[])
ORDER BY product_id, created_at DESC, id DESC;

-- name: loved_products_of_category
-- Products of a category to which somebody gave five stars: EXISTS.
-- param category_id: values(64, 100, 150, 200)
-- weight: 5
SELECT p.id, p.name
FROM products AS p
WHERE p.category_id = :category_id
  AND EXISTS (SELECT FROM reviews AS r WHERE r.product_id = p.id AND r.rating = 5)
ORDER BY p.id;

-- name: price_rank_in_category
-- Where a price stands among those of its category: a window over a part of a table.
-- param category_id: values(60, 110, 190)
-- weight: 2
SELECT id, name, price_cents, rank() OVER (ORDER BY price_cents DESC) AS price_rank
FROM products
WHERE category_id = :category_id AND status = 'active'
ORDER BY price_rank, id;

-- name: bought_together
-- "Often bought together": order lines joined with themselves.
-- param product_id: values(60, 900, 7000)
-- weight: 8
SELECT other.product_id, count(*) AS times
FROM order_lines AS this
JOIN order_lines AS other ON other.order_id = this.order_id AND other.product_id <> this.product_id
WHERE this.product_id = :product_id
GROUP BY other.product_id
ORDER BY times DESC, other.product_id
LIMIT 5;
