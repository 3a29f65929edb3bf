// A job with the fake program, and what the tests of the Action ask of it.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { actionDirectory, makeJob, root, runAction } from "./runner.mjs";

const directories = [];
after(() => directories.forEach((one) => rmSync(one, { recursive: true, force: true })));

export function temporaryDirectory() {
  const directory = mkdtempSync(join(tmpdir(), "pgduet-action-"));
  directories.push(directory);
  return directory;
}

// `fake` is what the fake program is to do, see there.
export function jobWithFake(fake = {}) {
  const directory = temporaryDirectory();
  const job = { ...makeJob(directory), fake: join(directory, "fake") };
  mkdirSync(job.fake);
  mkdirSync(join(job.workspace, "workloads/shop"), { recursive: true });
  writeFileSync(join(job.workspace, "workloads/shop/workload.json"), "{}");
  for (const [name, text] of Object.entries(fake)) writeFileSync(join(job.fake, name), String(text));

  const noted = (name) => {
    const file = join(job.fake, name);
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  };
  job.noted = noted;
  job.arguments = () => noted("arguments").split("\0").slice(0, -1);
  job.run = ({ inputs, env, ...others } = {}) =>
    runAction({
      job,
      inputs: { program: join(root, "tests/action/fake_pgduet"), ...inputs },
      // For root it would be the machine's own.
      env: { FAKE_DIRECTORY: job.fake, PGDUET_CACHE_DIR: join(job.home, "cache"), ...env },
      ...others,
    });
  return job;
}

// The event of a pull request, as the context "github" has it.
export const pullRequest = {
  event: { pull_request: { number: 7, head: { sha: "feedface00112233445566778899aabbccddeeff" } } },
};

// A copy of the Action in a repository of its own, with a launcher of which `launcher` makes the text.
export function copyAction(launcher) {
  const repository = temporaryDirectory();
  cpSync(actionDirectory, join(repository, ".github/actions/pgduet"), { recursive: true });
  cpSync(join(root, ".ci/machine.sh"), join(repository, ".ci/machine.sh"));
  writeFileSync(join(repository, "pgduet"), launcher(repository), { mode: 0o755 });
  return repository;
}

const identity = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false"];
const quietly = { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null" } };

export function git(directory, ...args) {
  return execFileSync("git", [...identity, "-C", directory, ...args], quietly).trim();
}

// Makes the job's workspace a clone of one commit, as actions/checkout without inputs does.
export function checkout(job, url, commit, ref) {
  rmSync(job.workspace, { recursive: true });
  mkdirSync(job.workspace);
  git(job.workspace, "init", "--quiet");
  git(job.workspace, "remote", "add", "origin", url);
  git(job.workspace, "fetch", "--quiet", "--no-tags", "--depth=1", "origin", `+${commit}:${ref}`);
  git(job.workspace, "checkout", "--quiet", "--detach", commit);
}
