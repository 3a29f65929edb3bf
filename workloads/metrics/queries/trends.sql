-- How values and volumes move over time.

-- name: site_moving_average
-- A customer's sites: each day's bytes, their mean over seven days, and the running total.
-- param customer: values(3, 50)
-- weight: 30
SELECT u.site_id,
       u.day,
       u.payload_bytes::bigint AS payload_bytes,
       avg(u.payload_bytes) OVER week AS mean_of_7_days,
       sum(u.payload_bytes) OVER (PARTITION BY u.site_id ORDER BY u.day)::bigint AS running_total
FROM daily_usage AS u
JOIN sites AS s ON s.site_id = u.site_id
WHERE s.customer_id = :customer
  AND u.day >= '2025-10-01'
WINDOW week AS (PARTITION BY u.site_id ORDER BY u.day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW)
ORDER BY u.site_id, u.day;

-- name: days_of_long_alerts
-- Critical alerts that stayed open for long, day by day, with a zero where there was none: the days
-- come from generate_series(), not from the data.
-- param quarter: values('2025-01-01', '2025-07-01')
-- param open_seconds: values(3600, 6600)
-- weight: 20
SELECT days.day::date AS day, coalesce(long_alerts.alerts, 0) AS alerts, long_alerts.longest
FROM generate_series(:quarter::timestamp,
                     :quarter::timestamp + interval '3 months' - interval '1 day',
                     interval '1 day') AS days(day)
LEFT JOIN (
    SELECT date_trunc('day', raised_at) AS day, count(*) AS alerts, max(open_seconds) AS longest
    FROM alerts
    WHERE severity = 2
      AND open_seconds >= :open_seconds
      AND raised_at >= :quarter::timestamp
      AND raised_at < :quarter::timestamp + interval '3 months'
    GROUP BY 1
) AS long_alerts ON long_alerts.day = days.day
ORDER BY days.day;

-- name: hours_of_day
-- The hours of one day, the busiest first. BRIN finds its rows: a few blocks of one partition.
-- param day: dates(2025-01-02, 2025-12-30)
-- weight: 60
-- bindings: 3
SELECT extract(hour FROM measured_at)::integer AS hour,
       count(*) AS readings,
       sum(payload_bytes) AS payload_bytes,
       max(value) AS highest
FROM measurements
WHERE measured_at >= :day::timestamp
  AND measured_at < :day::timestamp + interval '1 day'
GROUP BY 1
ORDER BY readings DESC, hour;

-- name: metric_percentiles
-- Median and 95th percentile of each metric in a week.
-- param monday: values('2025-04-07', '2025-12-08')
-- weight: 10
SELECT metric_id,
       count(*) AS readings,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY value) AS median,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY value) AS p95
FROM measurements
WHERE measured_at >= :monday::timestamp
  AND measured_at < :monday::timestamp + interval '7 days'
GROUP BY metric_id
ORDER BY metric_id;

-- name: week_against_week_before
-- Each metric's readings in a week and in the week before. The query reads as if all readings were
-- fetched first; NOT MATERIALIZED lets each reference fetch its own week only.
-- param monday: values('2025-03-17', '2025-10-20')
-- weight: 15
WITH readings AS NOT MATERIALIZED (
    SELECT e.metric_id, e.name, m.measured_at, m.payload_bytes
    FROM measurements AS m
    JOIN metrics AS e ON e.metric_id = m.metric_id
), this_week AS (
    SELECT metric_id, name, count(*) AS readings, sum(payload_bytes) AS payload_bytes
    FROM readings
    WHERE measured_at >= :monday::timestamp
      AND measured_at < :monday::timestamp + interval '7 days'
    GROUP BY metric_id, name
), week_before AS (
    SELECT metric_id, count(*) AS readings, sum(payload_bytes) AS payload_bytes
    FROM readings
    WHERE measured_at >= :monday::timestamp - interval '7 days'
      AND measured_at < :monday::timestamp
    GROUP BY metric_id
)
SELECT name,
       this_week.readings,
       this_week.readings - week_before.readings AS more_readings,
       this_week.payload_bytes - week_before.payload_bytes AS more_bytes
FROM this_week
LEFT JOIN week_before USING (metric_id)
ORDER BY metric_id;
