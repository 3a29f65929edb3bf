// Failed system calls as errors of ours.
#pragma once

#include <filesystem>
#include <string>

#include "pgduet/gate/error.h"

namespace pgduet::harness {

// Error(environment) "could not create directory "/x": Permission denied" for `what` = "create
// directory" and an errno. A full disk gets the same words wherever it shows, see no_space().
gate::Error system_error(const std::string& what, const std::filesystem::path& path, int error,
                         const std::string& hint = {});

// Error(environment) that says that the disk of `path` is full and what helps.
gate::Error no_space(const std::filesystem::path& path);

// The lines of what a program said, each on a line of its own, to be put behind a colon.
std::string indented(const std::string& text);

// Whether a message of the server or of a program means that a disk is full.
bool means_no_space(const std::string& message);

}  // namespace pgduet::harness
