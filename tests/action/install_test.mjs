// How pgduet gets to a runner. Compilers and package managers are fakes: what the steps ask of them, and
// what they make of the answers, is what is tested.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { copyAction, jobWithFake, temporaryDirectory } from "./fixture.mjs";
import { root } from "./runner.mjs";

// A copy of the action in a repository whose launcher "builds" a small program.
function makeRepository() {
  const repository = copyAction((directory) => `#!/usr/bin/env bash
echo built >>"$FAKE_DIRECTORY/builds"
printf '%s' "$LDFLAGS" >"$FAKE_DIRECTORY/flags"
mkdir -p ${directory}/build/release/bin ${directory}/build/release/lib/pgduet/preload
touch ${directory}/build/release/lib/pgduet/preload/fixed_random.so
cp ${root}/tests/action/fake_pgduet ${directory}/build/release/bin/pgduet
`);
  mkdirSync(join(repository, "gate"));
  writeFileSync(join(repository, "gate/judge.cc"), "int main() {}\n");
  return repository;
}

// ldd, which the fake program is none for: two libraries, of which one comes with the system.
function fakeTools(job) {
  const tools = temporaryDirectory();
  writeFileSync(join(job.fake, "libpqxx-7.8.so"), "a library");
  const lines = [
    "linux-vdso.so.1 (0x00007ffd)",
    `libpqxx-7.8.so => ${job.fake}/libpqxx-7.8.so (0x00007f)`,
    "libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)",
  ];
  writeFileSync(join(tools, "ldd"), `#!/bin/sh\nprintf '\\t%s\\n' '${lines.join("' '")}'\n`, { mode: 0o755 });
  return tools;
}

async function install(repository, { job = jobWithFake(), inputs } = {}) {
  const result = await job.run({
    inputs: { program: "", server: "postgresql://somewhere/postgres", ...inputs },
    env: {
      GITHUB_ACTION_PATH: join(repository, ".github/actions/pgduet"),
      PATH: fakeTools(job) + delimiter + process.env.PATH,
    },
  });
  return { job, result, kept: result.step("Keep the built program") };
}

test("the program is built once, packed with its libraries, and kept", async () => {
  const repository = makeRepository();
  const first = await install(repository);
  assert.equal(first.result.status, 0, first.result.log);
  assert.ok(first.kept.ran);
  const { path, key } = first.kept.with;
  assert.deepEqual(readdirSync(path).sort(), ["bin", "lib"]);
  assert.deepEqual(readdirSync(join(path, "lib")), ["libpqxx-7.8.so", "pgduet"]);
  assert.ok(path.endsWith(key));
  assert.match(first.job.noted("flags"), /-rpath,'\$ORIGIN\/\.\.\/lib'/);
  const second = await install(repository, { job: first.job });
  assert.equal(second.job.noted("builds"), "built\n");
  assert.ok(!second.kept.ran);
});

test("another version of the sources is another program, another text is not", async () => {
  const repository = makeRepository();
  const keyNow = async () => (await install(repository)).result.step("Restore the built program").with.key;
  const key = await keyNow();
  writeFileSync(join(repository, "README.md"), "words");
  mkdirSync(join(repository, "tests"));
  writeFileSync(join(repository, "tests/run"), "tests");
  assert.equal(await keyNow(), key);
  writeFileSync(join(repository, "gate/judge.cc"), "int main() { return 1; }\n");
  assert.notEqual(await keyNow(), key);
});

test("a restored program that does not start is built anew", async () => {
  const repository = makeRepository();
  const { job, kept } = await install(repository);
  writeFileSync(join(kept.with.path, "bin/pgduet"), "#!/bin/sh\nexit 127\n");
  const again = await install(repository, { job });
  assert.equal(again.result.status, 0, again.result.log);
  assert.equal(job.noted("builds"), "built\nbuilt\n");
});

test("a build that fails ends the job with its reason and measures nothing", async () => {
  const repository = makeRepository();
  writeFileSync(join(repository, "pgduet"), "#!/bin/sh\necho 'pgduet: could not build' >&2\nexit 3\n", { mode: 0o755 });
  const { job, result } = await install(repository);
  assert.equal(result.status, 3);
  assert.match(result.log, /pgduet: could not build\n::error title=pgduet::could not build pgduet/);
  assert.ok(!existsSync(join(job.fake, "arguments")));
});

test("a program that cannot be packed whole is not kept", async () => {
  const repository = makeRepository();
  const launcher = join(repository, "pgduet");
  writeFileSync(launcher, readFileSync(launcher, "utf8").replaceAll("lib/pgduet", "lib/other"));
  const { result, kept } = await install(repository);
  assert.equal(result.status, 3);
  assert.match(result.log, /lib\/pgduet[^\n]*\n::error title=pgduet::could not build pgduet/);
  assert.ok(!kept.ran);
});

test("an installed program is used as it is", async () => {
  const { job, result } = await install(makeRepository(), { inputs: { program: join(root, "tests/action/fake_pgduet") } });
  assert.equal(result.status, 0, result.log);
  assert.equal(job.noted("builds"), "");
  assert.ok(!result.step("Restore the built program").ran);
  assert.equal(readFileSync(join(job.fake, "arguments"), "utf8").split("\0")[0], "check");
});
