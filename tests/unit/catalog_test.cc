#include "pgduet/gate/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_text.h"

namespace pgduet::gate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

CatalogObject index(const std::string& name, const std::string& definition) {
  return {"index", "public." + name, "public.orders", definition};
}

const CatalogObject by_customer =
    index("orders_customer_id_idx", "public.orders USING btree (customer_id)");
const CatalogObject by_day = index("orders_day_idx", "public.orders USING btree (day)");
const CatalogObject total = {"column", "public.orders.total", "public.orders", "numeric not null"};

TEST(CompareCatalogs, EqualCatalogsHaveNoChanges) {
  EXPECT_THAT(compare_catalogs({total, by_customer}, {total, by_customer}), IsEmpty());
  EXPECT_THAT(compare_catalogs({}, {}), IsEmpty());
}

TEST(CompareCatalogs, TellsCreatedAlteredAndDroppedInOrder) {
  CatalogObject float_total = total;
  float_total.definition = "double precision not null";
  EXPECT_THAT(
      compare_catalogs({total, by_customer}, {float_total, by_day}),
      ElementsAre(CatalogChange{float_total, "numeric not null", "double precision not null", {}},
                  CatalogChange{by_customer, by_customer.definition, std::nullopt, {}},
                  CatalogChange{by_day, std::nullopt, by_day.definition, {}}));
}

TEST(CompareCatalogs, SeesAnObjectThatMovedToAnotherRelation) {
  CatalogObject moved = by_customer;
  moved.relation = "public.archive";
  EXPECT_THAT(compare_catalogs({by_customer}, {moved}),
              ElementsAre(CatalogChange{moved, by_customer.definition, moved.definition, {}}));
}

TEST(IndexDefinitionsOfCatalog, HoldsOnlyIndexes) {
  EXPECT_THAT(index_definitions({total, by_customer}),
              ElementsAre(Pair("public.orders_customer_id_idx",
                               "public.orders USING btree (customer_id)")));
}

TEST(CatalogJson, ComesBackAsItWas) {
  const Catalog catalog = {total, by_customer, {"setting", "work_mem", "", "4MB"}};
  EXPECT_EQ(catalog_from_json(to_json(catalog)), catalog);
}

TEST(StepJson, ComesBackAsItWas) {
  const StepRecord step = {
      "setup/007_cleanup.sql",
      "5f0c",
      0.25,
      {{by_customer, by_customer.definition, std::nullopt, {"setup/007_cleanup.sql", 3, 0}},
       {by_day, std::nullopt, "", {}}},
      {{3, "DROP INDEX orders_customer_id_idx"}}};
  EXPECT_EQ(step_from_json(to_json(step)), step);
}

TEST(CatalogJson, RefusesWhatIsNotACatalog) {
  EXPECT_EQ(error_text([] { catalog_from_json(Json(1)); }), "\"catalog\" is not an array");
  EXPECT_EQ(error_text([] { catalog_from_json(Json::parse(R"([{"kind": 5}])")); }),
            "\"kind\" is not a string");
}

}  // namespace
}  // namespace pgduet::gate
