// Head's times as Google Benchmark's JSON, for tools that follow them over time: Bencher
// (cpp_google), github-action-benchmark (googlecpp), Google Benchmark's own compare.py.
//
// One benchmark a binding, "shop/orders_of_customer/1", so that names are the same from run to run.
// Its times are the fastest of the screening, of which every run takes as many: the duet gives more
// to some queries than to others, and more samples have a smaller minimum. In nanoseconds, because
// compare.py shows no fractions. `cpu_time` is that of the server process; where it is not known,
// the elapsed time stands there, too, because compare.py passes over benchmarks without it.
// Source of the members: google/benchmark, src/json_reporter.cc; the tools' readers.
#pragma once

#include <memory>

#include "pgduet/reporters/reporter.h"

namespace pgduet::reporters {

std::unique_ptr<Reporter> make_benchmark_reporter(const ReportOptions& options);

}  // namespace pgduet::reporters
