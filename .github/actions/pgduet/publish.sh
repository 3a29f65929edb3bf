#!/usr/bin/env bash
# Shows the report in the job's summary and in one comment of the pull request. What cannot be shown is
# a warning: the verdict does not depend on it.
set -euo pipefail
source "$GITHUB_ACTION_PATH/common.sh"
source "$GITHUB_ACTION_PATH/comment.sh"

if [[ -z $SUMMARY || ! -s $SUMMARY ]]; then
  warning 'there is no report to publish'
  exit 0
fi

# The report, under the marker that finds the comment again, and where to find more.
write_body() {
  local run=${OTHER_RUN_URL:-$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID}
  local head=${PULL_REQUEST_HEAD:-${OTHER_RUN_HEAD:-$GITHUB_SHA}}
  marker
  sed '1{/^<!-- pgduet.*-->$/d}' "$SUMMARY"
  printf '\n<sub>Commit %s · [workflow run](%s)' "${head:0:10}" "$run"
  if [[ -n $ARTIFACT_URL ]]; then printf ' · [HTML report, JUnit, run record](%s)' "$ARTIFACT_URL"; fi
  printf '</sub>\n'
}

body=$(mktemp "$RUNNER_TEMP/pgduet-body-XXXXXX")
trap 'rm -f "$body"' EXIT
write_body >"$body"
cat "$body" >>"$GITHUB_STEP_SUMMARY"
if [[ $INPUT_COMMENT != false ]]; then comment "$body"; fi
