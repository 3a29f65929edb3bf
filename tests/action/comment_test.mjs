// The sticky comment, against an API of our own.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { after, test } from "node:test";
import { jobWithFake, pullRequest, temporaryDirectory } from "./fixture.mjs";
import { bot, serveApi } from "./github_api.mjs";

const mark = "<!-- pgduet -->";
const ours = { id: 5, body: `${mark}\nold`, user: bot };
const open = [];
after(() => Promise.all(open.map((api) => api.close())));

// Runs the action on pull request 7; returns the result with the API that it spoke to.
async function publish({ fake = { status: 1 }, files = [], inputs, github = pullRequest, env, ...repository } = {}) {
  const api = await serveApi(repository);
  open.push(api);
  const job = jobWithFake(fake);
  for (const file of files) writeFileSync(join(job.workspace, file), "{}");
  const result = await job.run({ inputs, github, env: { GITHUB_API_URL: api.url, ...env } });
  return { result, api, written: api.requests.filter((one) => one.method !== "GET") };
}

test("a finding begins a comment that says what, for which commit and where to read on", async () => {
  const { result, api, written } = await publish();
  assert.deepEqual(written.map((one) => [one.method, one.path]), [["POST", "/repos/them/shop/issues/7/comments"]]);
  assert.equal(result.status, 1);
  const [{ body }] = api.comments;
  assert.ok(body.startsWith(`${mark}\n## the verdict\n`), body);
  assert.match(body, /Commit feedface00 · \[workflow run\]\(https:\/\/github\.example\/them\/shop\/actions\/runs\/4711\)/);
  assert.equal(api.requests[0].token, "Bearer t0ken");
});

