#include "pgduet/gate/error.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace pgduet::gate {
namespace {

std::string message_text(const SourcePosition& position, const std::string& problem,
                         const std::string& hint) {
  std::string text = to_text(position);
  if (!text.empty()) text += ": ";
  text += problem;
  if (!hint.empty()) text += "\n  hint: " + hint;
  return text;
}

// Of letters changed, added, left out, or exchanged with their neighbour.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before_last.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, substitution});
      const bool exchanged = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (exchanged) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row.back();
}

}  // namespace

std::string to_text(const SourcePosition& position) {
  std::string text = position.file;
  if (position.line > 0) {
    if (text.empty())
      text = "line ";
    else
      text += ":";
    text += std::to_string(position.line);
    if (position.column > 0) text += ":" + std::to_string(position.column);
  }
  return text;
}

Error::Error(Kind kind, SourcePosition position, std::string problem, std::string hint)
    : std::runtime_error(message_text(position, problem, hint)),
      kind_(kind),
      position_(std::move(position)),
      problem_(std::move(problem)),
      hint_(std::move(hint)) {}

std::string to_text(const Error& error) {
  return message_text(error.position(), error.problem(), error.hint());
}

int exit_status(Error::Kind kind) { return kind == Error::Kind::environment ? 3 : 2; }

std::optional<std::string> nearest_name(std::string_view name, std::span<const std::string> known) {
  const std::string* nearest = nullptr;
  std::size_t nearest_distance = 0;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(name, candidate);
    if (nearest == nullptr || distance < nearest_distance) {
      nearest = &candidate;
      nearest_distance = distance;
    }
  }
  // One wrong letter is forgiven even in a name of two.
  const std::size_t allowed = std::max<std::size_t>(1, std::max<std::size_t>(name.size(), 1) / 3);
  if (nearest == nullptr || nearest_distance > allowed) return std::nullopt;
  return *nearest;
}

}  // namespace pgduet::gate
