// By libpq, as libpqxx 6.4 has no way to send the bytes of a file as they are: its stream_to wants
// rows that somebody has parsed.
#include "copy_in.h"

#include <libpq-fe.h>

#include <array>
#include <fstream>
#include <memory>

#include "pgduet/harness/interrupt.h"
#include "session.h"

namespace pgduet::harness {
namespace {

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

StatementFailure failure_of(PGconn* connection, const PGresult* result) {
  const char* sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  StatementFailure failure = read_server_message(result != nullptr ? PQresultErrorMessage(result)
                                                                   : PQerrorMessage(connection));
  failure.sqlstate = sqlstate != nullptr ? sqlstate : "";
  failure.connection_lost = PQstatus(connection) != CONNECTION_OK;
  // CONTEXT of an error in the data: COPY products, line 3, column price: "abc"
  const char* context = PQresultErrorField(result, PG_DIAG_CONTEXT);
  const std::string place = context != nullptr ? context : "";
  const std::size_t at = place.find(", line ");
  if (at != std::string::npos) failure.line = std::atoi(place.c_str() + at + 7);
  return failure;
}

Result expect(PGconn* connection, PGresult* raw, ExecStatusType status) {
  Result result(raw, &PQclear);
  if (PQresultStatus(raw) != status) throw failure_of(connection, raw);
  return result;
}

void send(PGconn* connection, const std::filesystem::path& file) {
  std::ifstream input(file, std::ios::binary);
  std::array<char, 65536> buffer{};
  while (input) {
    check_interrupt();
    input.read(buffer.data(), buffer.size());
    const auto size = static_cast<int>(input.gcount());
    // A failure shows in the result of the COPY, with the server's reason.
    if (size > 0 && PQputCopyData(connection, buffer.data(), size) != 1) break;
  }
  PQputCopyEnd(connection, input.eof() ? nullptr : "the file could not be read to its end");
}

}  // namespace

void copy_in(const std::string& connection_string, const std::string& copy_sql,
             const std::filesystem::path& file) {
  const Connection connection(PQconnectdb(connection_string.c_str()), &PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) throw failure_of(connection.get(), nullptr);
  PQsetNoticeProcessor(
      connection.get(), [](void*, const char*) {}, nullptr);
  expect(connection.get(), PQexec(connection.get(), "SET client_encoding = 'UTF8'"),
         PGRES_COMMAND_OK);
  expect(connection.get(), PQexec(connection.get(), copy_sql.c_str()), PGRES_COPY_IN);
  send(connection.get(), file);
  expect(connection.get(), PQgetResult(connection.get()), PGRES_COMMAND_OK);
}

}  // namespace pgduet::harness
