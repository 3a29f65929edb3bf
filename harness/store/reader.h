// The questions that pgduet itself asks the store. Each takes rows by query_id or by run: none
// joins queries with each other, so that they can be asked where the tables are distributed.
#pragma once

#include <string>
#include <vector>

#include "../session.h"
#include "pgduet/gate/history.h"
#include "pgduet/harness/store.h"

namespace pgduet::harness {

// "shop/orders_of_customer", sorted.
std::vector<std::string> read_query_names(Session& session);

// See Store::history().
gate::QuerySeries read_history(Session& session, const std::string& name,
                               const HistoryFilter& filter);

// See Store::histories().
std::vector<gate::QuerySeries> read_histories(Session& session, const HistoryFilter& filter);

}  // namespace pgduet::harness
