#include <algorithm>
#include <chrono>
#include <memory>
#include <pqxx/pqxx>
#include <set>
#include <vector>

#include "connection_string.h"
#include "pgduet/gate/hash.h"
#include "pgduet/gate/sql.h"
#include "pgduet/harness/project_files.h"
#include "pgduet/harness/workload_database.h"

namespace pgduet::harness {
namespace {

using gate::Error;

// Databases of ours on a server of theirs: this prefix and the run's id.
constexpr const char* database_prefix = "pgduet_run_";

class ExternalDatabase : public WorkloadDatabase {
 public:
  ExternalDatabase(const Workload& workload, const std::string& url,
                   const std::function<void(const std::string&)>& progress)
      : server_(url, "--server") {
    connect();
    drop_databases_of_killed_runs();
    std::string id = new_run_id();
    std::transform(id.begin(), id.end(), id.begin(), [](unsigned char c) {
      return std::isalnum(c) != 0 ? static_cast<char>(std::tolower(c)) : '_';
    });
    name_ = database_prefix + id;
    create(name_, "template0");
    try {
      build(workload, progress);
    } catch (...) {
      drop_all();
      throw;
    }
  }

  ~ExternalDatabase() override { drop_all(); }

  Database database() const override { return open(name_); }

  Database copy(const std::string& label) override {
    const std::string name = name_ + "_" + label;
    if (created_.count(name) == 0) {
      create(name, name_);
      apply_settings(name);
    }
    return open(name);
  }

  Database fresh_copy(const std::string& label) override {
    const std::string name = name_ + "_" + label;
    if (created_.erase(name) > 0) run("DROP DATABASE " + name + " WITH (FORCE)");
    return copy(label);
  }

  void restart() override {}
  std::shared_ptr<const TaskClock> watch_sessions() override { return nullptr; }

  const gate::SideRecord& description() const override { return description_; }
  bool sampling_is_random() const override { return true; }
  void analyze() override { analyze_database(target()); }
  std::string log_tail() const override { return ""; }

 private:
  void connect() {
    try {
      maintenance_ = std::make_unique<pqxx::connection>(server_.text());
    } catch (const std::exception& failure) {
      throw Error(Error::Kind::environment, {},
                  "could not connect to --server: " + server_.without_password(failure.what()),
                  "Check that the server runs and that the user may connect and create databases.");
    }
    const std::string version = text("SHOW server_version");
    description_.postgres_version = version.substr(0, version.find(' '));
    description_.postgres_major = std::stoi(version);
    description_.external_server = true;
    description_.clock =
        "wall time: the process of a server that pgduet did not start cannot be seen";
    description_.statistics = "ANALYZE repeated: its sample cannot be fixed on this server";
    description_.notes = {
        "the server was not started by pgduet: no CPU time, no fixed sample of ANALYZE, and other "
        "load on it shows in the times"};
  }

  static std::string first_line(const std::string& message) {
    return message.substr(0, message.find('\n'));
  }

  std::string text(const std::string& sql) {
    pqxx::nontransaction session(*maintenance_);
    return session.exec(sql)[0][0].c_str();
  }

  void run(const std::string& sql) {
    pqxx::nontransaction session(*maintenance_);
    session.exec(sql);
  }

  static std::string lock_key(const std::string& name) {
    return std::to_string(static_cast<std::int64_t>(gate::hash64(name)));
  }

  // The advisory lock says that the database is in use; it goes with our connection, however we
  // end.
  void create(const std::string& name, const std::string& from) {
    text("SELECT pg_advisory_lock(" + lock_key(name) + ")::text");
    try {
      run("CREATE DATABASE " + name + " TEMPLATE " + from);
    } catch (const pqxx::sql_error& failure) {
      throw Error(Error::Kind::environment, {},
                  "could not create a database on --server: " + first_line(failure.what()),
                  "The user of the connection string needs the CREATEDB privilege.");
    }
    created_.insert(name);
  }

  void drop_all() {
    for (const std::string& name : created_) {
      try {
        run("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
      } catch (const std::exception&) {  // the next run on this server drops it
      }
    }
    created_.clear();
  }

  void drop_databases_of_killed_runs() {
    std::vector<std::string> names;
    {
      pqxx::nontransaction session(*maintenance_);
      const pqxx::result rows = session.exec(
          "SELECT datname FROM pg_database WHERE datname LIKE 'pgduet\\_run\\_%'"
          " AND pg_has_role(datdba, 'MEMBER')");
      for (const auto& row : rows) names.emplace_back(row[0].c_str());
    }
    for (const std::string& name : names) {
      if (text("SELECT pg_try_advisory_lock(" + lock_key(name) + ")::text") != "true") continue;
      run("DROP DATABASE IF EXISTS " + gate::quote_identifier(name) + " WITH (FORCE)");
      text("SELECT pg_advisory_unlock(" + lock_key(name) + ")::text");
    }
  }

  Database open(const std::string& name) const {
    Database database;
    database.connection_string = server_.text(name);
    database.postgres_major = description_.postgres_major;
    database.has_statement_statistics = has_statement_statistics_;
    return database;
  }

  SetupTarget target() const {
    SetupTarget target;
    target.connection_string = server_.text(name_);
    target.environment = server_.environment();
    target.environment["PGDATABASE"] = name_;
    return target;
  }

  // What the private server is started with is set on the database here, as far as the server lets
  // us.
  void apply_settings(const std::string& database) {
    for (const auto& [name, value] : settings_) {
      try {
        run("ALTER DATABASE " + database + " SET " + gate::quote_identifier(name) + " TO " +
            gate::quote_literal(value));
        description_.settings[name] = value;
      } catch (const pqxx::sql_error& failure) {
        if (database != name_) continue;  // said already
        description_.notes.push_back("setting \"" + name + "\" could not be set on this server: " +
                                     first_line(failure.what()));
      }
    }
  }

  void build(const Workload& workload, const std::function<void(const std::string&)>& progress) {
    const auto start = std::chrono::steady_clock::now();
    settings_ = workload.settings;
    settings_["synchronize_seqscans"] = "off";
    apply_settings(name_);
    SetupTarget destination = target();
    destination.progress = progress;
    SetupResult result = build_database(workload, destination);
    description_.steps = std::move(result.steps);
    description_.catalog = std::move(result.catalog);
    description_.setup_hash = setup_hash(workload);
    look_for_statement_statistics();
    description_.setup_seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  // The extension has to be preloaded, and takes a superuser to create.
  void look_for_statement_statistics() {
    try {
      pqxx::connection connection(server_.text(name_));
      pqxx::nontransaction session(connection);
      session.exec("CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
      session.exec("SELECT pg_stat_statements_reset(0, 1, 0)");
      has_statement_statistics_ = true;
      description_.clock =
          "wall time, and the server's own (pg_stat_statements): the process of a server that "
          "pgduet "
          "did not start cannot be seen";
    } catch (const pqxx::sql_error&) {  // then there is wall time
    }
  }

  bool has_statement_statistics_ = false;
  ConnectionString server_;
  std::unique_ptr<pqxx::connection> maintenance_;
  std::string name_;
  std::set<std::string> created_;
  std::map<std::string, std::string> settings_;
  gate::SideRecord description_;
};

}  // namespace

std::unique_ptr<WorkloadDatabase> open_external_database(
    const Workload& workload, const std::string& url,
    const std::function<void(const std::string&)>& progress) {
  return std::make_unique<ExternalDatabase>(workload, url, progress);
}

}  // namespace pgduet::harness
