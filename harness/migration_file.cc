#include "migration_file.h"

#include <algorithm>
#include <array>
#include <optional>

#include "text.h"

namespace pgduet::harness {
namespace {

struct Marker {
  std::string_view tool;
  std::string_view up;  // in lower case, what the comment begins with
  std::string_view down;
};
constexpr std::array<Marker, 4> markers = {{{"dbmate", "migrate:up", "migrate:down"},
                                            {"goose", "+goose up", "+goose down"},
                                            {"sql-migrate", "+migrate up", "+migrate down"},
                                            {"node-pg-migrate", "up migration", "down migration"}}};

// The first line of `text` with its end, taken from it.
std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1);
  text.remove_prefix(line.size());
  return line;
}

struct SectionBegin {
  std::string_view tool;
  bool up = false;
};

// What section the line begins, if it does.
std::optional<SectionBegin> section_begin(std::string_view line) {
  line = trimmed(line);
  if (!line.starts_with("--")) return std::nullopt;
  const std::string comment = lower(trimmed(line.substr(2)));
  for (const Marker& marker : markers) {
    if (comment.starts_with(marker.up)) return SectionBegin{marker.tool, true};
    if (comment.starts_with(marker.down)) return SectionBegin{marker.tool, false};
  }
  return std::nullopt;
}

}  // namespace

std::string migration_up(std::string_view script) {
  std::string up;
  bool has_up = false;
  bool inside = false;
  for (std::string_view rest = script; !rest.empty();) {
    const std::string_view line = take_line(rest);
    if (const auto begin = section_begin(line)) {
      inside = begin->up;
      has_up = has_up || inside;
    }
    if (inside)
      up += line;
    else if (line.back() == '\n')
      up += '\n';
  }
  return has_up ? up : std::string(script);
}

std::string_view migration_tool(std::string_view script) {
  while (!script.empty()) {
    const auto begin = section_begin(take_line(script));
    if (begin && begin->up) return begin->tool;
  }
  return "";
}

}  // namespace pgduet::harness
