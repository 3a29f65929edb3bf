# Finds the revision to compare with, and fetches it into a shallow clone. Sourced by check.sh.
# shellcheck shell=bash

# As in harness/git.cc: in a container the checkout often belongs to another user.
in_git() { git -c 'safe.directory=*' "$@"; }

is_commit() { in_git rev-parse --verify --quiet --end-of-options "$1^{commit}" >/dev/null; }

# Prints the revision, or nothing: pgduet finds one, or says that there is none.
choose_base() {
  if [[ -n $INPUT_BASE ]]; then
    printf '%s' "$INPUT_BASE"
  elif [[ -n ${PGDUET_BASE-} ]]; then
    printf '%s' "$PGDUET_BASE"
  elif [[ -n ${GITHUB_BASE_REF-} ]]; then
    printf '%s' "origin/$GITHUB_BASE_REF"
  elif [[ -n $EVENT_QUEUE_BASE ]]; then
    printf '%s' "$EVENT_QUEUE_BASE"
  elif [[ $GITHUB_EVENT_NAME == push && $EVENT_BEFORE == *[!0]* ]]; then
    printf '%s' "$EVENT_BEFORE"
  elif [[ -n $EVENT_DEFAULT_BRANCH ]]; then
    printf '%s' "origin/$EVENT_DEFAULT_BRANCH"
  fi
}

# Whether `base` is here and reaches back to a commit that HEAD has as well.
base_is_here() { is_commit "$base" && in_git merge-base "$base" HEAD >/dev/null; }

# The checkout of a pull request is GitHub's merge of it into its target, whose first parent is that
# target: one commit more is all that it takes.
take_target_from_merge() {
  [[ $GITHUB_EVENT_NAME == pull_request && $base == "origin/$GITHUB_BASE_REF" ]] || return
  [[ $(in_git rev-parse HEAD) == "$GITHUB_SHA" ]] || return
  in_git fetch --quiet --no-tags --deepen=1 origin "$GITHUB_SHA" || return
  is_commit HEAD^2 || return
  in_git update-ref "refs/remotes/$base" HEAD^1
}

fetch_to_depth() {
  local depth=$1 name=${base#origin/} head
  head=$(in_git rev-parse HEAD) || return
  # A commit that was made in this job is nowhere else; then what it was made from is fetched.
  in_git fetch --quiet --no-tags --depth="$depth" origin "$head" 2>/dev/null ||
    in_git fetch --quiet --no-tags --depth="$depth" origin "$GITHUB_REF" || return
  # No name that git would take for more than that; HEAD~1 came with HEAD.
  if ! in_git check-ref-format "refs/heads/$name"; then return; fi
  if [[ $base == origin/* ]]; then
    in_git fetch --quiet --no-tags --depth="$depth" origin "+refs/heads/$name:refs/remotes/origin/$name"
  elif ! is_commit "$base" || [[ $base =~ ^[0-9a-f]{40,64}$ ]]; then
    in_git fetch --quiet --no-tags --depth="$depth" origin "$name" || return
    base=$(in_git rev-parse FETCH_HEAD)
  fi
}

# Sets `base` and fetches what is missing of it. What cannot be had is left to pgduet's own message.
find_base() {
  local depth depths=(2147483647) # git's word for all of it
  base=$(choose_base)
  if [[ -z $base || $base == none || $base == -* ]] || ! in_git rev-parse --git-dir >/dev/null 2>&1; then return; fi
  if base_is_here; then return; fi
  if [[ $(in_git rev-parse --is-shallow-repository) == true ]]; then
    if take_target_from_merge; then return; fi
    depths=(50 500 "${depths[@]}")
  fi
  for depth in "${depths[@]}"; do
    printf 'fetching %s of %s\n' "$(depth_text "$depth")" "$base"
    if ! fetch_to_depth "$depth"; then
      warning "could not fetch \"$base\". If the checkout has \"persist-credentials: false\", give it \"fetch-depth: 0\"."
      return
    fi
    if base_is_here; then return; fi
  done
}

depth_text() { if (($1 > 500)); then printf 'the whole history'; else printf '%s commits' "$1"; fi; }
