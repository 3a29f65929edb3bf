// The one exception of pgduet, and what its messages are made of.
//
// An Error ends the run (or the file, or the command) that it was thrown in. What a caller expects
// and handles, such as a slower query or a missing baseline, is a value and never an Error.
#pragma once

#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace pgduet::gate {

// A place in a text that a user wrote. Lines and columns count from 1; 0 means "not known".
struct SourcePosition {
  std::string file;  // as the user would type it; empty when there is no file
  int line = 0;
  int column = 0;  // counted in characters (code points), as the server counts

  bool operator==(const SourcePosition&) const = default;
};

// "file:line:column", without the parts that are not known; "" for an empty position.
std::string to_text(const SourcePosition& position);

// Thrown when the work cannot go on. The wording follows the PostgreSQL error style: the problem in
// lower case without a final period, names quoted; the hint in whole sentences.
class Error : public std::runtime_error {
 public:
  // Picks the exit status, see exit_status().
  enum class Kind {
    usage,        // the command line is wrong
    input,        // a file that the user wrote is wrong
    environment,  // the server, the disk or the machine failed
  };

  Error(Kind kind, SourcePosition position, std::string problem, std::string hint = {});

  Kind kind() const { return kind_; }
  const SourcePosition& position() const { return position_; }
  const std::string& problem() const { return problem_; }
  const std::string& hint() const { return hint_; }

 private:
  Kind kind_;
  SourcePosition position_;
  std::string problem_;
  std::string hint_;
};

// The whole message, as it is printed:
//   workloads/shop/workload.json:14: unrecognized key "setings"
//     hint: Did you mean "settings"?
// The position is left out where it is empty. No final newline. what() returns the same text.
std::string to_text(const Error& error);

// 2 for usage and input, 3 for environment.
int exit_status(Error::Kind kind);

// The entry of `known` that is nearest to `name` by edit distance, for "Did you mean ...?" hints;
// nothing when none is near (more than a third of the letters differ).
std::optional<std::string> nearest_name(std::string_view name, std::span<const std::string> known);

}  // namespace pgduet::gate
