-- 300 customers, 300 sites, 6,000 devices. A uniform number squared is often small: so the first
-- tenth of the customers owns a third of the sites, and the first tenth of the sites has a third of
-- the devices.
--
-- hashint8extended is the hash that partitions tables BY HASH: its values stay the same from one
-- version and machine to the next, because rows on disk depend on them. random() would not do.

INSERT INTO plans (plan_id, name, cents_per_million) VALUES
    (1, 'free', 0),
    (2, 'basic', 400),
    (3, 'business', 250),
    (4, 'enterprise', 120);

-- The largest customers are few and pay least a byte; most of the small ones pay nothing.
INSERT INTO customers (customer_id, plan_id, region, name)
SELECT n,
       CASE WHEN n <= 6 THEN 4 WHEN n <= 40 THEN 3 WHEN n <= 120 THEN 2 ELSE 1 END,
       (ARRAY['emea', 'emea', 'emea', 'emea', 'amer', 'amer', 'amer', 'apac'])[1 + (hash & 7)],
       'customer ' || n
FROM (SELECT n, hashint8extended(n, 1) AS hash FROM generate_series(1, 300) AS n) AS numbered
ORDER BY n;

INSERT INTO sites (site_id, customer_id, name)
SELECT n, 1 + ((300 * (hash & 1023) * (hash & 1023)) >> 20), 'site ' || n
FROM (SELECT n, hashint8extended(n, 2) AS hash FROM generate_series(1, 300) AS n) AS numbered
ORDER BY n;

-- The kind follows from the id, so that the load of measurements knows it without a join.
INSERT INTO devices (device_id, site_id, kind, model, installed_on)
SELECT n,
       1 + ((300 * (hash & 1023) * (hash & 1023)) >> 20),
       kind,
       kind || '-' || (ARRAY['a', 'a', 'a', 'b', 'b', 'c', 'c', 'd'])[1 + ((hash >> 10) & 7)],
       date '2021-01-01' + ((hash >> 20) & 1023)::integer
FROM (SELECT n,
             hashint8extended(n, 3) AS hash,
             (ARRAY['climate', 'power', 'water', 'air', 'door'])[1 + n % 5] AS kind
      FROM generate_series(1, 6000) AS n) AS numbered
ORDER BY n;

-- Metrics 1 to 3 are of kind 'climate', 4 to 6 of 'power', and so on.
INSERT INTO metrics (metric_id, kind, name, unit) VALUES
    (1, 'climate', 'temperature', 'degC'),
    (2, 'climate', 'humidity', '%'),
    (3, 'climate', 'climate_battery', 'mV'),
    (4, 'power', 'active_power', 'W'),
    (5, 'power', 'voltage', 'V'),
    (6, 'power', 'frequency', 'Hz'),
    (7, 'water', 'flow', 'l/h'),
    (8, 'water', 'pressure', 'kPa'),
    (9, 'water', 'water_battery', 'mV'),
    (10, 'air', 'co2', 'ppm'),
    (11, 'air', 'particles', 'ug/m3'),
    (12, 'air', 'air_battery', 'mV'),
    (13, 'door', 'openings', '1/h'),
    (14, 'door', 'open_time', 's'),
    (15, 'door', 'door_battery', 'mV');

-- The books of the last quarter are still open.
INSERT INTO billing_periods (period_id, starts_at, ends_at, closed)
SELECT n,
       make_timestamp(2025, n, 1, 0, 0, 0),
       make_timestamp(2025, n, 1, 0, 0, 0) + interval '1 month',
       n < 10
FROM generate_series(1, 12) AS n
ORDER BY n;
