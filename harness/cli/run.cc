#include "run.h"

#include <CLI/CLI.hpp>
#include <exception>
#include <string>
#include <vector>

#include "command_tree.h"
#include "commands.h"
#include "pgduet/gate/error.h"
#include "pgduet/harness/interrupt.h"

namespace pgduet::cli {
namespace {

int run_commands(std::span<const std::string> args, Streams streams) {
  CLI::App app("The CI gate that stops a pull request from making PostgreSQL queries slower");
  app.name("pgduet");
  app.set_version_flag("--version", "pgduet " PGDUET_VERSION);
  app.require_subcommand(1);
  app.footer("pgduet COMMAND --help shows the options of a command and an example.");
  Action action;
  add_init(app, streams, action);
  add_check(app, streams, action);
  add_record(app, streams, action);
  add_accept(app, streams, action);
  add_merge(app, streams, action);
  add_report(app, streams, action);
  add_explain(app, streams, action);
  add_history(app, streams, action);
  add_store(app, streams, action);
  add_doctor(app, streams, action);
  add_demo(app, streams, action);
  add_completion(app, streams, action);
  add_man(app, streams, action);
  require_known_command(app, args);
  try {
    std::vector<std::string> reversed(args.rbegin(), args.rend());  // as CLI11 takes them
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    const bool asked_for_help = error.get_exit_code() == 0;
    app.exit(error, streams.out, streams.err);
    return asked_for_help ? 0 : 2;
  }
  return action();
}

}  // namespace

int run(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  try {
    const int status = run_commands(args, {out, err});
    if (out.flush()) return status;
    err << "pgduet: could not write to standard output\n";
    return status != 0 ? status : gate::exit_status(gate::Error::Kind::environment);
  } catch (const gate::Error& error) {
    err << "pgduet: " << gate::to_text(error) << "\n";
    return gate::exit_status(error.kind());
  } catch (const harness::Interrupted& interrupted) {
    err << "\npgduet: interrupted; its servers and temporary files are gone\n";
    return 128 + interrupted.signal;
  } catch (const std::exception& error) {
    err << "pgduet: " << error.what() << "\n"
        << "  hint: This is a defect of pgduet, or the machine is out of memory.\n";
    return 3;
  }
}

}  // namespace pgduet::cli
