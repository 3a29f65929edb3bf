// Reads metrics in Prometheus' text format with a parser of others, and asks what node_exporter's
// textfile collector asks of a file: gauges with a help, no timestamps, no sample twice.
//
//   node read_prometheus.mjs METRICS [BENCHMARK]
//
// BENCHMARK is the same report as Google Benchmark's JSON: it has to name the same queries.
//
// Exit status: 0 all is well, 1 something is not (says what), 2 wrong usage.
import { readFileSync } from "node:fs";
import parse from "parse-prometheus-text-format";

const [metricsFile, benchmarkFile] = process.argv.slice(2);
if (!metricsFile) {
  console.error("usage: node read_prometheus.mjs METRICS [BENCHMARK]");
  process.exit(2);
}

let status = 0;
function complain(what) {
  console.error(`${metricsFile}: ${what}`);
  status = 1;
}

const text = readFileSync(metricsFile, "utf8");
const families = parse(text);
const samples = families.flatMap((family) => family.metrics);
const written = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
// The parser takes a sample that stands twice for one.
if (samples.length === 0 || samples.length !== written.length) {
  complain(`samples written: ${written.length}, read: ${samples.length}`);
}
for (const { name, help, type, metrics } of families) {
  if (type !== "GAUGE" || !help) complain(`${name} has type "${type}" and help "${help}"`);
  for (const { value, timestamp_ms: timestamp } of metrics) {
    if (!Number.isFinite(Number(value))) complain(`${name} has value "${value}"`);
    if (timestamp !== undefined) complain(`${name} has a timestamp`);
  }
}

if (benchmarkFile) {
  const { benchmarks } = JSON.parse(readFileSync(benchmarkFile, "utf8"));
  const theirs = new Set(benchmarks.map(({ name }) => name.slice(0, name.lastIndexOf("/"))));
  const times = families.find(({ name }) => name === "pgduet_query_wall_seconds").metrics;
  const ours = new Set(
    times.filter(({ labels }) => labels.side === "head").map(({ labels }) => `${labels.workload}/${labels.query}`),
  );
  for (const name of theirs) if (!ours.has(name)) complain(`no time of ${name}`);
  for (const name of ours) if (!theirs.has(name)) complain(`a time of ${name}, which was not measured`);
}
process.exit(status);
