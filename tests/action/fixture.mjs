// A job with the fake program, and what the tests of the Action ask of it.
import { mkdirSync, mkdtempSync, readFileSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { makeJob, root, runAction } from "./runner.mjs";

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
