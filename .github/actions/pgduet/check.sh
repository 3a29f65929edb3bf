#!/usr/bin/env bash
# Runs pgduet and keeps its exit status, so that the steps behind this one can publish whatever came out.
set -euo pipefail
source "$GITHUB_ACTION_PATH/common.sh"
source "$GITHUB_ACTION_PATH/base.sh"

scratch=$(mktemp --directory "$RUNNER_TEMP/pgduet-XXXXXX")
trap 'rm -rf "$scratch"' EXIT

# Goes to the top of the repository, and sets `prefix` to the way from there to the working directory:
# GitHub looks for the files of annotations from the top, and pgduet names them from where it is.
enter_repository() {
  local top
  cd "$INPUT_WORKING_DIRECTORY"
  prefix=
  if top=$(in_git rev-parse --show-toplevel 2>/dev/null); then
    prefix=$(in_git rev-parse --show-prefix)
    cd "$top"
  fi
}

from_top() { if [[ $1 == /* ]]; then printf '%s' "$1"; else printf '%s' "$prefix$1"; fi; }

add_check_arguments() {
  local words word baselines=${INPUT_BASELINES:-${PGDUET_BASELINES:-baselines}}
  split_words workloads "${INPUT_WORKLOADS:-workloads}"
  for word in "${words[@]}"; do arguments+=("$(from_top "$word")"); done
  arguments+=(--baselines "$(from_top "$baselines")")
  if [[ -n $INPUT_POSTGRES_VERSION ]]; then arguments+=(--head-pg "$INPUT_POSTGRES_VERSION"); fi
  if [[ -n $INPUT_SHARD ]]; then arguments+=(--shard "$INPUT_SHARD"); fi
  split_words args "$INPUT_ARGS"
  # Who chose a base there means that one.
  if [[ " ${words[*]}" != *" --base"[\ =]* && " ${words[*]}" != *" --base-dir"[\ =]* ]]; then
    find_base
    if [[ -n $base ]]; then arguments+=("--base=$base"); fi
  fi
  arguments+=("${words[@]}")
}

add_report_arguments() {
  arguments+=(--report console)
  if [[ $MODE == shard ]]; then return; fi
  arguments+=(--report "json=$OUTPUT_DIRECTORY/report.json" --report "markdown=$OUTPUT_DIRECTORY/report.md")
  if [[ $MODE == report ]]; then return; fi
  arguments+=(--report "github=$scratch/annotations" --report "html=$OUTPUT_DIRECTORY/report.html"
    --report "junit=$OUTPUT_DIRECTORY/junit.xml" --report "sarif=$OUTPUT_DIRECTORY/report.sarif")
}

# A cancelled job interrupts this shell alone; pgduet has servers to stop and databases to drop.
# Both streams end up in standard output, as only that is read in order with the runner's commands.
run_pgduet() {
  local child copier
  mkfifo "$scratch/pipe"
  tee "$scratch/errors" <"$scratch/pipe" &
  copier=$!
  "$PROGRAM" "${arguments[@]}" 2>"$scratch/pipe" &
  child=$!
  trap 'kill -TERM "$child" 2>/dev/null || true' INT TERM
  while true; do
    status=0
    wait "$child" || status=$?
    # A signal ends wait as well.
    if ! kill -0 "$child" 2>/dev/null; then break; fi
  done
  wait "$copier"
  trap - INT TERM
}

# Texts of queries and servers are other people's: a line of theirs must not be taken for a command
# to the runner. https://docs.github.com/actions/reference/workflow-commands#stopping-and-starting-workflow-commands
without_commands() {
  local token
  token=$(od --address-radix=n --format=x1 --read-bytes=16 /dev/urandom | tr --delete ' \n')
  printf '::stop-commands::%s\n' "$token"
  "$@"
  printf '\n::%s::\n' "$token"
}

# A copy of the run record, which lies alone in its directory.
keep_record() {
  local record name=record.json
  for record in "$scratch/state/runs/"*.json; do
    if [[ ! -f $record ]]; then return; fi
  done
  if [[ $MODE == shard ]]; then name=shard-${INPUT_SHARD/\//-of-}.json; fi
  cp "$record" "$OUTPUT_DIRECTORY/$name"
  set_output record "$OUTPUT_DIRECTORY/$name"
}

# pgduet's message where it could not begin. Indented by four blanks, nothing in it is Markdown.
explain_error() {
  local message
  message=$(sed --quiet '/^pgduet: /,$p' "$scratch/errors")
  message=${message:0:20000}
  if [[ -z $message ]]; then message="pgduet ended with status $status and said nothing"; fi
  error "$message"
  if [[ $MODE == shard ]]; then return; fi
  {
    printf '<!-- pgduet -->\n## pgduet could not measure\n\n'
    printf '    %s\n' "${message//$'\n'/$'\n'    }"
  } >"$OUTPUT_DIRECTORY/report.md"
}

set_file_output() { if [[ -s $OUTPUT_DIRECTORY/$2 ]]; then set_output "$1" "$OUTPUT_DIRECTORY/$2"; fi; }

name_outcome() {
  case $status in
    0) set_output outcome passed ;;
    1) set_output outcome failed ;;
    *) set_output outcome error ;;
  esac
  set_output exit-status "$status"
  # A shard's verdict is part of that of all; what another run ended with has failed its own job.
  if [[ $MODE == report && ! -e $record_of_other_run ]]; then
    set_output job-status 0
  elif [[ $status == 1 && ($MODE == shard || $MODE == report) ]]; then
    set_output job-status 0
  else
    set_output job-status "$status"
  fi
}

# Named after what pgduet keeps: the names of its entries are the hashes of all that they were built from.
name_databases() {
  local entries key
  if [[ -z $DATABASES_KEY || ! -d $DATABASES_DIRECTORY/entries ]]; then return; fi
  entries=$(find "$DATABASES_DIRECTORY/entries" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | short_hash)
  key=$DATABASES_KEY$entries
  if [[ $key != "$RESTORED_KEY" ]]; then set_output databases-key "$key"; fi
}

record_of_other_run=$GITHUB_WORKSPACE/$INPUT_REPORT
case $MODE in
  merge) arguments=(merge "$GITHUB_WORKSPACE/$INPUT_MERGE") ;;
  report) arguments=(report "$record_of_other_run") ;;
  *) arguments=(check) ;;
esac
enter_repository
if [[ $MODE == check || $MODE == shard ]]; then add_check_arguments; fi
add_report_arguments
# Outside of the checkout, which is said to have changes otherwise.
export PGDUET_STATE_DIR=$scratch/state
# An environment variable is in no list of processes.
if [[ -n $INPUT_SERVER ]]; then export PGDUET_SERVER=$INPUT_SERVER; fi
if [[ -n $DATABASES_DIRECTORY ]]; then export PGDUET_CACHE_DIR=$DATABASES_DIRECTORY; fi
# A repository has 10 GB of caches for all of its branches.
export PGDUET_CACHE_SIZE=${PGDUET_CACHE_SIZE:-2}

if [[ $MODE == report && ! -e $record_of_other_run ]]; then
  status=3
  echo 'pgduet: the workflow run ended without a run record; its log says why' >"$scratch/errors"
else
  without_commands run_pgduet
fi
if [[ -s $scratch/annotations ]]; then cat "$scratch/annotations"; fi
if [[ $MODE != report ]]; then keep_record; fi
if ((status > 1)) && [[ ! -s $OUTPUT_DIRECTORY/report.md ]]; then explain_error; fi
set_file_output summary report.md
set_file_output json report.json
set_file_output html report.html
set_file_output junit junit.xml
set_file_output sarif report.sarif
name_outcome
name_databases
