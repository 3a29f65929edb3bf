// Histories by hand, for tests of the model and of what is made from it.
#pragma once

#include <string>
#include <vector>

#include "pgduet/gate/history.h"

namespace pgduet::test {

// shop/orders_of_customer in 20 runs on machines of different speed: called customer_orders up to
// run 4, failing in run 9, 18 times slower from run 12 on (an index was dropped). Of two bindings
// the first is slow; the second has another plan in run 16, and its old one again from run 17 on.
gate::QuerySeries sample_series();

// Ten queries of two workloads: one slow always, one in spikes, one no longer; a flaky one; one
// that was never timed.
std::vector<gate::QuerySeries> sample_store();

// The sample with every text that comes from a user or a server replaced by `text`.
gate::QuerySeries hostile_series(const std::string& text);

// So many runs of a query that takes `time_us`, with one binding, nothing changing.
gate::QuerySeries even_series(const std::string& query, int runs, double time_us);

// A binding of which all 100 executions took the same time.
gate::HistoryBinding history_binding(int number, const std::string& parameters, double time_us,
                                     const std::string& shape, std::int64_t blocks);

}  // namespace pgduet::test
