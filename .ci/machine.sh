# shellcheck shell=bash disable=SC2034,SC2154  # who sources this shares its variables
# What a machine needs to build and to test pgduet, and how it gets that. Sourced by ./pgduet and
# tests/run; the one place where packages are listed.

# A need is a Debian package and a test that finds what it gives, wherever that came from.
run_needs=("git                 has_command git")
server_needs=("postgresql          has_server")
build_needs=(
  "${run_needs[@]}"
  "${server_needs[@]}"
  "g++                 has_command g++ clang++"
  "cmake               has_command cmake"
  "ninja-build         has_command ninja"
  "pkg-config          has_command pkg-config pkgconf"
  "libpqxx-dev         has_header pqxx/pqxx"
  "libpg-query-dev     has_header pg_query.h"
  "nlohmann-json3-dev  has_header nlohmann/json.hpp"
  "libcli11-dev        has_header CLI/CLI.hpp"
  "libpugixml-dev      has_header pugixml.hpp"
  "libkainjow-mustache-dev has_header kainjow/mustache.hpp"
  "libboost-dev        has_header boost/math/distributions/students_t.hpp"
  "zlib1g-dev          has_header zlib.h"
  "libxxhash-dev       has_header xxhash.h"
)

test_needs=(
  "libgtest-dev        has_header gtest/gtest.h"
  "libgmock-dev        has_header gmock/gmock.h"
  "libbenchmark-dev    has_header benchmark/benchmark.h"
  "dpkg-dev            has_command dpkg-shlibdeps"
  "file                has_command file"
  "ccache              has_command ccache"
  "libxml2-utils       has_command xmllint"
  "cmark-gfm           has_command cmark-gfm"
  "chromium            has_command chromium google-chrome"
  "nodejs              has_command node"
  "npm                 has_command npm"
  "curl                has_command curl"
  "jq                  has_command jq"
  "shellcheck          has_command shellcheck"
  "ca-certificates     test -e /etc/ssl/certs/ca-certificates.crt"
)

# The version that the sources were formatted with: others format differently.
format_needs=("clang-format-14     has_command clang-format-14")
clang_needs=("clang               has_command clang++")
tidy_needs=("clang-tidy          has_command run-clang-tidy")

has_command() {
  local name
  for name in "$@"; do
    if command -v "$name" >/dev/null; then return 0; fi
  done
  return 1
}

has_header() {
  local directory
  for directory in /usr/include /usr/local/include /opt/homebrew/include ${CPATH:+${CPATH//:/ }}; do
    if [[ -e $directory/$1 ]]; then return 0; fi
  done
  return 1
}

has_server() {
  local initdb
  for initdb in ${PGDUET_PG_BIN:+"$PGDUET_PG_BIN/initdb"} /usr/lib/postgresql/*/bin/initdb \
    /usr/pgsql-*/bin/initdb /opt/homebrew/opt/postgresql*/bin/initdb; do
    if [[ -x $initdb ]]; then return 0; fi
  done
  has_command initdb
}

# Prints the packages of those needs that nothing here meets, each after a blank.
missing_packages() {
  local need package probe
  for need in "$@"; do
    read -r package probe <<<"$need"
    # shellcheck disable=SC2086  # the probe is a command and its arguments
    if ! $probe; then printf ' %s' "$package"; fi
  done
}

complain() { printf '%s: %s\n' "$program" "$1" >&2; }

# Packages without a candidate, each after a blank.
unknown_packages() {
  local package policy
  for package in "$@"; do
    policy=$(apt-cache policy "$package" 2>/dev/null)
    if [[ $policy != *"Candidate: "[!\(]* ]]; then printf ' %s' "$package"; fi
  done
}

as_root() {
  if ((EUID == 0)); then "$@"; else sudo -- "$@"; fi
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get --quiet --quiet --yes \
    --option=DPkg::Lock::Timeout=300 "$@"
}

# Debian's server package would make a cluster and start it, and again at every boot; nobody asked
# for that. The setting is put back as it was.
install_without_cluster() {
  local file=/etc/postgresql-common/createcluster.conf line="create_main_cluster = false # $program"
  local status=0
  apt_get install --no-install-recommends postgresql-common || return
  printf '%s\n' "$line" | as_root tee --append "$file" >/dev/null || return
  apt_get install --no-install-recommends "$@" || status=$?
  as_root sed --in-place "\|^$line\$|d" "$file"
  return "$status"
}

install_packages() {
  if [[ " $* " == *" postgresql"[\ -][\ 0-9]* ]]; then
    install_without_cluster "$@"
  else
    apt_get install --no-install-recommends "$@"
  fi
}

# Installs `packages`, or says how to. Its own words and apt-get's go to standard error and to the
# log; standard output belongs to the program.
install_or_explain() {
  local log=$1 unknown
  shift
  local command="apt-get install --no-install-recommends $*"
  if ! has_command apt-get; then
    complain "these are missing (named as Debian packages): $*"
    complain "install them, or what your system calls them, then run this again"
    return 3
  fi
  if [[ $install == no ]]; then
    complain "these packages are missing: $*"
    complain "install them with: $command"
    return 3
  fi
  if ((EUID != 0)) && ! has_command sudo; then
    complain "these packages are missing, and only root may install them: $*"
    complain "run as root: $command"
    return 3
  fi
  complain "installing what is missing (--no-install only names it): $*"
  # The lists of a new machine are empty, those of an old one name files that are gone.
  if [[ -z $(unknown_packages "$@") ]] && install_packages "$@" >"$log" 2>&1; then return 0; fi
  apt_get update >"$log" 2>&1 || true
  unknown=$(unknown_packages "$@")
  if [[ -n $unknown ]]; then
    complain "this system has no package$unknown"
    if [[ $unknown == *libpg-query-dev* ]]; then
      complain "libpg_query can be built from https://github.com/pganalyze/libpg_query (make install)"
    fi
    complain "Debian 12 and 13 and Ubuntu 24.04 have what the program needs; elsewhere install it by hand, then run this again"
    return 3
  fi
  if ! install_packages "$@" >>"$log" 2>&1; then
    tail -n 15 "$log" >&2
    complain "could not install the packages (whole log: $log); the command was: $command"
    return 3
  fi
}

# ensure LOG NEED...: returns 0 when all needs are met, at once when they were already.
ensure() {
  local log=$1 missing
  shift
  missing=$(missing_packages "$@")
  if [[ -z $missing ]]; then return 0; fi
  mkdir -p "$(dirname "$log")"
  # shellcheck disable=SC2086  # a list of package names
  install_or_explain "$log" $missing || return
  hash -r
  missing=$(missing_packages "$@")
  if [[ -n $missing ]]; then
    complain "still not found after the installation:$missing"
    return 3
  fi
}
