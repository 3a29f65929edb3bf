-- A seller's staff signs in as shop_app and sees the products of that seller only. The
-- application names the seller for each session: SET app.seller = '7'.

-- Roles belong to the whole server, so it may be there already, from another database.
DO $$
BEGIN
  CREATE ROLE shop_app NOLOGIN;
  GRANT shop_app TO CURRENT_USER;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL;
END
$$;

GRANT USAGE ON SCHEMA public TO shop_app;
GRANT SELECT ON products, inventory, categories, order_lines TO shop_app;

ALTER TABLE products ENABLE ROW LEVEL SECURITY;

CREATE POLICY products_of_seller ON products TO shop_app
  USING (seller_id = current_setting('app.seller')::integer);
