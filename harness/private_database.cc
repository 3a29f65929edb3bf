#include <unistd.h>

#include <chrono>
#include <pqxx/pqxx>
#include <set>
#include <utility>

#include "machine.h"
#include "pgduet/gate/error.h"
#include "pgduet/gate/hash.h"
#include "pgduet/gate/sql.h"
#include "pgduet/harness/workload_database.h"

namespace pgduet::harness {
namespace {

using gate::Json;

constexpr const char* main_database = "pgduet";

// Rises when the way a database is built changes, so that clusters of an older pgduet are not
// taken.
constexpr const char* build_version = "3";

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void execute(const std::string& connection_string, const std::vector<std::string>& statements) {
  try {
    pqxx::connection connection(connection_string);
    pqxx::nontransaction session(connection);
    for (const std::string& statement : statements) session.exec(statement);
  } catch (const pqxx::failure& failure) {
    const std::string message = failure.what();
    throw gate::Error(
        gate::Error::Kind::environment, {},
        "the server cannot make a database: " + message.substr(0, message.find('\n')));
  }
}

ServerOptions server_options(const Workload& workload, const PrivateServerOptions& options,
                             const std::filesystem::path& data_directory, bool fixed_random) {
  ServerOptions server;
  server.installation = options.installation;
  server.data_directory = data_directory;
  server.settings = workload.settings;
  server.user = options.user;
  server.fixed_random = fixed_random;
  return server;
}

SetupTarget setup_target(Server& server, const PrivateServerOptions& options) {
  SetupTarget target;
  target.connection_string = server.connection_string(main_database);
  target.environment = server.environment(main_database);
  target.program_directories = {options.installation.bin_directory.string()};
  target.reseed = [&server](const std::string& name) { server.set_random_seed(name); };
  target.progress = options.progress;
  return target;
}

// Fills an empty data directory; returns what the cache keeps beside it.
std::string build(const Workload& workload, const PrivateServerOptions& options,
                  const std::filesystem::path& data_directory) {
  const auto start = std::chrono::steady_clock::now();
  Server server(server_options(workload, options, data_directory, true));
  server.set_random_seed("create database");
  execute(server.connection_string("postgres"), {std::string("CREATE DATABASE ") + main_database});
  const SetupResult result = build_database(workload, setup_target(server, options));
  const bool random_is_fixed = server.random_is_fixed();
  server.stop();
  Json note;
  note["seconds"] = seconds_since(start);
  note["random_sampling"] = !random_is_fixed;
  note["steps"] = Json::array();
  for (const gate::StepRecord& step : result.steps) note["steps"].push_back(gate::to_json(step));
  note["catalog"] = gate::to_json(result.catalog);
  return note.dump();
}

// CREATE DATABASE ... TEMPLATE copies everything but the settings of the database itself.
std::vector<std::string> database_settings(const std::string& connection_string,
                                           const std::string& copy) {
  pqxx::connection connection(connection_string);
  pqxx::nontransaction session(connection);
  const pqxx::result rows = session.exec(
      "SELECT split_part(entry, '=', 1), substr(entry, strpos(entry, '=') + 1)"
      "  FROM pg_db_role_setting, unnest(setconfig) AS entry"
      " WHERE setrole = 0"
      "   AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())");
  std::vector<std::string> statements;
  for (const auto& row : rows) {
    statements.push_back("ALTER DATABASE " + copy + " SET " +
                         gate::quote_identifier(row[0].c_str()) + " TO " +
                         gate::quote_literal(row[1].c_str()));
  }
  return statements;
}

class PrivateDatabase : public WorkloadDatabase {
 public:
  PrivateDatabase(const Workload& workload, ClusterCache& cache,
                  const PrivateServerOptions& options)
      : options_(options),
        entry_(cache.acquire(cluster_key(workload, options.installation, options.label),
                             options.installation,
                             [&](const std::filesystem::path& data_directory) {
                               return build(workload, options, data_directory);
                             })),
        server_(server_options(workload, options, entry_.data_directory(), false)) {
    drop_copies_of_killed_runs();
    const Json note = Json::parse(entry_.note());
    random_sampling_ = note.at("random_sampling").get<bool>();
    description_.postgres_version = options.installation.version;
    description_.postgres_major = options.installation.major;
    description_.clock =
        "CPU time of the server process, and elapsed time less the client's CPU time";
    description_.statistics = random_sampling_
                                  ? "ANALYZE repeated: its sample cannot be fixed on this server"
                                  : "ANALYZE with a fixed sample";
    description_.settings = cluster_settings(options.installation.major);
    for (const auto& [name, value] : workload.settings) description_.settings[name] = value;
    description_.setup_hash = setup_hash(workload);
    description_.from_cache = entry_.from_cache();
    description_.setup_seconds = note.at("seconds").get<double>();
    for (const Json& step : note.at("steps")) {
      description_.steps.push_back(gate::step_from_json(step));
    }
    description_.catalog = gate::catalog_from_json(note.at("catalog"));
  }

