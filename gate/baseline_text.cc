// The text of a baseline file. baselines/README.md describes it for users.

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <utility>

#include "baseline_json.h"
#include "json_members.h"
#include "json_place.h"
#include "pgduet/gate/baseline.h"
#include "pgduet/gate/json.h"

namespace pgduet::gate {
namespace {

constexpr EnumeratorNames<4> what_names = {"plan", "work", "time", "result"};

// Whole numbers without ".0", as people write them.
Json number_to_json(double value) {
  const double whole = std::round(value);
  if (whole == value && std::abs(value) < 1e15) return static_cast<std::int64_t>(whole);
  return value;
}

Json parameters_to_json(const std::vector<ParameterValue>& parameters) {
  Json json = Json::object();
  for (const ParameterValue& parameter : parameters) {
    json[parameter.name] = parameter.value ? Json(*parameter.value) : Json(nullptr);
  }
  return json;
}

Json work_to_json(const Work& work) {
  Json json = Json::object();
  json["shared_blocks"] = work.shared_blocks;
  json["temp_blocks"] = work.temp_blocks;
  json["rows_visited"] = work.rows_visited;
  if (work.wal_bytes > 0) json["wal_bytes"] = work.wal_bytes;
  return json;
}

Json time_to_json(const BindingBaseline& binding) {
  Json json = Json::object();
  if (binding.cpu_us) json["cpu_us"] = number_to_json(*binding.cpu_us);
  json["wall_us"] = number_to_json(binding.wall_us);
  return json;
}

Json binding_to_json(const BindingBaseline& binding) {
  Json json = Json::object();
  json["parameters"] = parameters_to_json(binding.parameters);
  json["plans"] = binding.plans;
  json["work"] = work_to_json(binding.work);
  json["time"] = time_to_json(binding);
  if (binding.result) {
    json["result"] = to_json(*binding.result);
    if (binding.result->determinacy == Determinacy::none) json["result"].erase("rows");
  }
  return json;
}

Json version_to_json(const VersionBaseline& version) {
  Json json = Json::object();
  json["plans"] = Json::array();
  for (const PlanShape& plan : version.plans) {
    Json plan_json = Json::object();
    plan_json["shape"] = plan.id;
    plan_json["tree"] = plan.tree;
    json["plans"].push_back(std::move(plan_json));
  }
  json["bindings"] = Json::array();
  for (const BindingBaseline& binding : version.bindings) {
    json["bindings"].push_back(binding_to_json(binding));
  }
  return json;
}

Json accepted_to_json(const AcceptedEntry& entry) {
  Json json = Json::object();
  json["what"] = name_of(what_names, entry.what);
  if (entry.up_to_ratio) json["up_to_ratio"] = number_to_json(*entry.up_to_ratio);
  json["reason"] = entry.reason;
  json["owner"] = entry.owner;
  json["expires"] = entry.expires;
  return json;
}

std::vector<ParameterValue> read_parameters(const JsonPlace& place) {
  std::vector<ParameterValue> parameters;
  for (const auto& [name, value] : place.members()) {
    if (value.value().is_null()) {
      parameters.push_back({name, std::nullopt, ""});
    } else {
      parameters.push_back({name, value.text(), ""});
    }
  }
  return parameters;
}

std::vector<std::string> read_texts(const JsonPlace& place) {
  std::vector<std::string> texts;
  for (const JsonPlace& element : place.elements()) texts.push_back(element.text());
  return texts;
}

Work read_work(const JsonPlace& place) {
  place.require_object("\"work\"", {"shared_blocks", "temp_blocks", "rows_visited", "wal_bytes"});
  Work work;
  work.shared_blocks = place.get("\"work\"", "shared_blocks").count();
  if (const auto blocks = place.find("temp_blocks")) work.temp_blocks = blocks->count();
  if (const auto rows = place.find("rows_visited")) work.rows_visited = rows->count();
  if (const auto bytes = place.find("wal_bytes")) work.wal_bytes = bytes->count();
  return work;
}

void read_time(const JsonPlace& place, BindingBaseline& binding) {
  place.require_object("\"time\"", {"cpu_us", "wall_us"});
  if (const auto cpu = place.find("cpu_us")) binding.cpu_us = cpu->number();
  binding.wall_us = place.get("\"time\"", "wall_us").number();
}

ResultSummary read_result(const JsonPlace& place) {
  place.require_object("\"result\"",
                       {"rows", "checksum", "order_checksums", "inner_checksums", "order_any",
                        "float_columns", "determinacy", "determinacy_reason"});
  try {
    return result_from_json(place.value());
  } catch (const Error& error) {
    place.fail(error.problem(), error.hint());
  }
}

void require_known_plans(const JsonPlace& place, const VersionBaseline& version) {
  for (const JsonPlace& element : place.elements()) {
    const std::string id = element.text();
    bool known = false;
    for (const PlanShape& plan : version.plans) known = known || plan.id == id;
    if (!known) {
      element.fail("plan \"" + id + "\" is not among the plans of this PostgreSQL version",
                   "Run pgduet accept for this query to write the file again.");
    }
  }
}

BindingBaseline read_binding(const JsonPlace& place, const VersionBaseline& version) {
  place.require_object("binding", {"parameters", "plans", "work", "time", "result"});
  BindingBaseline binding;
  if (const auto values = place.find("parameters")) binding.parameters = read_parameters(*values);
  const JsonPlace plans = place.get("binding", "plans");
  require_known_plans(plans, version);
  binding.plans = read_texts(plans);
  binding.work = read_work(place.get("binding", "work"));
  if (const auto time = place.find("time")) read_time(*time, binding);
  if (const auto result = place.find("result")) binding.result = read_result(*result);
  return binding;
}

VersionBaseline read_version(const JsonPlace& place) {
  place.require_object("entry of a PostgreSQL version", {"plans", "bindings"});
  VersionBaseline version;
  for (const JsonPlace& plan : place.get("entry of a PostgreSQL version", "plans").elements()) {
    plan.require_object("plan", {"shape", "tree"});
    version.plans.push_back(
        {plan.get("plan", "shape").text(), read_texts(plan.get("plan", "tree"))});
  }
  for (const JsonPlace& binding :
       place.get("entry of a PostgreSQL version", "bindings").elements()) {
    version.bindings.push_back(read_binding(binding, version));
  }
  return version;
}

int major_version(const std::string& key, const JsonPlace& place) {
  int major = 0;
  const char* end = key.data() + key.size();
  const auto [stopped_at, error] = std::from_chars(key.data(), end, major);
  if (error != std::errc() || stopped_at != end || major < 10 || std::to_string(major) != key) {
    place.fail("\"" + key + "\" is not a PostgreSQL major version",
               "Name the major version alone, as in \"15\".");
  }
  return major;
}

bool is_date(const std::string& text) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  char after = 0;
  if (text.size() != 10 ||
      std::sscanf(text.c_str(), "%4d-%2u-%2u%c", &year, &month, &day, &after) != 3) {
    return false;
  }
  return std::chrono::year_month_day(std::chrono::year(year), std::chrono::month(month),
                                     std::chrono::day(day))
      .ok();
}

AcceptedEntry::What read_what(const JsonPlace& place) {
  const std::string name = place.text();
  if (const auto what = enumerator_of<AcceptedEntry::What>(what_names, name)) return *what;
  const std::vector<std::string> names(what_names.begin(), what_names.end());
  const std::optional<std::string> nearest = nearest_name(name, names);
  place.fail("\"what\" must be \"plan\", \"work\", \"time\" or \"result\", not \"" + name + "\"",
             nearest ? "Did you mean \"" + *nearest + "\"?" : "");
}

std::string read_filled(const JsonPlace& entry, const std::string& key, const std::string& hint) {
  const std::optional<JsonPlace> place = entry.find(key);
  if (!place) entry.fail("accepted entry has no \"" + key + "\"", hint);
  const std::string text = place->text();
  if (text.empty()) place->fail("\"" + key + "\" of an accepted entry is empty", hint);
  return text;
}

std::optional<double> read_up_to_ratio(const JsonPlace& entry, AcceptedEntry::What what) {
  const std::optional<JsonPlace> place = entry.find("up_to_ratio");
  if (!place) return std::nullopt;
  if (what != AcceptedEntry::What::work && what != AcceptedEntry::What::time) {
    place->fail("\"up_to_ratio\" is for \"work\" and \"time\" only");
  }
  const double ratio = place->number();
  if (ratio <= 1) place->fail("\"up_to_ratio\" must be above 1");
  return ratio;
}

AcceptedEntry read_accepted(const JsonPlace& place) {
  place.require_object("accepted entry", {"what", "up_to_ratio", "reason", "owner", "expires"});
  AcceptedEntry entry;
  entry.what = read_what(place.get("accepted entry", "what"));
  entry.up_to_ratio = read_up_to_ratio(place, entry.what);
  entry.reason = read_filled(place, "reason",
                             "Say why it is accepted, as in \"fraud check joins the risk table\".");
  entry.owner = read_filled(place, "owner", "Name who answers for it, as in \"@payments\".");
  entry.expires =
      read_filled(place, "expires", "Set the last day on which it holds, as in \"2027-03-31\".");
  if (!is_date(entry.expires)) {
    place.get("accepted entry", "expires")
        .fail("\"expires\" is not a date: \"" + entry.expires + "\"",
              "Write the year, the month and the day, as in \"2027-03-31\".");
  }
  return entry;
}

void require_format_version(const JsonPlace& root) {
  const JsonPlace place = root.get("baseline", "format_version");
  const std::int64_t version = place.count();
  if (version == baseline_format_version) return;
  place.fail("baseline has format version " + std::to_string(version) +
                 ", and this pgduet reads version " + std::to_string(baseline_format_version),
             version > baseline_format_version
                 ? "It was written by a newer pgduet: use that one."
                 : "Run pgduet record to write it in the new format.");
}

}  // namespace

