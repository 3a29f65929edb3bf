// The base of the comparison, in clones as actions/checkout makes them.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { checkout, git, jobWithFake, temporaryDirectory } from "./fixture.mjs";

// main: 3 commits, a branch from the second with 60 commits of its own, and GitHub's merge of both.
function makeRepository() {
  const directory = temporaryDirectory();
  const commit = (text) => {
    git(directory, "commit", "--quiet", "--allow-empty", "-m", text);
    return git(directory, "rev-parse", "HEAD");
  };
  git(directory, "init", "--quiet");
  // As GitHub does: any commit can be asked for.
  git(directory, "config", "uploadpack.allowAnySHA1InWant", "true");
  const first = commit("one");
  const fork = commit("two");
  const target = commit("three");
  git(directory, "checkout", "--quiet", "-b", "topic", fork);
  let head;
  for (let at = 0; at < 60; ++at) head = commit(`topic ${at}`);
  git(directory, "checkout", "--quiet", "--detach", target);
  git(directory, "merge", "--quiet", "--no-ff", "-m", "merge", "topic");
  const merge = git(directory, "rev-parse", "HEAD");
  git(directory, "update-ref", "refs/pull/7/merge", merge);
  git(directory, "checkout", "--quiet", "main");
  return { url: `file://${directory}`, directory, first, fork, target, head, merge };
}

const repository = makeRepository();

async function baseOf(job, { env, event = {}, inputs } = {}) {
  const result = await job.run({ env: { GITHUB_BASE_REF: "", ...env }, github: { event }, inputs });
  const base = job.arguments().find((one) => one.startsWith("--base="))?.slice("--base=".length);
  const mergeBase = () => git(job.workspace, "merge-base", base, "HEAD");
  const commits = () => Number(git(job.workspace, "rev-list", "--count", "--all"));
  return { result, base, mergeBase, commits };
}

const onPullRequest = { GITHUB_BASE_REF: "main", GITHUB_SHA: repository.merge };

test("a pull request's merge needs one commit more, and its target is the base", async () => {
  const job = jobWithFake();
  checkout(job, repository.url, repository.merge, "refs/remotes/pull/7/merge");
  const { result, base, mergeBase, commits } = await baseOf(job, { env: onPullRequest });
  assert.equal(result.status, 0, result.log);
  assert.equal(base, "origin/main");
  assert.equal(mergeBase(), repository.target);
  assert.equal(commits(), 3, "the merge and its parents");
});

test("a checkout of the branch itself is deepened until it meets its target", async () => {
  const job = jobWithFake();
  checkout(job, repository.url, repository.head, "refs/remotes/origin/topic");
  const { result, base, mergeBase } = await baseOf(job, { env: onPullRequest });
  assert.match(result.log, /fetching 50 commits of origin\/main\n[^]*fetching 500 commits of origin\/main/);
  assert.equal(base, "origin/main");
  assert.equal(mergeBase(), repository.fork);
});

test("a whole clone stays whole, and fetches nothing that is there", async () => {
  const job = jobWithFake();
  rmSync(job.workspace, { recursive: true });
  git(repository.directory, "clone", "--quiet", repository.url, job.workspace);
  git(job.workspace, "remote", "set-url", "origin", "file:///nowhere");
  const there = await baseOf(job, { env: onPullRequest });
  assert.equal(there.base, "origin/main");
  assert.ok(!there.result.log.includes("fetching"));
  git(job.workspace, "remote", "set-url", "origin", repository.url);
  git(job.workspace, "update-ref", "-d", "refs/remotes/origin/main");
  const fetched = await baseOf(job, { env: onPullRequest });
  assert.equal(fetched.mergeBase(), repository.target);
  assert.equal(git(job.workspace, "rev-parse", "--is-shallow-repository"), "false");
});

test("a push is compared with what the branch was", async () => {
  const job = jobWithFake();
  checkout(job, repository.url, repository.target, "refs/remotes/origin/main");
  const { base, mergeBase } = await baseOf(job, {
    env: { GITHUB_EVENT_NAME: "push", GITHUB_REF: "refs/heads/main", GITHUB_SHA: repository.target },
    event: { before: repository.first, repository: { default_branch: "main" } },
  });
  assert.equal(base, repository.first);
  assert.equal(mergeBase(), repository.first);
});

test("a new branch is compared with the default branch", async () => {
  const job = jobWithFake();
  checkout(job, repository.url, repository.head, "refs/remotes/origin/topic");
  const { base, mergeBase } = await baseOf(job, {
    env: { GITHUB_EVENT_NAME: "push", GITHUB_REF: "refs/heads/topic" },
    event: { before: "0".repeat(40), repository: { default_branch: "main" } },
  });
  assert.equal(base, "origin/main");
  assert.equal(mergeBase(), repository.fork);
});

test("a merge queue is compared with what it merges into", async () => {
  const job = jobWithFake();
  checkout(job, repository.url, repository.merge, "refs/remotes/origin/queue");
  const { base, mergeBase } = await baseOf(job, {
    env: { GITHUB_EVENT_NAME: "merge_group" },
    event: { merge_group: { base_sha: repository.target }, repository: { default_branch: "main" } },
  });
  assert.equal(base, repository.target);
  assert.equal(mergeBase(), repository.target);
});

test("a base that is named is fetched: a branch, a commit, or how far back", async () => {
  const cases = [
    ["origin/main", repository.target],
    ["main", repository.target],
    [repository.first, repository.first],
    ["HEAD~2", git(repository.directory, "rev-parse", `${repository.merge}~2`)],
  ];
  for (const [named, commit] of cases) {
    const job = jobWithFake();
    checkout(job, repository.url, repository.merge, "refs/remotes/pull/7/merge");
    const { result, mergeBase } = await baseOf(job, { inputs: { base: named } });
    assert.equal(mergeBase(), commit, `${named}\n${result.log}`);
  }
});

test("what cannot be fetched is a warning, and pgduet's to explain", async () => {
  const job = jobWithFake();
  checkout(job, repository.url, repository.head, "refs/remotes/origin/topic");
  git(job.workspace, "remote", "set-url", "origin", "file:///nowhere");
  const { result, base } = await baseOf(job, { env: onPullRequest });
  assert.equal(result.status, 0, result.log);
  assert.match(result.log, /::warning title=pgduet::could not fetch "origin\/main".*fetch-depth: 0/);
  assert.equal(base, "origin/main");
});

test("a base that looks like an option or a refspec fetches nothing", async () => {
  for (const named of ["--upload-pack=touch owned", "+main:refs/heads/main", "a:b"]) {
    const job = jobWithFake();
    checkout(job, repository.url, repository.merge, "refs/remotes/pull/7/merge");
    const { base } = await baseOf(job, { inputs: { base: named } });
    assert.equal(base, named);
    assert.throws(() => git(job.workspace, "rev-parse", "--verify", "refs/heads/main"));
  }
});

test("outside of a repository pgduet is left to say that there is none", async () => {
  const job = jobWithFake();
  const { result, base } = await baseOf(job, { env: onPullRequest });
  assert.equal(result.status, 0, result.log);
  assert.equal(base, "origin/main");
});
