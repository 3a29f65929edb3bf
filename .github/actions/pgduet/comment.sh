# The sticky comment: one for each pull request and artifact's name, found again by its first line.
# Sourced by publish.sh.
# shellcheck shell=bash

# Two gates in one workflow have two artifacts, and so two comments.
marker() {
  if [[ $ARTIFACT == pgduet ]]; then
    printf '<!-- pgduet -->\n'
  else
    printf '<!-- pgduet: %s -->\n' "$ARTIFACT"
  fi
}

# api METHOD PATH [FILE]: sets `code` and the file $response. The token goes through standard input, as
# other processes can read arguments. What is safe to repeat is tried three times.
api() {
  local method=$1 url=$GITHUB_API_URL/$2 data=() attempt
  if [[ -n ${3-} ]]; then data=(--header 'Content-Type: application/json' --data-binary "@$3"); fi
  for attempt in 1 2 3; do
    code=$(curl --config - --silent --show-error --max-time 30 --request "$method" --url "$url" \
      --header 'Accept: application/vnd.github+json' --header 'X-GitHub-Api-Version: 2022-11-28' \
      --output "$response" --write-out '%{http_code}' "${data[@]}" \
      <<<"header = \"Authorization: Bearer $TOKEN\"") || code=000
    if [[ $method == POST || ! $code =~ ^(000|429|5..)$ || $attempt == 3 ]]; then break; fi
    sleep "${PGDUET_RETRY_SECONDS:-5}"
  done
  [[ $code == 2?? && -s $response ]] # what is asked here has a body
}

said() { jq --raw-output '.message? // empty | strings | .[:300]' "$response" 2>/dev/null || true; }

explain_refusal() {
  if [[ $code == 401 || $code == 403 || $code == 404 ]]; then
    notice "The token may not comment ($code $(said)), so the report is in the summary and the artifact only. The job needs \"permissions: { contents: read, pull-requests: write }\"; for pull requests from forks, a second workflow: see \"Forks\" in the Action's README."
  else
    warning "could not comment on the pull request: $code $(said)"
  fi
}

# For workflows on workflow_run: GitHub names no pull request for one from a fork, and what the fork's
# run uploaded must not be believed. Sets `PULL_REQUEST`; a run that another has overtaken gets none.
find_pull_request() {
  local head found
  head=$(jq --null-input --raw-output --arg owner "$OTHER_RUN_OWNER" --arg branch "$OTHER_RUN_BRANCH" \
    '"\($owner):\($branch)" | @uri')
  if ! api GET "repos/$GITHUB_REPOSITORY/pulls?state=open&per_page=100&head=$head" ||
    ! found=$(jq --arg sha "$OTHER_RUN_HEAD" --arg repository "$OTHER_RUN_REPOSITORY" \
      '[.[] | select(.head.sha == $sha and .head.repo.full_name == $repository) | .number]' "$response"); then
    explain_refusal
    return 1
  fi
  case $(jq length <<<"$found") in
    1) PULL_REQUEST=$(jq '.[0]' <<<"$found") ;;
    0) notice "no open pull request has the commit ${OTHER_RUN_HEAD:0:10} as its newest: no comment" && return 1 ;;
    *) notice "several pull requests have the commit ${OTHER_RUN_HEAD:0:10} as their newest: no comment" && return 1 ;;
  esac
}

# Sets `found` to the comment's id, or to nothing. Everybody can begin a comment with our marker: it is
# ours if a bot wrote it (as GITHUB_TOKEN does), or the user that the token belongs to. Its caller asks
# for the status, so no error ends it by itself.
find_comment() {
  local page=1 mark candidates='[]' size login
  mark=$(marker)
  while true; do
    api GET "repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments?per_page=100&page=$page" || return
    size=$(jq length "$response") || return
    candidates=$(jq --argjson before "$candidates" --arg mark "$mark" \
      '$before + [.[] | select(.body // "" | startswith($mark)) | {id, login: .user.login, type: .user.type}]' \
      "$response") || return
    if ((size < 100)); then break; fi
    page=$((page + 1))
  done
  found=$(jq 'map(select(.type == "Bot"))[0].id // empty' <<<"$candidates") || return
  if [[ -n $found || $candidates == '[]' ]] || ! api GET user; then return 0; fi
  login=$(jq --exit-status --raw-output .login "$response") || return
  found=$(jq --arg login "$login" 'map(select(.login == $login))[0].id // empty' <<<"$candidates")
}

has_something_to_tell() {
  [[ $EXIT_STATUS == 0 && -n $REPORT_JSON ]] || return 0
  jq --exit-status '[.workloads[].counts | to_entries[] |
    select(.key | IN("passed", "skipped", "accepted") | not) | .value] | add // 0 | . > 0' "$REPORT_JSON" >/dev/null
}

# comment FILE
comment() {
  local response message code=000 found=
  if [[ -z $PULL_REQUEST && ($MODE != report || -z $OTHER_RUN_HEAD) ]]; then return; fi
  if ! command -v curl >/dev/null || ! command -v jq >/dev/null; then
    warning 'commenting takes curl and jq, which are not here'
    return
  fi
  response=$(mktemp "$RUNNER_TEMP/pgduet-response-XXXXXX")
  message=$(mktemp "$RUNNER_TEMP/pgduet-message-XXXXXX")
  if [[ -n $PULL_REQUEST ]] || find_pull_request; then update_comment "$1"; fi
  rm -f "$response" "$message"
}

update_comment() {
  if ! find_comment; then
    explain_refusal
    return
  fi
  jq --raw-input --slurp '{body: .}' "$1" >"$message"
  if [[ -n $found ]]; then
    api PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$found" "$message" || explain_refusal
  elif [[ $INPUT_COMMENT == true ]] || has_something_to_tell; then
    api POST "repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments" "$message" || explain_refusal
  fi
}
