// The steps of the Action with a fake program: what they run, keep, publish, and how they end.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { jobWithFake, pullRequest } from "./fixture.mjs";

test("without inputs it checks, uploads the reports and passes", async () => {
  const job = jobWithFake();
  let uploaded;
  const result = await job.run({
    uses: {
      "actions/upload-artifact": ({ path }) => {
        uploaded = readdirSync(path).sort();
        return { "artifact-url": "https://github.example/artifact" };
      },
    },
  });
  assert.equal(result.status, 0, result.log);
  assert.equal(job.arguments()[0], "check");
  assert.deepEqual(uploaded, ["junit.xml", "record.json", "report.html", "report.json", "report.md", "report.sarif"]);
  assert.equal(result.step("Upload the reports").with.name, "pgduet");
  assert.equal(result.outputs.outcome, "passed");
  assert.equal(result.outputs["exit-status"], "0");
  assert.equal(result.outputs["artifact-url"], "https://github.example/artifact");
  for (const name of ["summary", "html", "junit", "record"]) assert.ok(existsSync(result.outputs[name]), name);
});

test("a verdict that fails is published before it fails the job", async () => {
  const result = await jobWithFake({ status: 1 }).run();
  assert.equal(result.status, 1);
  assert.equal(result.outputs.outcome, "failed");
  assert.match(result.summary, /## the verdict/);
  assert.match(result.log, /^::error file=workloads\/shop\/queries\/orders\.sql,line=3::slower$/m);
  assert.ok(result.step("Upload the reports").ran);
});

test("with fail: false the outcome is told and the job passes", async () => {
  const result = await jobWithFake({ status: 1 }).run({ inputs: { fail: "false" } });
  assert.equal(result.status, 0);
  assert.equal(result.outputs.outcome, "failed");
});

test("a step that cannot publish does not change the verdict", async () => {
  const refuse = () => {
    throw new Error("no");
  };
  for (const status of [0, 1]) {
    const result = await jobWithFake({ status }).run({
      inputs: { sarif: "true" },
      uses: {
        "actions/upload-artifact": refuse,
        "github/codeql-action/upload-sarif": refuse,
        "actions/cache/save": refuse,
        "actions/cache/restore": refuse,
      },
    });
    assert.equal(result.status, status);
    assert.match(result.summary, /## the verdict/);
  }
});

test("where pgduet could not begin, its message is the report", async () => {
  const message = "pgduet: workloads: there is no workload here\n  hint: Name one. </pre> ```\n";
  const result = await jobWithFake({ status: 2, errors: `building\n${message}` }).run();
  assert.equal(result.status, 2);
  assert.equal(result.outputs.outcome, "error");
  assert.match(result.summary, /could not measure\n\n {4}pgduet: workloads: there is no workload here\n {6}hint/);
  assert.match(result.log, /^::error title=pgduet::pgduet: workloads: there is no workload here%0A {2}hint/m);
});

test("a message of any length is shortened and not lost", async () => {
  const result = await jobWithFake({ status: 2, errors: `pgduet: ${"é".repeat(100000)}\n` }).run();
  assert.equal(result.status, 2);
  assert.match(result.summary, /could not measure\n\n {4}pgduet: é{19000}/);
});

test("what queries print is no command to the runner", async () => {
  const result = await jobWithFake({ console: "x\n  ::stop-commands::mine\n::warning::mine\n" }).run();
  const log = result.step("Check").output;
  const [, token] = /^::stop-commands::([0-9a-f]{32})$/m.exec(log);
  assert.ok(log.indexOf("::warning::mine") > log.indexOf(token));
  assert.ok(log.indexOf(`\n::${token}::\n`) > log.indexOf("::warning::mine"));
  assert.ok(log.indexOf("::error file=") > log.indexOf(`\n::${token}::\n`));
});

test("inputs become arguments, word by word, and are expanded by nobody", async () => {
  const job = jobWithFake();
  const nasty = "$(touch owned) `touch owned` ; touch owned";
  const result = await job.run({
    inputs: {
      workloads: "workloads/shop 'work loads/*'",
      baselines: nasty,
      base: "none",
      args: `--only 'orders_*' --all "two words" \\$HOME *`,
    },
  });
  assert.equal(result.status, 0, result.log);
  const given = job.arguments();
  assert.deepEqual(given.slice(0, 3), ["check", "workloads/shop", "work loads/*"]);
  assert.equal(given[given.indexOf("--baselines") + 1], nasty);
  assert.ok(given.includes("--base=none"));
  const only = given.indexOf("--only");
  assert.deepEqual(given.slice(only, only + 6), ["--only", "orders_*", "--all", "two words", "$HOME", "*"]);
  assert.ok(!existsSync(join(job.workspace, "owned")));
});

test("a part of a repository is named from its root, as annotations have to be", async () => {
  const job = jobWithFake();
  execFileSync("git", ["init", "--quiet", job.workspace]);
  mkdirSync(join(job.workspace, "backend/db"), { recursive: true });
  const inputs = { "working-directory": "backend/db", workloads: "shop /elsewhere/metrics" };
  await job.run({ inputs });
  const expected = ["check", "backend/db/shop", "/elsewhere/metrics", "--baselines", "backend/db/baselines"];
  assert.deepEqual(job.arguments().slice(0, 5), expected);
});

test("a major version of PostgreSQL that is there is the one to run on", async (context) => {
  const [major] = existsSync("/usr/lib/postgresql") ? readdirSync("/usr/lib/postgresql") : [];
  if (!major) return context.skip("no server is installed as Debian installs them");
  const job = jobWithFake();
  const result = await job.run({ inputs: { "postgres-version": major } });
  assert.equal(result.status, 0, result.log);
  assert.equal(job.arguments()[job.arguments().indexOf("--head-pg") + 1], major);
});

test("a base among the arguments is the only one", async () => {
  for (const args of ["--base main", "--base=main", "--base-dir ../old"]) {
    const job = jobWithFake();
    await job.run({ inputs: { args }, env: { GITHUB_BASE_REF: "main" } });
    assert.equal(job.arguments().filter((one) => /^--base(-dir)?(=|$)/.test(one)).length, 1, args);
  }
});

test("a server's URL is in the environment and in no list of processes", async () => {
  const job = jobWithFake();
  const server = "postgresql://postgres:secret@localhost:5432/postgres";
  const result = await job.run({ inputs: { server } });
  assert.ok(!job.noted("arguments").includes("secret"));
  assert.match(job.noted("environment"), /^PGDUET_SERVER=postgresql:\/\/postgres:secret@/m);
  assert.ok(!result.step("Restore the databases").ran);
  assert.ok(!result.step("Keep the databases").ran);
});

test("an input that cannot be is refused, with what it can be", async () => {
  const cases = [
    [{ comment: "maybe" }, /input "comment" is "maybe"; it can be "auto" "true" "false"/],
    [{ shard: "2" }, /input "shard" is "2"; it is written as "2\/8"/],
    [{ shard: "1/2", merge: "shards" }, /only one can be given/],
    [{ "artifact-name": "a/../b" }, /input "artifact-name" is "a\/..\/b"/],
    [{ "working-directory": "nowhere" }, /there is no directory "nowhere"/],
    [{ "postgres-version": "16.4" }, /it is a major version, as 17/],
    [{ args: "--only 'orders" }, /input "args" has a quote that does not end/],
    [{ workloads: '"shop' }, /input "workloads" has a quote that does not end/],
    [{ program: "/nowhere/pgduet" }, /there is no program "\/nowhere\/pgduet"/],
  ];
  for (const [inputs, message] of cases) {
    const result = await jobWithFake().run({ inputs });
    assert.equal(result.status, 2, JSON.stringify(inputs));
    assert.match(result.log, new RegExp(`^::error title=pgduet::.*${message.source}`, "m"));
    assert.ok(!result.step("Verdict").ran);
  }
});

test("databases are restored by the workloads' contents and kept by what was built", async () => {
  const keys = async (change = () => {}, restored = "") => {
    const job = jobWithFake({ entry: "hash1" });
    change(job);
    const result = await job.run({
      uses: { "actions/cache/restore": () => ({ "cache-matched-key": restored }) },
    });
    const { key, "restore-keys": fallback } = result.step("Restore the databases").with;
    return { key, fallback, kept: result.step("Keep the databases").with?.key };
  };
  const first = await keys();
  assert.ok(first.key.startsWith(first.fallback));
  assert.ok(first.kept.startsWith(first.key));
  assert.deepEqual(await keys(), first, "the same files give the same keys");
  assert.equal((await keys(() => {}, first.kept)).kept, undefined, "nothing new to keep");
  const edited = await keys((job) => writeFileSync(join(job.workspace, "workloads/shop/q.sql"), "SELECT 1"));
  assert.notEqual(edited.key, first.key);
  assert.equal(edited.fallback, first.fallback);
  const rebuilt = await keys((job) => writeFileSync(join(job.fake, "entry"), "hash2"));
  assert.equal(rebuilt.key, first.key);
  assert.notEqual(rebuilt.kept, first.kept);
});

test("with cache: false nothing is restored or kept", async () => {
  const result = await jobWithFake().run({ inputs: { cache: "false" } });
  for (const step of result.steps.filter((one) => /Restore|Keep/.test(one.name))) assert.ok(!step.ran, step.name);
});

test("a shard leaves its run record, and its verdict to the merge", async () => {
  for (const [status, expected] of [[0, 0], [1, 0], [3, 3]]) {
    const job = jobWithFake({ status });
    let uploaded;
    const result = await job.run({
      inputs: { shard: "2/8" },
      github: pullRequest,
      uses: { "actions/upload-artifact": ({ path }) => (uploaded = readdirSync(path), {}) },
    });
    assert.equal(result.status, expected, result.log);
    assert.deepEqual(uploaded, ["shard-2-of-8.json"]);
    assert.equal(result.step("Upload the reports").with.name, "pgduet-shard-2-of-8");
    assert.deepEqual(job.arguments().slice(-4), ["--shard", "2/8", "--report", "console"]);
    assert.equal(result.summary, "");
    assert.ok(!result.step("Publish").ran);
    assert.ok(!result.log.includes("::error file="));
  }
});

test("a merge reads the records of all shards and publishes as a check does", async () => {
  const job = jobWithFake({ status: 1 });
  mkdirSync(join(job.workspace, "shards"));
  const result = await job.run({ inputs: { merge: "shards" } });
  assert.equal(result.status, 1);
  assert.deepEqual(job.arguments().slice(0, 2), ["merge", join(job.workspace, "shards")]);
  assert.match(result.summary, /## the verdict/);
  assert.match(result.log, /::error file=/);
  assert.ok(!result.step("Restore the databases").ran);
});

test("a job that is cancelled lets pgduet put its databases away", async () => {
  const job = jobWithFake({ wait: 1 });
  let sent = false;
  const result = await job.run({
    onOutput: (output, child) => {
      if (sent || !output.includes("waiting")) return;
      sent = true;
      child.kill("SIGINT");
    },
  });
  assert.equal(job.noted("interrupted"), "interrupted\n");
  assert.notEqual(result.status, 0);
});
