-- Customers have sites, sites have devices, and each device sends readings of the metrics of its
-- kind. Times are UTC without a zone: a day then has the same boundaries in every session, and
-- partition bounds are constants that the planner can prune with.

CREATE TABLE plans (
    plan_id           smallint PRIMARY KEY,
    name              text NOT NULL UNIQUE,
    cents_per_million bigint NOT NULL     -- price of a million payload bytes
);

CREATE TABLE customers (
    customer_id integer PRIMARY KEY,
    plan_id     smallint NOT NULL REFERENCES plans,
    region      text NOT NULL,
    name        text NOT NULL
);

CREATE TABLE sites (
    site_id     integer PRIMARY KEY,
    customer_id integer NOT NULL REFERENCES customers,
    name        text NOT NULL
);

CREATE TABLE devices (
    device_id    integer PRIMARY KEY,
    site_id      integer NOT NULL REFERENCES sites,
    kind         text NOT NULL,
    model        text NOT NULL,           -- the kind is part of it: see the statistics object
    installed_on date NOT NULL
);

CREATE TABLE metrics (
    metric_id smallint PRIMARY KEY,
    kind      text NOT NULL,              -- of the devices that send it
    name      text NOT NULL UNIQUE,
    unit      text NOT NULL
);

CREATE TABLE billing_periods (
    period_id integer PRIMARY KEY,
    starts_at timestamp NOT NULL UNIQUE,
    ends_at   timestamp NOT NULL,         -- exclusive
    closed    boolean NOT NULL
);

-- Columns from wide to narrow, so that no padding lies between them.
CREATE TABLE measurements (
    measured_at   timestamp NOT NULL,
    value         double precision NOT NULL,
    device_id     integer NOT NULL,
    payload_bytes integer NOT NULL,
    metric_id     smallint NOT NULL,
    quality       smallint NOT NULL       -- 0 good, 1 doubtful, 2 failed
) PARTITION BY RANGE (measured_at);

CREATE TABLE alerts (
    raised_at     timestamp NOT NULL,
    device_id     integer NOT NULL,
    open_seconds  integer NOT NULL,
    severity      smallint NOT NULL       -- 1 warning, 2 critical
) PARTITION BY RANGE (raised_at);
