#!/usr/bin/env bash
# Checks the inputs, and says where things lie and what the caches are called.
set -euo pipefail
source "$GITHUB_ACTION_PATH/common.sh"

require_one_of() {
  local input=$1 value=$2 choice
  shift 2
  for choice in "$@"; do
    if [[ $value == "$choice" ]]; then return; fi
  done
  die 2 "input \"$input\" is \"$value\"; it can be $(printf '"%s" ' "$@")"
}

choose_mode() {
  local named=0
  mode=check
  if [[ -n $INPUT_SHARD ]]; then mode=shard named=$((named + 1)); fi
  if [[ -n $INPUT_MERGE ]]; then mode=merge named=$((named + 1)); fi
  if [[ -n $INPUT_REPORT ]]; then mode=report named=$((named + 1)); fi
  if ((named > 1)); then die 2 'of the inputs "shard", "merge" and "report" only one can be given'; fi
}

name_artifact() {
  artifact=$INPUT_ARTIFACT_NAME
  # What GitHub takes as a name, and can be part of a path and of an HTML comment.
  if [[ ! $artifact =~ ^[A-Za-z0-9._\ ()+-]+$ || $artifact == *--* || $artifact == .* ]]; then
    die 2 "input \"artifact-name\" is \"$artifact\"; it is made of letters, digits, blanks and . _ - + ( )"
  fi
  if [[ $mode == shard ]]; then
    if [[ ! $INPUT_SHARD =~ ^[0-9]+/[0-9]+$ ]]; then
      die 2 "input \"shard\" is \"$INPUT_SHARD\"; it is written as \"2/8\""
    fi
    artifact+=-shard-${INPUT_SHARD/\//-of-}
  fi
}

# Programs, and data directories of servers, are of use on the same system only.
system_name() {
  local ID=linux VERSION_ID=0
  # shellcheck source=/dev/null
  if [[ -r /etc/os-release ]]; then source /etc/os-release; fi
  printf '%s' "$ID-$VERSION_ID-$(uname -m)"
}

# All that a build reads, and how the result is packed.
hash_program() {
  (
    cd "$GITHUB_ACTION_PATH/../../.."
    find . \( -path ./.git -o -path ./build -o -path ./tests -o -path ./baselines -o -path ./.pgduet \
      -o -path ./.github/workflows -o -name node_modules \) -prune -o \
      -type f ! -name '*.md' -print0 | hash_of_files
  )
}

# The workloads that exist here; pgduet complains about others.
hash_workloads() {
  local directory words
  split_words workloads "${INPUT_WORKLOADS:-workloads}"
  cd "$INPUT_WORKING_DIRECTORY"
  for directory in "${words[@]}"; do
    if [[ -e $directory ]]; then find "$directory" -type f -print0; fi
  done | hash_of_files
}

# Where pgduet keeps its databases.
databases_directory() {
  if [[ -n ${PGDUET_CACHE_DIR-} ]]; then
    printf '%s' "$PGDUET_CACHE_DIR"
  elif ((EUID == 0)); then
    printf /var/cache/pgduet
  else
    printf '%s' "${XDG_CACHE_HOME:-$HOME/.cache}/pgduet"
  fi
}

if [[ ! -d $INPUT_WORKING_DIRECTORY ]]; then
  die 2 "input \"working-directory\": there is no directory \"$INPUT_WORKING_DIRECTORY\"; is actions/checkout a step before?"
fi
require_one_of comment "$INPUT_COMMENT" auto true false
require_one_of sarif "$INPUT_SARIF" true false
require_one_of cache "$INPUT_CACHE" true false
require_one_of fail "$INPUT_FAIL" true false
if [[ -n $INPUT_POSTGRES_VERSION && ! $INPUT_POSTGRES_VERSION =~ ^[0-9]+$ ]]; then
  die 2 "input \"postgres-version\" is \"$INPUT_POSTGRES_VERSION\"; it is a major version, as 17"
fi
if [[ -n $INPUT_POSTGRES_VERSION && -n $INPUT_SERVER ]]; then
  die 2 'input "postgres-version" does not go with "server": a given server has one version'
fi
choose_mode
name_artifact
set_output mode "$mode"
set_output artifact "$artifact"

directory=$RUNNER_TEMP/pgduet/$artifact
rm -rf "$directory"
mkdir -p "$directory"
set_output directory "$directory"

system=$(system_name)
if [[ -z $INPUT_PROGRAM ]]; then
  contents=$(hash_program)
  key=pgduet-program-$system-$contents
  set_output program-key "$key"
  set_output program-directory "${XDG_CACHE_HOME:-$HOME/.cache}/pgduet-program/$key"
fi
if [[ -z $INPUT_SERVER && ($mode == check || $mode == shard) ]]; then
  place=$(printf '%s\n' "$INPUT_WORKING_DIRECTORY" "$INPUT_WORKLOADS" "$INPUT_SHARD" | short_hash)
  fallback=pgduet-databases-$system-$place-
  set_output databases-directory "$(databases_directory)"
  set_output databases-fallback-key "$fallback"
  contents=$(hash_workloads)
  set_output databases-key "$fallback$contents-"
fi
