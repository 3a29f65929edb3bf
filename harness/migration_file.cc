#include "migration_file.h"

#include <algorithm>
#include <array>
#include <optional>

#include "text.h"

namespace pgduet::harness {
namespace {

struct Marker {
  std::string_view up;  // in lower case, what the comment begins with
  std::string_view down;
};
constexpr std::array<Marker, 4> markers = {{{"migrate:up", "migrate:down"},
                                            {"+goose up", "+goose down"},
                                            {"+migrate up", "+migrate down"},
                                            {"up migration", "down migration"}}};

// Whether the line begins a section, and whether that leads up.
std::optional<bool> section_begin(std::string_view line) {
  line = trimmed(line);
  if (!line.starts_with("--")) return std::nullopt;
  const std::string comment = lower(trimmed(line.substr(2)));
  for (const Marker& marker : markers) {
    if (comment.starts_with(marker.up)) return true;
    if (comment.starts_with(marker.down)) return false;
  }
  return std::nullopt;
}

}  // namespace

std::string migration_up(std::string_view script) {
  std::string up;
  bool has_up = false;
  bool inside = false;
  for (std::string_view rest = script; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end);
    if (const auto begins_up = section_begin(line)) {
      inside = *begins_up;
      has_up = has_up || inside;
    }
    if (inside)
      up += line;
    else if (line.back() == '\n')
      up += '\n';
  }
  return has_up ? up : std::string(script);
}

}  // namespace pgduet::harness