test("the next run updates the comment and adds none", async () => {
  const { api, written } = await publish({ fake: { status: 0 }, comments: [structuredClone(ours)] });
  assert.deepEqual(written.map((one) => one.method), ["PATCH"]);
  assert.equal(api.comments.length, 1);
  assert.match(api.comments[0].body, /## the verdict/);
});

test("the comment is found behind hundreds of others", async () => {
  const many = Array.from({ length: 250 }, (_, at) => ({ id: 1000 + at, body: "hm", user: { login: "a", type: "User" } }));
  const { written, api } = await publish({ comments: [...many, structuredClone(ours)] });
  assert.deepEqual(written.map((one) => one.path), ["/repos/them/shop/issues/comments/5"]);
  assert.deepEqual(api.requests.filter((one) => one.method === "GET").map((one) => one.query.page), ["1", "2", "3"]);
});

test("when all passed no comment is begun, unless comments are wanted always", async () => {
  const quiet = { status: 0, counts: '{"passed": 3, "accepted": 1, "skipped": 1}' };
  assert.equal((await publish({ fake: quiet })).written.length, 0);
  assert.equal((await publish({ fake: quiet, inputs: { comment: "true" } })).written.length, 1);
  assert.equal((await publish({ fake: { ...quiet, counts: '{"passed": 3, "improved": 1}' } })).written.length, 1);
  assert.equal((await publish({ fake: { status: 3, errors: "pgduet: disk full\n" } })).written.length, 1);
  assert.equal((await publish({ inputs: { comment: "false" } })).api.requests.length, 0);
});

test("a comment that somebody else began with our marker is left alone", async () => {
  const theirs = { id: 3, body: `${mark}\nmine`, user: { login: "mallory", type: "User" } };
  const { written, api } = await publish({ comments: [structuredClone(theirs)] });
  assert.deepEqual(written.map((one) => one.method), ["POST"]);
  assert.deepEqual(api.comments[0], theirs);
});

test("with a person's token that person's comment is updated", async () => {
  const user = { login: "ci-account", type: "User" };
  const mallory = { id: 3, body: `${mark}\nx`, user: { login: "mallory", type: "User" } };
  const { written } = await publish({ user, comments: [mallory, { id: 4, body: `${mark}\nold`, user }] });
  assert.deepEqual(written.map((one) => one.path), ["/repos/them/shop/issues/comments/4"]);
});

test("two gates of one workflow have a comment each", async () => {
  const { written, api } = await publish({ inputs: { "artifact-name": "pgduet-17" }, comments: [structuredClone(ours)] });
  assert.deepEqual(written.map((one) => one.method), ["POST"]);
  assert.ok(api.comments[1].body.startsWith("<!-- pgduet: pgduet-17 -->\n## the verdict"));
});

test("a token that may not comment is a notice that says what to do, and no failure", async () => {
  for (const forbidden of ["GET", "POST"]) {
    const { result } = await publish({
      fake: { status: 0, counts: '{"changed": 1}' },
      refuse: ({ method }) => method === forbidden && [403, { message: "Resource not accessible by integration" }],
    });
    assert.equal(result.status, 0);
    assert.match(result.log, /^::notice title=pgduet::.*\(403 Resource not accessible by integration\).*pull-requests: write/m);
    assert.match(result.summary, /## the verdict/);
    assert.ok(!result.log.includes("::warning"));
  }
});

test("a server that is out of order is asked again, and then a warning", async () => {
  let failures = 2;
  const recovered = await publish({
    comments: [structuredClone(ours)],
    refuse: ({ method }) => method === "PATCH" && failures-- > 0 && [502, { message: "bad gateway" }],
  });
  assert.equal(recovered.written.length, 3);
  assert.match(recovered.api.comments[0].body, /## the verdict/);
  const limited = await publish({ refuse: () => [429, { message: "You have exceeded a secondary rate limit" }] });
  assert.equal(limited.api.requests.length, 3);
  assert.match(limited.result.log, /^::warning title=pgduet::could not comment.*429 You have exceeded/m);
  assert.equal(limited.result.status, 1);
});

test("a comment whose fate is unknown is not posted twice", async () => {
  const { written, result } = await publish({ refuse: ({ method }) => method === "POST" && [500, { message: "oops" }] });
  assert.equal(written.length, 1);
  assert.match(result.log, /::warning title=pgduet::could not comment.*500 oops/);
});

test("an answer that is none ends in a warning and no second comment", async () => {
  const comments = "/repos/them/shop/issues/7/comments";
  for (const [asked, answer] of [
    [comments, "<html>maintenance</html>"],
    [comments, ""],
    [comments, '{"message": "later"}'],
    ["/user", "<html>maintenance</html>"],
  ]) {
    const { written, result } = await publish({
      comments: [{ id: 4, body: `${mark}\nx`, user: { login: "somebody", type: "User" } }],
      refuse: ({ path }) => path === asked && [200, answer],
    });
    assert.equal(written.length, 0);
    assert.match(result.log, /::warning title=pgduet::could not comment.*200/);
    assert.equal(result.status, 1);
  }
});

test("a comment without a text hides none", async () => {
  const empty = { id: 4, body: null, user: { login: "somebody", type: "User" } };
  const { written } = await publish({ comments: [empty, structuredClone(ours)] });
  assert.deepEqual(written.map((one) => one.path), ["/repos/them/shop/issues/comments/5"]);
});

test("a server that is not there is a warning", async () => {
  const { result } = await publish({ env: { GITHUB_API_URL: "http://127.0.0.1:1" } });
  assert.equal(result.status, 1);
  assert.match(result.log, /::warning title=pgduet::could not comment.*000/);
});

test("the token is in no log and in no list of processes", async () => {
  const directory = temporaryDirectory();
  const spy = `#!/bin/sh\nPATH=\${PATH#*:}\necho "$@" >>${directory}/arguments\nexec curl "$@"\n`;
  writeFileSync(join(directory, "curl"), spy, { mode: 0o755 });
  const { result, written } = await publish({
    inputs: { token: "s3cret" },
    env: { PATH: directory + delimiter + process.env.PATH },
  });
  assert.equal(written[0].token, "Bearer s3cret");
  assert.match(readFileSync(join(directory, "arguments"), "utf8"), /--request POST/);
  assert.ok(!readFileSync(join(directory, "arguments"), "utf8").includes("s3cret"));
  assert.ok(!result.log.includes("s3cret"));
});

test("a push has no pull request to comment on", async () => {
  const { api } = await publish({ github: { event: { before: "1".repeat(40) } }, env: { GITHUB_EVENT_NAME: "push" } });
  assert.equal(api.requests.length, 0);
});

const head = pullRequest.event.pull_request.head.sha;
const fork = { full_name: "mallory/shop", owner: { login: "mallory" } };
const workflowRun = {
  event: {
    workflow_run: {
      head_sha: head,
      head_branch: "patch-1&state=all",
      head_repository: fork,
      html_url: "https://github.example/them/shop/actions/runs/99",
    },
  },
};
const pull = { number: 7, label: "mallory:patch-1&state=all", head: { sha: head, repo: { full_name: fork.full_name } } };
const ofFork = (pulls, { fake = { status: 1 }, files = ["record.json"], refuse } = {}) =>
  publish({
    fake,
    files,
    pulls,
    refuse,
    github: workflowRun,
    inputs: { report: "record.json" },
    env: { GITHUB_EVENT_NAME: "workflow_run" },
  });

test("the second workflow comments on the pull request whose newest commit was run", async () => {
  const { result, api, written } = await ofFork([{ ...pull, number: 6, head: { ...pull.head, sha: "0".repeat(40) } }, pull]);
  assert.deepEqual(written.map((one) => one.path), ["/repos/them/shop/issues/7/comments"]);
  assert.match(api.comments[0].body, /Commit feedface00 · \[workflow run\]\(https:\/\/github\.example\/them\/shop\/actions\/runs\/99\)/);
  assert.equal(result.status, 0, "the verdict was that of the first workflow");
  assert.ok(!result.step("Upload the reports").ran);
});

test("a run that a newer commit has overtaken, or of another fork, is not shown", async () => {
  for (const other of [
    { ...pull, head: { ...pull.head, sha: "0".repeat(40) } },
    { ...pull, head: { ...pull.head, repo: { full_name: "somebody/shop" } } },
    { ...pull, head: { ...pull.head, repo: null } },
  ]) {
    const { written, result } = await ofFork([other]);
    assert.equal(written.length, 0);
    assert.match(result.log, /::notice title=pgduet::no open pull request has the commit feedface00/);
  }
});

test("where two pull requests share a head, neither is given the other's report", async () => {
  const { written, result } = await ofFork([pull, { ...pull, number: 8 }]);
  assert.equal(written.length, 0);
  assert.match(result.log, /::notice title=pgduet::several pull requests/);
});

test("where the pull request cannot be read there is a warning", async () => {
  const { written, result } = await ofFork([pull], { refuse: () => [200, "<html>maintenance</html>"] });
  assert.equal(written.length, 0);
  assert.match(result.log, /::warning title=pgduet::could not comment.*200/);
});

test("a run record that cannot be read fails the second workflow", async () => {
  const { result } = await ofFork([pull], { fake: { status: 2, errors: "pgduet: record.json: not a run record\n" } });
  assert.equal(result.status, 2);
});

test("of a run that left no record the pull request is told so", async () => {
  const { result, api } = await ofFork([pull], { fake: {}, files: [] });
  assert.equal(result.status, 0, "the first workflow failed");
  assert.match(api.comments[0].body, /could not measure\n\n {4}pgduet: the workflow run ended without a run record/);
});
