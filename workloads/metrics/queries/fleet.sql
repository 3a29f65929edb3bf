-- What the devices do, one by one and all together.

-- name: latest_reading_of_each_device
-- The device list of a site: for each device its newest reading, wherever that is. The partitions
-- are visited from the newest back, and the search stops at the first row.
-- param site: query(SELECT site_id FROM devices GROUP BY site_id ORDER BY count(*) DESC, site_id)
-- bindings: 2
-- weight: 100
SELECT d.device_id, d.model, latest.measured_at, latest.metric_id, latest.value
FROM devices AS d
LEFT JOIN LATERAL (
    SELECT m.measured_at, m.metric_id, m.value
    FROM measurements AS m
    WHERE m.device_id = d.device_id
    ORDER BY m.measured_at DESC
    LIMIT 1
) AS latest ON true
WHERE d.site_id = :site
ORDER BY d.device_id;

-- name: active_devices_by_day
-- How many devices sent anything, day by day for a week.
-- param monday: values('2025-02-10', '2025-09-15')
-- weight: 15
SELECT measured_at::date AS day, count(DISTINCT device_id) AS devices, count(*) AS readings
FROM measurements
WHERE measured_at >= :monday::timestamp
  AND measured_at < :monday::timestamp + interval '7 days'
GROUP BY 1
ORDER BY 1;

-- name: silent_devices
-- Devices of one kind that sent nothing for days: an anti join.
-- param kind: values('climate', 'door')
-- param since: values('2025-12-20', '2025-12-28')
-- weight: 20
SELECT d.device_id, d.site_id, d.model
FROM devices AS d
WHERE d.kind = :kind
  AND NOT EXISTS (
      SELECT FROM measurements AS m
      WHERE m.device_id = d.device_id
        AND m.measured_at >= :since
  )
ORDER BY d.device_id;

-- name: longest_silences
-- The twenty longest times between two readings of one device in a month. The primary key has both
-- columns in the order that the window wants: no sort, and no visit to the table.
-- param month: values('2025-01-01', '2025-02-01')
-- weight: 5
SELECT device_id, silent_since, silence
FROM (
    SELECT device_id,
           lag(measured_at) OVER device AS silent_since,
           measured_at - lag(measured_at) OVER device AS silence
    FROM measurements
    WHERE measured_at >= :month::timestamp
      AND measured_at < :month::timestamp + interval '1 month'
    WINDOW device AS (PARTITION BY device_id ORDER BY measured_at)
) AS gaps
WHERE silence IS NOT NULL
ORDER BY silence DESC, device_id, silent_since
LIMIT 20;

-- name: heavy_devices
-- Devices that send more than 20 times the mean. The sums are used twice, so they are computed once
-- and kept: MATERIALIZED says so, whatever the planner thinks of it.
-- param month: values('2025-02-01', '2025-06-01')
-- weight: 10
WITH device_usage AS MATERIALIZED (
    SELECT device_id, sum(payload_bytes) AS payload_bytes
    FROM measurements
    WHERE measured_at >= :month::timestamp
      AND measured_at < :month::timestamp + interval '1 month'
    GROUP BY device_id
)
SELECT d.device_id, d.model, d.site_id, u.payload_bytes
FROM device_usage AS u
JOIN devices AS d ON d.device_id = u.device_id
WHERE u.payload_bytes > 20 * (SELECT avg(payload_bytes) FROM device_usage)
ORDER BY u.payload_bytes DESC, d.device_id;

-- name: devices_that_slow_down
-- Devices that sent less than half of what they sent the month before. With 64 kB there is no room
-- for hash tables: both sides come in the order of the primary key, and a merge join needs no more.
-- param month: values('2025-02-01', '2025-03-01')
-- weight: 3
-- settings: work_mem=64kB
SELECT device_id, month_before.readings AS readings_before, this_month.readings
FROM (
    SELECT device_id, count(*) AS readings
    FROM measurements
    WHERE measured_at >= :month::timestamp - interval '1 month'
      AND measured_at < :month::timestamp
    GROUP BY device_id
) AS month_before
JOIN (
    SELECT device_id, count(*) AS readings
    FROM measurements
    WHERE measured_at >= :month::timestamp
      AND measured_at < :month::timestamp + interval '1 month'
    GROUP BY device_id
) AS this_month USING (device_id)
WHERE this_month.readings * 2 < month_before.readings
ORDER BY device_id;

-- name: models_of_kind
-- Readings by model. Kind and model depend on each other, which only a statistics object tells the
-- planner: without it the devices are expected to be a fifth of what they are.
-- param model: values('power-a', 'air-d')
-- param kind: values('power', 'air')
-- weight: 10
SELECT d.site_id, count(*) AS readings, sum(m.payload_bytes) AS payload_bytes
FROM devices AS d
JOIN measurements AS m ON m.device_id = d.device_id
WHERE d.kind = :kind
  AND d.model = :model
  AND m.measured_at >= '2025-02-01'
  AND m.measured_at < '2025-03-01'
GROUP BY d.site_id
ORDER BY readings DESC, d.site_id
LIMIT 25;

-- name: fleet_totals
-- Two months in one line a metric, with two workers.
-- param from_month: values('2025-02-01', '2025-05-01')
-- weight: 2
-- settings: max_parallel_workers_per_gather=2
-- settings: min_parallel_table_scan_size=1MB
-- settings: parallel_setup_cost=100
SELECT metric_id, count(*) AS readings, sum(payload_bytes) AS payload_bytes, avg(value) AS mean_value
FROM measurements
WHERE measured_at >= :from_month::timestamp
  AND measured_at < :from_month::timestamp + interval '2 months'
GROUP BY metric_id
ORDER BY metric_id;

-- name: fleet_readings_by_kind
-- A month by kind of device, with two workers that build one hash table together.
-- param month: values('2025-04-01', '2025-08-01')
-- weight: 2
-- settings: max_parallel_workers_per_gather=2
-- settings: min_parallel_table_scan_size=0
-- settings: parallel_setup_cost=100
SELECT d.kind, count(*) AS readings, sum(m.payload_bytes) AS payload_bytes
FROM measurements AS m
JOIN devices AS d ON d.device_id = m.device_id
WHERE m.measured_at >= :month::timestamp
  AND m.measured_at < :month::timestamp + interval '1 month'
GROUP BY d.kind
ORDER BY d.kind;
