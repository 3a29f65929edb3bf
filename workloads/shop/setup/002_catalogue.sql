-- Categories (8 roots, 48 below them, 144 leaves), 500 sellers, 10,000 products in the leaves,
-- crowded in the first ones, and their stock in three warehouses.

INSERT INTO categories (id, parent_id, name)
SELECT i,
       CASE WHEN i > 56 THEN 9 + (i - 57) / 3 WHEN i > 8 THEN 1 + (i - 9) / 6 END,
       CASE WHEN i <= 8 THEN (ARRAY['Home', 'Garden', 'Kitchen', 'Office', 'Sports', 'Toys', 'Travel', 'Workshop'])[i]
            WHEN i <= 56 THEN 'Department ' || i
            ELSE 'Shelf ' || i END
FROM generate_series(1, 200) AS i
ORDER BY i;

INSERT INTO sellers (id, name, country)
SELECT i, 'Seller ' || i, (ARRAY['DE', 'FR', 'IT', 'PL', 'ES'])[1 + i % 5]
FROM generate_series(1, 500) AS i
ORDER BY i;

INSERT INTO products (id, seller_id, category_id, name, price_cents, status, attributes, created_at)
SELECT i,
       1 + seed_squared(seller, 500),
       57 + seed_squared(category, 144),
       (ARRAY['Compact', 'Classic', 'Folding', 'Heavy', 'Light', 'Modern', 'Narrow', 'Portable', 'Round', 'Rustic',
              'Slim', 'Smart', 'Solid', 'Tall', 'Vintage', 'Wide'])[1 + a % 16]
       || ' ' || (ARRAY['Alu', 'Bamboo', 'Cork', 'Cotton', 'Felt', 'Glass', 'Leather', 'Linen', 'Maple', 'Marble', 'Oak',
                        'Paper', 'Steel', 'Walnut', 'Wool', 'Zinc'])[1 + b % 16]
       || ' ' || (ARRAY['Backpack', 'Basket', 'Bench', 'Blanket', 'Board', 'Bottle', 'Bowl', 'Box', 'Chair', 'Clock',
                        'Cushion', 'Desk', 'Frame', 'Hammer', 'Helmet', 'Hook', 'Kettle', 'Ladder', 'Lamp', 'Mat',
                        'Mirror', 'Mug', 'Pan', 'Rack', 'Shelf', 'Stool', 'Table', 'Tent', 'Tray', 'Vase', 'Wallet',
                        'Wheel'])[1 + c % 32]
       || ' ' || (100 + seed_even(model, 900)),
       199 + seed_squared(price, 50000),
       CASE WHEN state % 100 < 4 THEN 'draft' WHEN state % 100 < 12 THEN 'archived' ELSE 'active' END,
       jsonb_build_object(
         'color', (ARRAY['black', 'white', 'grey', 'blue', 'green', 'red', 'sand', 'teal', 'amber', 'plum'])[1 + seed_squared(a, 10)],
         'size', (ARRAY['S', 'M', 'L', 'XL'])[1 + b % 4],
         'weight_g', 50 + c % 20 * 250,
         'tags', CASE state % 5 WHEN 0 THEN '["eco"]'::jsonb WHEN 1 THEN '["eco", "gift"]'::jsonb
                                WHEN 2 THEN '["sale"]'::jsonb ELSE '[]'::jsonb END),
       timestamptz '2022-01-01 00:00+00' + i * interval '2 hours'
FROM (SELECT i, seed_noise(i, 1) AS seller, seed_noise(i, 2) AS category, seed_noise(i, 3) AS a, seed_noise(i, 4) AS b,
             seed_noise(i, 5) AS c, seed_noise(i, 6) AS model, seed_noise(i, 7) AS price, seed_noise(i, 8) AS state
      FROM generate_series(1, (10000 * :scale)::integer) AS i OFFSET 0) AS noise
ORDER BY i;

INSERT INTO inventory (product_id, warehouse_id, on_hand, reserved)
SELECT i, warehouse, 5 + seed_squared(seed_noise(i, 10 + warehouse), 400), seed_even(seed_noise(i, 14 + warehouse), 5)
FROM generate_series(1, (10000 * :scale)::integer) AS i, generate_series(1, 3) AS warehouse
ORDER BY i, warehouse;
