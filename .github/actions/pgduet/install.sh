#!/usr/bin/env bash
# Finds pgduet or builds it, with what it needs to run. A program that was built is packed with its
# libraries, so that a restored one needs no package but PostgreSQL, and no network where a runner
# has that already.
set -euo pipefail
source "$GITHUB_ACTION_PATH/common.sh"

root=$(cd "$GITHUB_ACTION_PATH/../../.." && pwd)
# Read by machine.sh.
# shellcheck disable=SC2034
program=pgduet install=yes
source "$root/.ci/machine.sh"
log=$RUNNER_TEMP/pgduet/install.log

has_major() { [[ -x /usr/lib/postgresql/$1/bin/initdb ]]; }

# Systems have one major version; those of the PostgreSQL project's own repository lie beside it.
# https://wiki.postgresql.org/wiki/Apt
install_major() {
  local package=postgresql-$1
  if has_major "$1"; then return; fi
  if [[ -n $(unknown_packages "$package") ]]; then apt_get update >"$log" 2>&1 || true; fi
  if [[ -n $(unknown_packages "$package") ]]; then
    ensure "$log" "postgresql-common test -d /usr/share/postgresql-common/pgdg" \
      "ca-certificates test -e /etc/ssl/certs/ca-certificates.crt" || return
    as_root /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y >"$log" 2>&1 || {
      tail --lines 15 "$log" >&2
      return 3
    }
  fi
  ensure "$log" "$package has_major $1"
}

starts() { [[ -x $1 ]] && "$1" --version >/dev/null 2>&1; }

# glibc and the compiler's own come with every system that has the others.
libraries_of() {
  ldd "$1" | awk '$2 == "=>" && $3 ~ /^\// && $1 !~ /^(libc|libm|libstdc\+\+|libgcc_s)\.so/ { print $3 }'
}

# Its caller asks for the status, so no error ends it by itself.
build() {
  local built=$root/build/release packed=$1.partial
  # The launcher leaves this to CMake, which reads it when it first configures. Old-style tags, as the
  # libraries' own libraries are looked for there as well.
  LDFLAGS="-Wl,--disable-new-dtags,-rpath,'\$ORIGIN/../lib' ${LDFLAGS-}" "$root/pgduet" --version || return
  rm -rf "$packed" "$1"
  mkdir -p "$packed/bin" "$packed/lib" &&
    cp "$built/bin/pgduet" "$packed/bin/" &&
    cp --recursive "$built/lib/pgduet" "$packed/lib/" && # what pgduet loads into its servers
    libraries_of "$built/bin/pgduet" | xargs --no-run-if-empty cp --dereference --target-directory "$packed/lib" &&
    mv "$packed" "$1" || return
  if ! starts "$1/bin/pgduet"; then die 3 "pgduet was built, and does not start: $1/bin/pgduet"; fi
  set_output built true
}

if [[ -n $INPUT_PROGRAM ]]; then
  chosen=$(command -v "$INPUT_PROGRAM") || die 2 "input \"program\": there is no program \"$INPUT_PROGRAM\""
else
  if [[ $MODE == check || $MODE == shard ]]; then
    needs=("${run_needs[@]}")
    if [[ -z $INPUT_SERVER && -z $INPUT_POSTGRES_VERSION ]]; then needs+=("${server_needs[@]}"); fi
    ensure "$log" "${needs[@]}" || die 3 'could not install what pgduet needs; the log of this step says why'
  fi
  chosen=$PROGRAM_DIRECTORY/bin/pgduet
  starts "$chosen" || build "$PROGRAM_DIRECTORY" || die 3 'could not build pgduet; the log of this step says why'
fi
if [[ -n $INPUT_POSTGRES_VERSION ]]; then
  install_major "$INPUT_POSTGRES_VERSION" || die 3 "could not install PostgreSQL $INPUT_POSTGRES_VERSION; the log of this step says why"
fi
"$chosen" --version
set_output program "$chosen"
