// The Action with the real program and a real server, on a pull request that drops an index.
import assert from "node:assert/strict";
import { chmodSync, cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { checkout, copyAction, git, pullRequest, temporaryDirectory } from "./fixture.mjs";
import { serveApi } from "./github_api.mjs";
import { makeJob, runAction } from "./runner.mjs";

const program = process.env.PGDUET_PROGRAM;

const table = `CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL, note text NOT NULL);
INSERT INTO orders SELECT n, n % 2000, repeat('x', 100) FROM generate_series(1, 40000) n;
`;
const index = "CREATE INDEX orders_customer_id_idx ON orders (customer_id);\n";
const query = `-- name: orders_of_customer
SELECT id, note FROM orders WHERE customer_id = 42 ORDER BY id;

-- name: order_of_id
SELECT note FROM orders WHERE id = 42;
`;

// A pull request as GitHub serves it: main with the index, and the merge of a branch without.
function makePullRequest() {
  const directory = temporaryDirectory();
  chmodSync(directory, 0o755);
  git(directory, "init", "--quiet");
  git(directory, "config", "uploadpack.allowAnySHA1InWant", "true");
  const workload = join(directory, "workloads/shop");
  for (const part of ["setup", "queries"]) mkdirSync(join(workload, part), { recursive: true });
  const description = { format_version: 1, name: "shop", setup: [{ sql: "setup/*.sql" }], queries: ["queries/*.sql"] };
  writeFileSync(join(workload, "workload.json"), JSON.stringify(description));
  writeFileSync(join(workload, "queries/orders.sql"), query);
  const commit = (setup, message) => {
    writeFileSync(join(workload, "setup/001.sql"), setup);
    git(directory, "add", "--all");
    git(directory, "commit", "--quiet", "-m", message);
  };
  commit(table + index, "an index");
  git(directory, "checkout", "--quiet", "-b", "topic");
  commit(table, "nobody uses it");
  git(directory, "checkout", "--quiet", "main");
  git(directory, "merge", "--quiet", "--no-ff", "-m", "merge", "topic");
  return { url: `file://${directory}`, merge: git(directory, "rev-parse", "HEAD") };
}

// The repository of the Action, whose launcher takes what the build of these tests made.
function makeActionRepository() {
  const built = dirname(dirname(program));
  return copyAction((repository) => `#!/bin/sh
mkdir -p ${repository}/build/release/bin ${repository}/build/release/lib
cp ${program} ${repository}/build/release/bin/pgduet
cp -r ${built}/lib/pgduet ${repository}/build/release/lib/
`);
}

let pull, repository, api, cache;
before(async () => {
  pull = makePullRequest();
  repository = makeActionRepository();
  api = await serveApi();
  cache = temporaryDirectory();
  chmodSync(cache, 0o755); // as root, servers run as another user
});
after(() => api?.close());

async function run({ inputs, github = pullRequest, fill = () => {}, upload = () => {} } = {}) {
  const directory = temporaryDirectory();
  chmodSync(directory, 0o755);
  const job = makeJob(directory);
  checkout(job, pull.url, pull.merge, "refs/remotes/pull/7/merge");
  fill(job.workspace);
  return runAction({
    job,
    inputs,
    github,
    env: {
      GITHUB_ACTION_PATH: join(repository, ".github/actions/pgduet"),
      GITHUB_BASE_REF: "main",
      GITHUB_SHA: pull.merge,
      GITHUB_API_URL: api.url,
      PGDUET_CACHE_DIR: cache,
      // Compilers of the tests may need their sanitizers' options.
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(PG|[ALU]+SAN_)/.test(name))),
    },
    uses: { "actions/upload-artifact": ({ path }) => upload(path) },
  });
}

test("a pull request that drops an index is stopped, with the reason everywhere", async () => {
  let uploaded = [];
  let record;
  const result = await run({
    upload: (path) => {
      uploaded = readdirSync(path);
      record = join(temporaryDirectory(), "record.json");
      cpSync(join(path, "record.json"), record);
    },
  });
  assert.equal(result.status, 1, result.log);
  assert.deepEqual(uploaded.sort(), ["junit.xml", "record.json", "report.html", "report.json", "report.md", "report.sarif"]);
  assert.match(result.log, /^::error [^\n]*file=workloads\/shop\/queries\/orders\.sql[^\n]*line=1/m);
  assert.match(result.summary, /orders_of_customer/);
  assert.match(result.summary, /orders_customer_id_idx/);
  assert.equal(api.comments.length, 1);
  assert.ok(api.comments[0].body.startsWith("<!-- pgduet -->\n"), api.comments[0].body);
  assert.match(api.comments[0].body, /orders_of_customer/);
  assert.ok(result.step("Keep the databases").ran);

  const again = await run({
    inputs: { report: "record.json" },
    fill: (workspace) => cpSync(record, join(workspace, "record.json")),
  });
  assert.equal(again.status, 0, again.log);
  assert.equal(api.comments.length, 1, "the same comment");
  assert.match(again.summary, /orders_customer_id_idx/);
});

test("two shards and their merge come to the same verdict, and one is not enough", async () => {
  const shards = temporaryDirectory();
  for (const shard of ["1/2", "2/2"]) {
    const part = await run({ inputs: { shard }, upload: (path) => cpSync(path, shards, { recursive: true }) });
    assert.equal(part.status, 0, part.log);
  }
  assert.deepEqual(readdirSync(shards).sort(), ["shard-1-of-2.json", "shard-2-of-2.json"]);
  const merge = () =>
    run({ inputs: { merge: "shards" }, fill: (workspace) => cpSync(shards, join(workspace, "shards"), { recursive: true }) });
  const whole = await merge();
  assert.equal(whole.status, 1, whole.log);
  assert.match(whole.summary, /orders_customer_id_idx/);
  rmSync(join(shards, "shard-1-of-2.json"));
  const half = await merge();
  assert.equal(half.status, 3, half.log);
});
