-- Every reading that is not good raises an alert; a failed one (one in six) is critical.
INSERT INTO alerts (raised_at, device_id, open_seconds, severity)
SELECT measured_at, device_id, 60 + payload_bytes * payload_bytes % 7200, quality
FROM measurements
WHERE quality > 0
ORDER BY measured_at;
