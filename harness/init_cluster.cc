#include "init_cluster.h"

#include <locale.h>

#include "pgduet/gate/error.h"
#include "system_error.h"

namespace pgduet::harness {

std::string cluster_locale() {
  // Compared as a language's locale is compared, byte-wise or not, by the same plans; and the same
  // everywhere. Missing in small images.
  constexpr const char* wanted = "C.UTF-8";
  const locale_t locale = newlocale(LC_ALL_MASK, wanted, nullptr);
  if (locale == nullptr) return "C";
  freelocale(locale);
  return wanted;
}

void init_cluster(const Installation& installation, const std::filesystem::path& data_directory,
                  const std::optional<SystemUser>& user, Checksums checksums) {
  CommandOptions command;
  // No passwords: the server's only socket lies in a directory that is its user's alone.
  command.arguments = {(installation.bin_directory / "initdb").string(),
                       "--pgdata=" + data_directory.string(),
                       "--username=pgduet",
                       "--auth=trust",
                       "--no-sync",  // all that we keep in a cluster can be made again
                       "--encoding=UTF8",
                       "--locale=" + cluster_locale(),
                       "--no-instructions"};
  // Checksums are on by default from 18 on; the option came with the default.
  if (checksums == Checksums::on)
    command.arguments.push_back("--data-checksums");
  else if (installation.major >= 18)
    command.arguments.push_back("--no-data-checksums");
  command.environment["LC_ALL"] = "C";
  command.working_directory = data_directory;
  command.user = user;
  const CommandResult result = run_command(command);
  if (result.exit_status == 0) return;
  if (means_no_space(result.errors)) throw no_space(data_directory);
  throw gate::Error(
      gate::Error::Kind::environment, {},
      "initdb of PostgreSQL " + installation.version + " failed:" + indented(result.errors));
}

}  // namespace pgduet::harness
