// Runs a composite action as GitHub's runner does: what action.yml says is what is executed. Steps that
// use other actions are answered by `uses`, and GitHub's environment files lie in a directory of the run.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expressions, parseYaml } from "./packages.mjs";

const { Evaluator, Lexer, Parser, data } = expressions;

export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
export const actionDirectory = join(root, ".github/actions/pgduet");
export const action = parseYaml(readFileSync(join(actionDirectory, "action.yml"), "utf8"));

const toData = (value) => JSON.parse(JSON.stringify(value), data.reviver);

function functions(state) {
  const bool = (value) => () => new data.BooleanData(value);
  return [
    ["success", () => bool(!state.failed)],
    ["failure", () => bool(state.failed)],
    ["always", () => bool(true)],
    ["cancelled", () => bool(false)],
  ].map(([name, make]) => ({ name, minArgs: 0, maxArgs: 0, call: make() }));
}

function evaluate(text, contexts, state) {
  const known = functions(state);
  const tokens = new Lexer(text).lex().tokens;
  const tree = new Parser(tokens, Object.keys(contexts), known).parse();
  const byName = new Map(known.map((one) => [one.name, one]));
  return new Evaluator(tree, toData(contexts), byName).evaluate();
}

const isTrue = (value) => !["", "false", "0", "null"].includes(value.coerceString());

// "a ${{ b }} c" with every expression in its place.
const interpolate = (text, contexts, state) =>
  String(text).replace(/\$\{\{(.*?)\}\}/gs, (_, inner) =>
    evaluate(inner.trim(), contexts, state).coerceString(),
  );

function runs(step, contexts, state) {
  if (step.if === undefined) return !state.failed;
  const text = String(step.if).replace(/^\s*\$\{\{(.*)\}\}\s*$/s, "$1").trim();
  const names = /\b(success|failure|always|cancelled)\s*\(/;
  return (names.test(text) || !state.failed) && isTrue(evaluate(text, contexts, state));
}

// name=value, and name<<END ... END.
function readOutputs(file) {
  const outputs = {};
  const lines = readFileSync(file, "utf8").split("\n");
  for (let at = 0; at < lines.length; ++at) {
    const several = /^([^=]+?)<<(.+)$/.exec(lines[at]);
    if (several) {
      const end = lines.indexOf(several[2], at + 1);
      outputs[several[1]] = lines.slice(at + 1, end).join("\n");
      at = end;
    } else if (lines[at].includes("=")) {
      const equals = lines[at].indexOf("=");
      outputs[lines[at].slice(0, equals)] = lines[at].slice(equals + 1);
    }
  }
  return outputs;
}

export function execute(command, { env, cwd, onOutput }) {
  return new Promise((settle) => {
    const child = spawn(command[0], command.slice(1), { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const add = (chunk) => {
      output += chunk;
      onOutput?.(output, child);
    };
    child.stdout.on("data", add);
    child.stderr.on("data", add);
    child.on("close", (status, signal) => settle({ status: status ?? 128, signal, output }));
  });
}

// Makes what a job of GitHub's has: a workspace, a temporary directory, files for outputs and summary.
export function makeJob(directory) {
  const job = {
    workspace: join(directory, "workspace"),
    temp: join(directory, "temp"),
    home: join(directory, "home"),
    summary: join(directory, "summary"),
  };
  for (const one of [job.workspace, job.temp, job.home]) mkdirSync(one, { recursive: true });
  writeFileSync(job.summary, "");
  return job;
}

// Runs the action in `job`. `github` is the context, with the event; `uses` maps "actions/cache/save" to
// a function of its inputs that returns its outputs, or throws. Returns the exit status of the job's
// step, the log, the action's outputs, and what each step was given.
export async function runAction({ job, inputs = {}, github = {}, env = {}, uses = {}, onOutput }) {
  for (const name of Object.keys(inputs)) {
    if (!(name in action.inputs)) throw new Error(`the action has no input "${name}"`);
  }
  const state = { failed: false };
  const contexts = { github: { token: "t0ken", event: {}, ...github }, inputs: {}, steps: {} };
  for (const [name, input] of Object.entries(action.inputs)) {
    contexts.inputs[name] = inputs[name] ?? interpolate(input.default ?? "", contexts, state);
  }
  const result = { status: 0, log: "", steps: [] };
  for (const [index, step] of action.runs.steps.entries()) {
    const ran = runs(step, contexts, state);
    const report = { name: step.name, ran };
    result.steps.push(report);
    if (!ran) continue;
    const values = (table) =>
      Object.fromEntries(
        Object.entries(table ?? {}).map(([key, text]) => [key, interpolate(text, contexts, state)]),
      );
    let outputs = {};
    let status = 0;
    if (step.uses !== undefined) {
      report.with = values(step.with);
      try {
        outputs = uses[step.uses.replace(/@.*/, "")]?.(report.with) ?? {};
      } catch (error) {
        result.log += `${error.message}\n`;
        status = 1;
      }
    } else {
      const outputFile = join(job.temp, `_output_${index}`);
      const script = join(job.temp, `_step_${index}.sh`);
      writeFileSync(outputFile, "");
      writeFileSync(script, step.run);
      report.env = values(step.env);
      const done = await execute(["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script], {
        cwd: job.workspace,
        onOutput,
        env: {
          PATH: process.env.PATH,
          HOME: job.home,
          LANG: "C.UTF-8",
          CI: "true",
          GITHUB_ACTIONS: "true",
          GITHUB_ACTION_PATH: actionDirectory,
          GITHUB_WORKSPACE: job.workspace,
          GITHUB_OUTPUT: outputFile,
          GITHUB_STEP_SUMMARY: job.summary,
          GITHUB_EVENT_NAME: "pull_request",
          GITHUB_REPOSITORY: "them/shop",
          GITHUB_REF: "refs/pull/7/merge",
          GITHUB_SHA: "0123456789abcdef0123456789abcdef01234567",
          GITHUB_RUN_ID: "4711",
          GITHUB_SERVER_URL: "https://github.example",
          GITHUB_API_URL: "http://127.0.0.1:1",
          RUNNER_TEMP: job.temp,
          PGDUET_RETRY_SECONDS: "0",
          ...env,
          ...report.env,
        },
      });
      report.output = done.output;
      result.log += done.output;
      status = done.status;
      outputs = readOutputs(outputFile);
    }
    report.status = status;
    if (step.id) contexts.steps[step.id] = { outputs };
    if (status !== 0 && step["continue-on-error"] !== true) {
      state.failed = true;
      result.status ||= status;
    }
  }
  result.outputs = Object.fromEntries(
    Object.entries(action.outputs).map(([name, one]) => [name, interpolate(one.value, contexts, state)]),
  );
  result.step = (name) => result.steps.find((one) => one.name === name);
  result.summary = existsSync(job.summary) ? readFileSync(job.summary, "utf8") : "";
  return result;
}
