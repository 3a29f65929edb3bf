// Loads a file of the client into a table.
#pragma once

#include <filesystem>
#include <string>

namespace pgduet::harness {

// Runs `copy_sql` ("COPY ... FROM STDIN ...") and feeds it the file, in a session of its own.
// Throws StatementFailure (session.h); `line` is then the line of the file. The file is sent by the
// client because the server's user may not be allowed to see it.
void copy_in(const std::string& connection_string, const std::string& copy_sql,
             const std::filesystem::path& file);

}  // namespace pgduet::harness
