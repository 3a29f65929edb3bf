-- What dashboards and bills read. Sorted, so that a day's rows lie together, and so that the same
-- rows lie on the same pages in every build; sums of integers only, which no order can change.
CREATE MATERIALIZED VIEW daily_usage AS
SELECT measured_at::date AS day,
       site_id,
       count(*)::integer AS readings,
       count(*) FILTER (WHERE quality > 0)::integer AS bad_readings,
       sum(payload_bytes) AS payload_bytes
FROM measurements
JOIN devices USING (device_id)
GROUP BY day, site_id
ORDER BY day, site_id;

CREATE UNIQUE INDEX daily_usage_day_site_id_idx ON daily_usage (day, site_id);

-- Covers the charts of one site: its days lie on as many pages, which then need no visit.
CREATE INDEX daily_usage_site_id_day_idx ON daily_usage (site_id, day) INCLUDE (payload_bytes);
