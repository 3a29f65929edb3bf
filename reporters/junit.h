// JUnit XML, for the test views of CI systems: one test suite a workload, one test case a query.
//
// What fails the gate is a <failure> whose type is the verdict; what could not be measured is an
// <error>; a query without a reference yet, or one that its file skips, is <skipped>. All else
// passes; its details, if any, are in <system-out>. A run that could compare nothing has a test
// case of its own with an <error>, so that no test view shows it as passed.
//
// Only elements and attributes of Jenkins' schema are used (tests/data/junit.xsd), which knows no
// file and line: the first line of each text names them. A test case's time is that of the fastest
// execution, in seconds.
#pragma once

#include <memory>

#include "pgduet/reporters/reporter.h"

namespace pgduet::reporters {

std::unique_ptr<Reporter> make_junit_reporter(const ReportOptions& options);

}  // namespace pgduet::reporters
