-- 10,000 customers, who signed up from 2020-07 to 2023-12, one to two addresses each, 5,000 carts.

INSERT INTO customers (id, email, name, country, newsletter, created_at)
SELECT i,
       first || '.' || last || i || '@Example.com',
       first || ' ' || last,
       (ARRAY['DE', 'FR', 'GB', 'IT', 'ES', 'NL', 'PL', 'SE', 'AT', 'PT'])[1 + seed_squared(country, 10)],
       country % 4 = 0,
       timestamptz '2020-07-01 00:00+00' + i * interval '184 minutes'
FROM (SELECT i,
             (ARRAY['Ada', 'Ben', 'Carla', 'Dario', 'Eva', 'Finn', 'Greta', 'Hugo', 'Ines', 'Jan', 'Kira', 'Leo', 'Mia',
                    'Nils', 'Olga', 'Paul', 'Rosa', 'Sven', 'Tara', 'Uwe'])[1 + seed_noise(i, 20) % 20] AS first,
             (ARRAY['Adler', 'Bauer', 'Costa', 'Duval', 'Ernst', 'Ferri', 'Gomez', 'Horn', 'Ivanov', 'Jansen', 'Klein',
                    'Lopez', 'Meyer', 'Novak', 'Olsen', 'Petit', 'Rossi', 'Silva', 'Thorn', 'Weber'])[1 + seed_noise(i, 21) % 20] AS last,
             seed_noise(i, 22) AS country
      FROM generate_series(1, (10000 * :scale)::integer) AS i OFFSET 0) AS noise
ORDER BY i;

-- Address i belongs to customer i; each second customer has a second one, for bills.
INSERT INTO addresses (id, customer_id, kind, street, postcode, city)
SELECT i,
       CASE WHEN second THEN 2 * (i - customers) ELSE i END,
       CASE WHEN second THEN 'billing' ELSE 'shipping' END,
       'Street ' || (1 + a % 400) || ' no. ' || (1 + b % 90),
       (10000 + seed_even(b, 90000))::text,
       (ARRAY['Berlin', 'Paris', 'London', 'Rome', 'Madrid', 'Utrecht', 'Gdansk', 'Malmo', 'Graz', 'Porto'])[1 + seed_squared(a, 10)]
FROM (SELECT i, customers, i > customers AS second, seed_noise(i, 25) AS a, seed_noise(i, 26) AS b
      FROM (SELECT (10000 * :scale)::integer AS customers) AS size, generate_series(1, customers + customers / 2) AS i
      OFFSET 0) AS noise
ORDER BY noise.i;

INSERT INTO carts (id, customer_id, updated_at)
SELECT i, i * 2, timestamptz '2026-06-30 00:00+00' - seed_squared(seed_noise(i, 30), 129600) * interval '1 minute'
FROM generate_series(1, (5000 * :scale)::integer) AS i
ORDER BY i;

INSERT INTO cart_items (cart_id, product_id, quantity)
SELECT i, 1 + (seed_even(seed_noise(i, 31), products) + item * 577) % products, 1 + seed_noise(i, 32) % 3
FROM (SELECT (10000 * :scale)::integer AS products) AS size,
     generate_series(1, (5000 * :scale)::integer) AS i,
     generate_series(1, 1 + i % 5) AS item
ORDER BY i, item;
