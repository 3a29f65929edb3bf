-- Lookup and order in one: the order list of a customer. The second one looks like its double, and
-- neither is: for a customer with hundreds of orders the second needs a sort, but for lookups
-- without an order it is a third of the size.
CREATE INDEX orders_customer_id_created_at_idx ON orders (customer_id, created_at);
CREATE INDEX orders_customer_id_idx ON orders (customer_id);

-- Lookups by a foreign key.
CREATE INDEX addresses_customer_id_idx ON addresses (customer_id);
CREATE INDEX products_category_id_idx ON products (category_id);
CREATE INDEX products_seller_id_idx ON products (seller_id);
CREATE INDEX order_lines_product_id_idx ON order_lines (product_id);
CREATE INDEX payments_order_id_idx ON payments (order_id);
CREATE INDEX reviews_customer_id_idx ON reviews (customer_id);
CREATE UNIQUE INDEX carts_customer_id_key ON carts (customer_id);

-- Expression: mail addresses are compared without regard to case.
CREATE UNIQUE INDEX customers_lower_email_key ON customers (lower(email));

-- Order of a keyset page, and ranges of time.
CREATE INDEX customers_created_at_idx ON customers (created_at);
CREATE INDEX payments_paid_at_idx ON payments (paid_at);
CREATE INDEX audit_log_logged_at_id_idx ON audit_log (logged_at, id);
CREATE INDEX audit_log_entity_idx ON audit_log (entity, entity_id, logged_at);

-- BRIN: orders lie on disk as they were made, so a block range is a range of time.
CREATE INDEX orders_created_at_brin ON orders USING brin (created_at) WITH (pages_per_range = 8);

-- Partial: the few rows that are still to be worked on.
CREATE INDEX orders_open_idx ON orders (created_at, id) WHERE status IN ('pending', 'paid', 'packed');
CREATE INDEX jobs_queued_idx ON jobs (priority DESC, id) WHERE status = 'queued';

-- Covering: the rating is read from the index alone.
CREATE INDEX reviews_product_id_rating_idx ON reviews (product_id) INCLUDE (rating);

-- Text search by parts of words, and JSONB containment.
CREATE INDEX products_name_trgm ON products USING gin (name gin_trgm_ops);
CREATE INDEX products_attributes_gin ON products USING gin (attributes jsonb_path_ops);
