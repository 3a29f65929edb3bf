-- A million readings, in the order of their time, as they would have arrived.
--
-- One hash a row; each column takes bits of its own from it. The fleet grows: reading i of n is
-- sent at year * (sqrt(1 + 3 i / n) - 1), so that December has twice as many as January, and no
-- two are sent within the same second (which makes (device_id, measured_at) unique).
-- A uniform number squared makes device 1 send 13,000 readings, and device 6000 about 80.
INSERT INTO measurements (measured_at, value, device_id, payload_bytes, metric_id, quality)
SELECT timestamp '2025-01-01' + second * interval '1 second',
       (200 * metric + 25 * abs(12 - second / 3600 % 24) + ((hash >> 20) & 1023)) / 10.0::double precision,
       device,
       40 + ((((hash >> 30) & 1023) * ((hash >> 30) & 1023)) >> 10),
       metric,
       CASE WHEN ((hash >> 40) & 1023) < 5 THEN 2 WHEN ((hash >> 40) & 1023) < 30 THEN 1 ELSE 0 END
FROM (SELECT hash,
             second,
             device,
             -- Four of eight readings are of the kind's first metric, three of its second.
             1 + 3 * (device % 5)
                 + (((hash >> 50) & 7) > 3)::integer
                 + (((hash >> 50) & 7) > 6)::integer AS metric
      FROM (SELECT hash, second, 1 + ((6000 * (hash & 1048575) * (hash & 1048575)) >> 40) AS device
            FROM (SELECT hashint8extended(i, 4) AS hash,
                         floor(31536000 * (sqrt(1 + 3 * i / (1000000.0::double precision * :scale)) - 1))::integer AS second
                  -- In the select list the numbers are streamed; in FROM they would first be stored.
                  FROM (SELECT generate_series(0, (1000000 * :scale)::integer - 1) AS i) AS numbers
                  OFFSET 0  -- a fence: one hash a row, not one a column
                 ) AS hashed
           ) AS skewed
     ) AS placed;
