// Whole files as text, written so that a reader never sees half of one.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace pgduet::harness {

// Throws Error(input) at the file when it cannot be read.
std::string read_file(const std::filesystem::path& file);
// The same, of its first `most` characters.
std::string read_beginning(const std::filesystem::path& file, std::size_t most);

// Writes beside the file and renames; makes the directories above it. Throws Error(environment)
// with the system's reason (no space, not writable); the old file stays then.
void write_file_atomically(const std::filesystem::path& file, std::string_view text);

// Whether a path that a user named is no file to be replaced but something to be written to: a
// FIFO, a device, or an open file of this process by its name (/dev/stdout).
bool is_stream(const std::filesystem::path& path);

// Writes what a user named. A stream gets the text as it is. A file is replaced as by
// write_file_atomically, behind a symbolic link the one that it leads to; where only the directory
// forbids that (one file mounted into a container, say), the file is written over. Throws as
// write_file_atomically does.
void write_output(const std::filesystem::path& path, std::string_view text);

// Copies the regular files and directories below `from` to `to` (made when it is not there).
void copy_tree(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace pgduet::harness
