// Validates JSON files against a JSON Schema (draft 4 or 7, as its "$schema" says).
//
//   node validate_json.mjs SCHEMA FILE...
//
// Exit status: 0 all valid, 1 one is not (says where and why), 2 wrong usage.
import { readFileSync } from "node:fs";
import Ajv from "ajv";
import AjvDraft4 from "ajv-draft-04";
import addFormats from "ajv-formats";

const [schemaFile, ...files] = process.argv.slice(2);
if (!schemaFile || files.length === 0) {
  console.error("usage: node validate_json.mjs SCHEMA FILE...");
  process.exit(2);
}

const read = (file) => JSON.parse(readFileSync(file, "utf8"));
const schema = read(schemaFile);
const Validator = String(schema.$schema).includes("draft-04") ? AjvDraft4.default ?? AjvDraft4 : Ajv.default ?? Ajv;
// Schemas of others have keywords that strict mode warns of, and patterns that only older rules take.
const validator = new Validator({ allErrors: true, strict: false, unicodeRegExp: false });
(addFormats.default ?? addFormats)(validator);
const validate = validator.compile(schema);

let status = 0;
for (const file of files) {
  if (validate(read(file))) continue;
  status = 1;
  for (const error of validate.errors) {
    const what = error.params.additionalProperty ?? error.params.missingProperty ?? "";
    console.error(`${file}: ${error.instancePath || "/"} ${error.message} ${what}`);
  }
}
process.exit(status);