  ~PrivateDatabase() override {
    try {
      for (const std::string& copy : copies_) drop(copy);
    } catch (const std::exception&) {  // the next run drops it
    }
  }

  Database database() const override { return open(main_database); }

  Database copy(const std::string& label) override {
    const std::string name = copy_name(label);
    if (copies_.insert(name).second) {
      // Files are copied, not replayed through the WAL: the same blocks, and quicker (14 knows no
      // other way).
      const bool has_strategy = description_.postgres_major >= 15;
      execute(server_.connection_string("postgres"),
              {"CREATE DATABASE " + name + " TEMPLATE " + main_database +
               (has_strategy ? " STRATEGY FILE_COPY" : "")});
      execute(server_.connection_string("postgres"),
              database_settings(server_.connection_string(main_database), name));
    }
    return open(name);
  }

  Database fresh_copy(const std::string& label) override {
    const std::string name = copy_name(label);
    if (copies_.erase(name) > 0) drop(name);
    return copy(label);
  }

  void restart() override { server_.restart(); }

  std::shared_ptr<const TaskClock> watch_sessions() override {
    auto clock = TaskClock::of_children(server_.postmaster_pid());
    return clock ? std::make_shared<const TaskClock>(std::move(*clock)) : nullptr;
  }

  const gate::SideRecord& description() const override { return description_; }
  bool sampling_is_random() const override { return random_sampling_; }
  void analyze() override { analyze_database(setup_target(server_, options_)); }
  std::string log_tail() const override { return server_.log_tail(); }

 private:
  static std::string copy_name(const std::string& label) { return "pgduet_copy_" + label; }

  Database open(const std::string& name) const {
    Database database;
    database.connection_string = server_.connection_string(name);
    database.postgres_major = options_.installation.major;
    database.local_backend = true;
    return database;
  }

  void drop(const std::string& name) {
    execute(server_.connection_string("postgres"),
            {"DROP DATABASE IF EXISTS " + gate::quote_identifier(name) + " WITH (FORCE)"});
  }

  void drop_copies_of_killed_runs() {
    std::vector<std::string> left;
    {
      pqxx::connection connection(server_.connection_string("postgres"));
      pqxx::nontransaction session(connection);
      const pqxx::result rows =
          session.exec("SELECT datname FROM pg_database WHERE datname LIKE 'pgduet\\_copy\\_%'");
      for (const auto& row : rows) left.emplace_back(row[0].c_str());
    }
    for (const std::string& name : left) drop(name);
  }

  PrivateServerOptions options_;
  ClusterCache::Entry entry_;  // outlives the server, which runs in its directory
  Server server_;
  gate::SideRecord description_;
  bool random_sampling_ = false;  // a build of the server whose randomness we cannot fix
  std::set<std::string> copies_;
};

}  // namespace

std::string cluster_key(const Workload& workload, const Installation& installation,
                        const std::string& label) {
  return gate::hash_hex(std::string(build_version) + "\n" + installation.version + "\n" +
                        installation.bin_directory.string() + "\n" + setup_hash(workload) +
                        (label.empty() ? "" : "\n" + label));
}

std::unique_ptr<WorkloadDatabase> open_private_database(const Workload& workload,
                                                        ClusterCache& cache,
                                                        const PrivateServerOptions& options) {
  return std::make_unique<PrivateDatabase>(workload, cache, options);
}

}  // namespace pgduet::harness
