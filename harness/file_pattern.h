// File name patterns as the shell knows them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pgduet::harness {

// The regular files that `pattern` (*, ?, [a-z]; relative to `directory`) names, relative to
// `directory` and in the order of their bytes, whatever the locale; empty when there is none. A
// pattern without a wildcard names one file.
std::vector<std::string> matching_files(const std::filesystem::path& directory,
                                        const std::string& pattern);

}  // namespace pgduet::harness
