-- Readings that are doubtful or failed, and the alerts that they raised.

-- name: share_of_bad_readings
-- How many of a month's readings are doubtful or failed, by metric, the worst first: one filtered
-- aggregate a column, so that one scan does for all of them.
-- param month: values('2025-02-01', '2025-05-01')
-- weight: 15
SELECT metric_id,
       count(*) AS readings,
       count(*) FILTER (WHERE quality = 1) AS doubtful,
       count(*) FILTER (WHERE quality = 2) AS failed,
       sum(payload_bytes) FILTER (WHERE quality = 0) AS good_bytes
FROM measurements
WHERE measured_at >= :month::timestamp
  AND measured_at < :month::timestamp + interval '1 month'
GROUP BY metric_id
ORDER BY failed DESC, metric_id;

-- name: alert_cube
-- Alerts of a quarter by kind, severity and plan, and all subtotals of them.
-- param from_day: values('2025-01-01', '2025-07-01')
-- weight: 5
SELECT d.kind, a.severity, c.plan_id, count(*) AS alerts, sum(a.open_seconds) AS open_seconds
FROM alerts AS a
JOIN devices AS d ON d.device_id = a.device_id
JOIN sites AS s ON s.site_id = d.site_id
JOIN customers AS c ON c.customer_id = s.customer_id
WHERE a.raised_at >= :from_day::timestamp
  AND a.raised_at < :from_day::timestamp + interval '3 months'
GROUP BY CUBE (d.kind, a.severity, c.plan_id)
ORDER BY d.kind, a.severity, c.plan_id;

-- name: latest_critical_alerts
-- The start page's list. A partial index holds just these rows, in this order.
-- param before: values('2025-12-31', '2025-05-01')
-- weight: 200
SELECT a.raised_at, a.device_id, d.model, s.name AS site, a.open_seconds
FROM alerts AS a
JOIN devices AS d ON d.device_id = a.device_id
JOIN sites AS s ON s.site_id = d.site_id
WHERE a.severity = 2
  AND a.raised_at < :before
ORDER BY a.raised_at DESC
LIMIT 50;

-- name: last_alert_of_each_device
-- DISTINCT ON: of each device the last alert of a quarter, the longest of them first.
-- param quarter: values('2025-01-01', '2025-10-01')
-- weight: 10
SELECT device_id, raised_at, severity, open_seconds
FROM (
    SELECT DISTINCT ON (device_id) device_id, raised_at, severity, open_seconds
    FROM alerts
    WHERE raised_at >= :quarter::timestamp
      AND raised_at < :quarter::timestamp + interval '3 months'
    ORDER BY device_id, raised_at DESC
) AS last_alert
ORDER BY open_seconds DESC, device_id
LIMIT 100;

-- name: values_that_raised_alerts
-- Alerts joined with the readings that raised them, month by month: both tables are partitioned
-- alike, and the time is in the join condition.
-- param from_month: values('2025-01-01', '2025-03-01')
-- weight: 5
-- settings: enable_partitionwise_join=on
SELECT m.metric_id, a.severity, count(*) AS alerts, min(m.value) AS lowest, max(m.value) AS highest
FROM alerts AS a
JOIN measurements AS m ON m.device_id = a.device_id AND m.measured_at = a.raised_at
WHERE m.measured_at >= :from_month::timestamp
  AND m.measured_at < :from_month::timestamp + interval '2 months'
  AND a.raised_at >= :from_month::timestamp
  AND a.raised_at < :from_month::timestamp + interval '2 months'
GROUP BY m.metric_id, a.severity
ORDER BY m.metric_id, a.severity;

-- name: alerts_without_reading
-- A consistency check of one month, which finds nothing. It needs the keys alone: both sides are
-- read from the indexes, no table is visited.
-- param month: values('2025-01-01', '2025-03-01')
-- weight: 1
SELECT a.device_id, a.raised_at
FROM alerts AS a
LEFT JOIN measurements AS m
       ON m.device_id = a.device_id
      AND m.measured_at = a.raised_at
      AND m.measured_at >= :month::timestamp
      AND m.measured_at < :month::timestamp + interval '1 month'
WHERE a.raised_at >= :month::timestamp
  AND a.raised_at < :month::timestamp + interval '1 month'
  AND m.device_id IS NULL
ORDER BY a.device_id, a.raised_at;

-- name: quality_by_metric
-- Two months by metric and quality, aggregated in each partition before they are put together.
-- param from_month: values('2025-01-01', '2025-03-01')
-- weight: 3
-- settings: enable_partitionwise_aggregate=on
SELECT metric_id, quality, count(*) AS readings, sum(payload_bytes) AS payload_bytes
FROM measurements
WHERE measured_at >= :from_month::timestamp
  AND measured_at < :from_month::timestamp + interval '2 months'
GROUP BY metric_id, quality
ORDER BY metric_id, quality;

-- name: export_readings_by_size
-- An export of one metric's readings of a month, largest first. It does not fit into 64 kB, so the
-- sort goes to disk: temporary blocks are part of what this query is expected to need.
-- param metric: values(6, 10)
-- weight: 1
-- settings: work_mem=64kB
SELECT device_id, measured_at, payload_bytes, value
FROM measurements
WHERE metric_id = :metric
  AND measured_at >= '2025-06-01'
  AND measured_at < '2025-07-01'
ORDER BY payload_bytes DESC, device_id, measured_at;
