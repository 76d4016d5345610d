// The peer of installed_bench.cpp: four nodes in a row in LangGraph.js, one invocation with a thread of its own for each item, as its users run
// a pipeline; with its SQLite checkpointer, and without any. Takes Google Benchmark's options --benchmark_filter, _repetitions, _min_time and
// _out, and prints what it prints. One item of the result is a hop: one node's turn.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";

const stages = ["drafter", "reviewer", "editor", "printer"];
const body = "x".repeat(185); // floors/chain.hpp: about 200 bytes of an item, encoded

const given = Object.fromEntries(process.argv.slice(2).map((one) => one.replace(/^--benchmark_/, "").split(/=(.*)/s)));
const filter = new RegExp(given.filter ?? ".");
const repetitions = Number(given.repetitions ?? 1);
const secondsMin = Number.parseFloat(given.min_time ?? "0.5");

function chain(checkpointer) {
  const graph = new StateGraph(Annotation.Root({ number: Annotation(), body: Annotation() }));
  for (const name of stages) graph.addNode(name, (state) => ({ number: state.number + 1, body: state.body }));
  graph.addEdge(START, stages[0]);
  for (let i = 1; i < stages.length; ++i) graph.addEdge(stages[i - 1], stages[i]);
  graph.addEdge(stages.at(-1), END);
  return graph.compile(checkpointer ? { checkpointer } : {});
}

let threads = 0;
async function handle(graph) {
  const result = await graph.invoke({ number: 0, body }, { configurable: { thread_id: `item-${++threads}` } });
  if (result.number !== stages.length) throw new Error(`a node did not run: ${result.number}`);
}

/// One item after the other, or so many at once, for at least secondsMin.
async function repetition(graph, inFlight) {
  const cpu = process.cpuUsage();
  const begun = process.hrtime.bigint();
  let items = 0;
  for (;;) {
    await Promise.all(Array.from({ length: inFlight }, () => handle(graph)));
    items += inFlight;
    if (Number(process.hrtime.bigint() - begun) >= secondsMin * 1e9) break;
  }
  const hops = items * stages.length;
  const used = process.cpuUsage(cpu);
  return { real_time: Number(process.hrtime.bigint() - begun) / hops, cpu_time: ((used.user + used.system) * 1e3) / hops, iterations: hops };
}

const measured = {
  "langgraph/sqlite": { inFlight: 1, durable: true },
  "langgraph/sqlite/64_in_flight": { inFlight: 64, durable: true },
  "langgraph/no_checkpoints": { inFlight: 1, durable: false },
};

const folder = mkdtempSync(join(tmpdir(), "langgraph-"));
const benchmarks = [];
try {
  const chosen = Object.entries(measured).filter(([name]) => filter.test(name));
  const graphs = new Map();
  for (const [name, how] of chosen) {
    const saver = how.durable ? SqliteSaver.fromConnString(join(folder, `${graphs.size}.db`)) : undefined;
    graphs.set(name, chain(saver));
    for (let i = 0; i < 50; ++i) await handle(graphs.get(name)); // compiled by then
  }
  for (let turn = 0; turn < repetitions; ++turn) {
    for (const [name, how] of chosen) {
      const times = await repetition(graphs.get(name), how.inFlight);
      benchmarks.push({ name, run_name: name, run_type: "iteration", repetitions, repetition_index: turn, threads: 1, ...times, time_unit: "ns", items: 1 });
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}

const text = JSON.stringify({ context: { executable: "langgraph", node: process.version }, benchmarks }, null, 2);
if (given.out) writeFileSync(given.out, text);
else console.log(text);
