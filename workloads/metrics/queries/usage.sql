-- Who used how much: bills, and the dashboards of the sales team.

-- name: usage_by_plan_and_region
-- The monthly revenue report: a star join from the fact table out to all of its dimensions.
-- param month: values('2025-02-01', '2025-04-01')
-- weight: 5
SELECT p.name AS plan,
       c.region,
       count(*) AS readings,
       sum(m.payload_bytes) AS payload_bytes,
       sum(m.payload_bytes) * p.cents_per_million / 1000000 AS cents
FROM measurements AS m
JOIN devices AS d ON d.device_id = m.device_id
JOIN sites AS s ON s.site_id = d.site_id
JOIN customers AS c ON c.customer_id = s.customer_id
JOIN plans AS p ON p.plan_id = c.plan_id
WHERE m.measured_at >= :month::timestamp
  AND m.measured_at < :month::timestamp + interval '1 month'
GROUP BY p.plan_id, c.region
ORDER BY p.plan_id, c.region;

-- name: usage_rollup
-- A quarter's bytes by region, plan and customer with subtotals, from the materialised view.
-- param first_day: values('2025-04-01', '2025-10-01')
-- weight: 10
SELECT c.region, c.plan_id, c.customer_id, sum(u.payload_bytes)::bigint AS payload_bytes
FROM daily_usage AS u
JOIN sites AS s ON s.site_id = u.site_id
JOIN customers AS c ON c.customer_id = s.customer_id
WHERE u.day >= :first_day::date
  AND u.day < (:first_day::date + interval '3 months')::date
GROUP BY ROLLUP (c.region, c.plan_id, c.customer_id)
ORDER BY c.region, c.plan_id, c.customer_id;

-- name: usage_grouping_sets
-- One pass over a month for three tables of a report: by metric, by quality, and the total.
-- param month: values('2025-01-01', '2025-05-01')
-- weight: 5
SELECT m.metric_id, m.quality, count(*) AS readings, sum(m.payload_bytes) AS payload_bytes
FROM measurements AS m
WHERE m.measured_at >= :month::timestamp
  AND m.measured_at < :month::timestamp + interval '1 month'
GROUP BY GROUPING SETS ((m.metric_id), (m.quality), ())
ORDER BY m.metric_id, m.quality;

-- name: bill_of_period
-- A billing period's bytes by kind of device. The planner does not know the period's bounds: they
-- come from a subquery, and the other eleven partitions are left out only when it runs.
-- param period: values(2, 6)
-- weight: 10
SELECT e.kind, count(*) AS readings, sum(m.payload_bytes) AS payload_bytes
FROM measurements AS m
JOIN metrics AS e ON e.metric_id = m.metric_id
WHERE m.measured_at >= (SELECT starts_at FROM billing_periods WHERE period_id = :period)
  AND m.measured_at < (SELECT ends_at FROM billing_periods WHERE period_id = :period)
GROUP BY e.kind
ORDER BY e.kind;

-- name: device_usage_by_period
-- A device's bytes in each closed period: for each of them, only its own partition is visited.
-- param device: zipf(1, 6000, 1.1)
-- bindings: 3
-- weight: 50
SELECT b.period_id, b.starts_at, u.readings, u.payload_bytes
FROM billing_periods AS b
CROSS JOIN LATERAL (
    SELECT count(*) AS readings, sum(m.payload_bytes) AS payload_bytes
    FROM measurements AS m
    WHERE m.device_id = :device
      AND m.measured_at >= b.starts_at
      AND m.measured_at < b.ends_at
) AS u
WHERE b.closed
ORDER BY b.period_id;

-- name: top_customers
-- The ten customers with most bytes between two days, from the materialised view.
-- param from_day: values('2025-03-10', '2025-11-20')
-- param to_day: values('2025-03-16', '2025-12-20')
-- weight: 30
SELECT s.customer_id, sum(u.payload_bytes)::bigint AS payload_bytes, sum(u.readings) AS readings
FROM daily_usage AS u
JOIN sites AS s ON s.site_id = u.site_id
WHERE u.day BETWEEN :from_day AND :to_day
GROUP BY s.customer_id
ORDER BY payload_bytes DESC, s.customer_id
LIMIT 10;

-- name: busiest_sites_of_region
-- The three busiest sites of each region in a month: top N of each group by row_number().
-- param month: values('2025-05-01', '2025-12-01')
-- weight: 20
SELECT region, place, site_id, payload_bytes
FROM (
    SELECT c.region,
           s.site_id,
           sum(u.payload_bytes)::bigint AS payload_bytes,
           row_number() OVER (PARTITION BY c.region
                              ORDER BY sum(u.payload_bytes) DESC, s.site_id) AS place
    FROM daily_usage AS u
    JOIN sites AS s ON s.site_id = u.site_id
    JOIN customers AS c ON c.customer_id = s.customer_id
    WHERE u.day >= :month::date
      AND u.day < (:month::date + interval '1 month')::date
    GROUP BY c.region, s.site_id
) AS ranked
WHERE place <= 3
ORDER BY region, place;

-- name: busiest_site_days
-- The newest days, each with its busiest sites first. Days come in order from an index, so only the
-- sites within a day have to be sorted: an incremental sort that stops after the first page.
-- param day: dates(2025-02-01, 2025-12-31)
-- weight: 40
-- bindings: 2
SELECT day, site_id, readings, payload_bytes
FROM daily_usage
WHERE day <= :day
ORDER BY day DESC, payload_bytes DESC, site_id
LIMIT 50;
