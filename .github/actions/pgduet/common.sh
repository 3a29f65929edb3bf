# What the steps of the Action share. Sourced.
# shellcheck shell=bash

# A value inside a workflow command ends at a line's end; "%" starts an escape.
escaped() {
  local text=$1
  text=${text//'%'/%25}
  text=${text//$'\r'/%0D}
  printf '%s' "${text//$'\n'/%0A}"
}

# Annotations of the run, without a place in a file.
notice() { printf '::notice title=pgduet::%s\n' "$(escaped "$1")"; }
warning() { printf '::warning title=pgduet::%s\n' "$(escaped "$1")"; }
error() { printf '::error title=pgduet::%s\n' "$(escaped "$1")"; }

# die STATUS MESSAGE. The runner reads both streams; standard output may be captured.
die() {
  error "$2" >&2
  exit "$1"
}

set_output() {
  if [[ $2 == *$'\n'* ]]; then die 2 "the value of $1 may not have several lines"; fi
  printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}

# Sets `words` to the words of $2, quoted as in a shell; nothing is expanded. $1 is the input's name.
split_words() {
  local file
  file=$(mktemp)
  if ! xargs --no-run-if-empty printf '%s\0' <<<"$2" >"$file" 2>/dev/null; then
    die 2 "input \"$1\" has a quote that does not end: $2"
  fi
  # shellcheck disable=SC2034  # the result
  mapfile -d '' -t words <"$file"
  rm "$file"
}

# The names and contents of the files whose names it reads, each ended by NUL.
hash_of_files() { LC_ALL=C sort --zero-terminated | xargs --null --no-run-if-empty sha256sum | short_hash; }
short_hash() { sha256sum | cut --characters=1-20; }
