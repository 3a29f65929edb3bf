// Whole files as text, written so that a reader never sees half of one.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace pgduet::harness {

// Throws Error(input) at the file when it cannot be read.
std::string read_file(const std::filesystem::path& file);

// Writes beside the file and renames; makes the directories above it. Throws Error(environment)
// with the system's reason (no space, not writable); the old file stays then.
void write_file_atomically(const std::filesystem::path& file, std::string_view text);

// Copies the regular files and directories below `from` to `to` (made when it is not there).
void copy_tree(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace pgduet::harness
