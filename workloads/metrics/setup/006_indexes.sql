-- After the load: one sort an index instead of a million insertions.

ALTER TABLE measurements ADD PRIMARY KEY (device_id, measured_at);

-- Readings lie on disk in the order of their time, so 24 kB of BRIN a month do for what would be
-- 2 MB of B-tree. 16 pages are about 2,200 readings, or a day.
CREATE INDEX measurements_measured_at_idx ON measurements
    USING brin (measured_at) WITH (pages_per_range = 16);

ALTER TABLE alerts ADD PRIMARY KEY (device_id, raised_at);
CREATE INDEX alerts_critical_idx ON alerts (raised_at) WHERE severity = 2;

CREATE INDEX sites_customer_id_idx ON sites (customer_id);
CREATE INDEX devices_site_id_idx ON devices (site_id);

-- Without it, the planner takes kind and model for independent and expects a fifth of the devices.
CREATE STATISTICS devices_kind_model (dependencies, mcv) ON kind, model FROM devices;
