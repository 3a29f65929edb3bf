// The files of harness/store/migrations/ as they were when the program was built.
#pragma once

#include <string_view>

namespace pgduet::harness {

extern const std::string_view sql_0001_core_runs_up_sql;
extern const std::string_view sql_0001_core_runs_down_sql;
extern const std::string_view sql_0002_core_executions_up_sql;
extern const std::string_view sql_0002_core_executions_down_sql;
extern const std::string_view sql_0003_analysis_plans_and_verdicts_up_sql;
extern const std::string_view sql_0003_analysis_plans_and_verdicts_down_sql;
extern const std::string_view sql_0004_analysis_views_up_sql;
extern const std::string_view sql_0004_analysis_views_down_sql;
extern const std::string_view sql_0005_intelligence_recommendations_up_sql;
extern const std::string_view sql_0005_intelligence_recommendations_down_sql;

}  // namespace pgduet::harness
