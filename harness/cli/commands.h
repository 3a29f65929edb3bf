// The subcommands. Each add_ function registers one on `app`, and sets `action` to what it does
// when it was chosen; the action returns the exit status and may throw what run() turns into one.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "options.h"

namespace pgduet::cli {

using Action = std::function<int()>;

void add_accept(CLI::App& app, Streams streams, Action& action);
void add_check(CLI::App& app, Streams streams, Action& action);
void add_completion(CLI::App& app, Streams streams, Action& action);
void add_demo(CLI::App& app, Streams streams, Action& action);
void add_doctor(CLI::App& app, Streams streams, Action& action);
void add_explain(CLI::App& app, Streams streams, Action& action);
void add_history(CLI::App& app, Streams streams, Action& action);
void add_init(CLI::App& app, Streams streams, Action& action);
void add_man(CLI::App& app, Streams streams, Action& action);
void add_merge(CLI::App& app, Streams streams, Action& action);
void add_record(CLI::App& app, Streams streams, Action& action);
void add_report(CLI::App& app, Streams streams, Action& action);
void add_store(CLI::App& app, Streams streams, Action& action);

}  // namespace pgduet::cli