Json baseline_to_json(const Baseline& baseline) {
  Json json = Json::object();
  json["format_version"] = baseline_format_version;
  json["query"] = baseline.query;
  json["fingerprint"] = baseline.fingerprint;
  json["postgres"] = Json::object();
  for (const auto& [major, version] : baseline.postgres) {
    json["postgres"][std::to_string(major)] = version_to_json(version);
  }
  write_elements(json, "accepted", baseline.accepted, accepted_to_json);
  return json;
}

Baseline baseline_from_document(const JsonDocument& document) {
  const JsonPlace root(document);
  if (!root.value().is_object()) root.fail("baseline is not a JSON object");
  require_format_version(root);
  root.require_object("baseline",
                      {"format_version", "query", "fingerprint", "postgres", "accepted"});
  Baseline baseline;
  baseline.query = root.get("baseline", "query").text();
  if (const auto fingerprint = root.find("fingerprint")) baseline.fingerprint = fingerprint->text();
  for (const auto& [key, version] : root.get("baseline", "postgres").members()) {
    baseline.postgres[major_version(key, version)] = read_version(version);
  }
  if (const auto accepted = root.find("accepted")) {
    for (const JsonPlace& entry : accepted->elements()) {
      baseline.accepted.push_back(read_accepted(entry));
    }
  }
  return baseline;
}

std::string to_text(const Baseline& baseline) { return to_pretty_text(baseline_to_json(baseline)); }

Baseline baseline_from_text(std::string_view text, const std::string& file) {
  return baseline_from_document(parse_json_document(text, file));
}

}  // namespace pgduet::gate
