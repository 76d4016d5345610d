// Millions of artifacts through one hub: does anything grow? Resident memory, open files and the -wal files are looked at 200 times on the way, and
// the slope of the last quarter is what counts: by then everything that has a bound is full.
//
//   soak --artifacts=10000000 --benchmark_filter=memory          ten million in memory
//   soak --artifacts=6000000 --burst=10000 --json=soak.json      ten times the usual load, both ways, the samples to a file
#include "agent_chain.hpp"
#include "temporary_file.hpp"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <string_view>

#include <unistd.h>

namespace {

struct settings {
  std::size_t artifacts = 0;                     ///< 0: the default of each soak.
  std::size_t burst = floors::burst_items;       ///< Items published at once, four artifacts each.
  std::string json;                              ///< Where the samples go.
};

constexpr std::size_t samples_count = 200, lines_count = 20;

struct sample {
  double artifacts = 0, seconds = 0, resident_mib = 0, files = 0, wal_mib = 0, disk_mib = 0;
};

double mib(std::uintmax_t bytes) { return static_cast<double>(bytes) / (1024.0 * 1024.0); }

double resident_mib() {
  std::uintmax_t size = 0, resident = 0;
  std::ifstream{"/proc/self/statm"} >> size >> resident;
  return mib(resident * static_cast<std::uintmax_t>(::sysconf(_SC_PAGESIZE)));
}

double open_files() {
  std::filesystem::directory_iterator const files{"/proc/self/fd"};
  return static_cast<double>(std::distance(begin(files), end(files))) - 1;  // The listing's own.
}

double size_mib(std::string const& path) {
  std::error_code missing;
  auto const size = std::filesystem::file_size(path, missing);
  return missing ? 0 : mib(size);
}

/// The growth over the last quarter by the line of least squares, in percent of its mean.
double slope_percent(std::vector<sample> const& samples, double sample::* of) {
  auto const from = samples.size() * 3 / 4;
  auto const count = static_cast<double>(samples.size() - from);
  double x_mean = 0, y_mean = 0, covariance = 0, variance = 0;
  for (auto i = from; i < samples.size(); ++i) x_mean += samples[i].artifacts / count, y_mean += samples[i].*of / count;
  for (auto i = from; i < samples.size(); ++i) {
    auto const x = samples[i].artifacts - x_mean;
    covariance += x * (samples[i].*of - y_mean), variance += x * x;
  }
  if (y_mean == 0 || variance == 0) return 0;
  return 100 * covariance / variance * (samples.back().artifacts - samples[from].artifacts) / y_mean;
}

void print_head(char const* name) {
  std::fprintf(stderr, "\nsoak %s\n%12s %10s %14s %10s %10s %10s\n", name, "artifacts", "seconds", "resident MiB", "files", "-wal MiB", "disk MiB");
}

void print_line(sample const& s) {
  std::fprintf(stderr, "%12.0f %10.1f %14.1f %10.0f %10.1f %10.1f\n", s.artifacts, s.seconds, s.resident_mib, s.files, s.wal_mib, s.disk_mib);
}

std::string json_of(std::vector<sample> const& samples) {
  std::string text = "[";
  for (auto const& s : samples) {
    text += (text.size() > 1 ? ",\n  " : "\n  ");
    text += "{\"artifacts\": " + std::to_string(s.artifacts) + ", \"seconds\": " + std::to_string(s.seconds) + ", \"resident_mib\": " + std::to_string(s.resident_mib) +
            ", \"open_files\": " + std::to_string(s.files) + ", \"wal_mib\": " + std::to_string(s.wal_mib) + ", \"disk_mib\": " + std::to_string(s.disk_mib) + "}";
  }
  return text + "]";
}

/// One soak: what it runs, and which files it leaves growing.
struct soak {
  char const* name;
  std::size_t artifacts;
  skein::orchestrator_options options;
  std::vector<std::string> databases;
};

void run(benchmark::State& state, settings const& given, soak const& what, std::string& json) {
  auto const artifacts = given.artifacts > 0 ? given.artifacts : what.artifacts;
  bench::agent_chain agents{what.options};
  auto const ideas = bench::make_ideas(given.burst);
  auto const begin = std::chrono::steady_clock::now();
  std::vector<sample> samples;
  std::size_t made = 0;
  print_head(what.name);
  for (auto _ : state) {
    while (made < artifacts) {
      if (!agents.run(ideas, 1)) return state.SkipWithError("a handler failed or did not run");
      made += ideas.size() * floors::chain_stages;
      if (made < (samples.size() + 1) * artifacts / samples_count) continue;
      sample& now = samples.emplace_back();
      now.artifacts = static_cast<double>(made);
      now.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      now.resident_mib = resident_mib();
      now.files = open_files();
      for (auto const& path : what.databases) now.wal_mib += size_mib(path + "-wal"), now.disk_mib += size_mib(path);
      if (samples.size() % (samples_count / lines_count) == 0) print_line(now);
    }
  }
  state.counters["items"] = static_cast<double>(made);
  state.counters["resident_slope"] = slope_percent(samples, &sample::resident_mib);
  state.counters["files_slope"] = slope_percent(samples, &sample::files);
  state.counters["wal_slope"] = slope_percent(samples, &sample::wal_mib);
  std::fprintf(stderr, "slope of the last quarter: resident memory %.2f %%, open files %.2f %%, -wal %.2f %%\n", slope_percent(samples, &sample::resident_mib),
               slope_percent(samples, &sample::files), slope_percent(samples, &sample::wal_mib));
  json += (json.empty() ? "" : ",\n ") + ("\"" + std::string{what.name} + "\": " + json_of(samples));
}

/// A tenth of the default bounds in memory, so that they are full early.
soak in_memory() {
  auto options = bench::in_memory();
  options.artifacts_kept_max = 100'000;
  return {"memory", 10'000'000, std::move(options), {}};
}

/// As installed, with a tenth of the default bounds.
soak durable(std::string const& ledger, std::string const& traces) {
  skein::orchestrator_options options;
  options.ledger = "sqlite:" + ledger;
  options.traces = "sqlite:" + traces;
  options.artifacts_kept_max = 100'000;
  options.ledger_bytes_max = options.traces_bytes_max = std::uint64_t{100} << 20;
  return {"durable", 1'000'000, std::move(options), {ledger, traces}};
}

/// Takes our own options off the command line.
settings read_settings(int& argc, char** argv) {
  settings given;
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    std::string_view const word{argv[i]};
    auto const value = [&](std::string_view name) { return word.starts_with(name) ? std::optional{std::string{word.substr(name.size())}} : std::nullopt; };
    if (auto const artifacts = value("--artifacts=")) given.artifacts = std::stoull(*artifacts);
    else if (auto const burst = value("--burst=")) given.burst = std::stoull(*burst);
    else if (auto const json = value("--json=")) given.json = *json;
    else argv[kept++] = argv[i];
  }
  argc = kept;
  return given;
}

}  // namespace

int main(int argc, char** argv) {
  auto const given = read_settings(argc, argv);
  std::string json;
  auto const add = [](char const* name, auto body) { benchmark::RegisterBenchmark(name, body)->Iterations(1)->Repetitions(1)->UseRealTime()->MeasureProcessCPUTime(); };
  add("soak_memory", [&](benchmark::State& state) { run(state, given, in_memory(), json); });
  add("soak_durable", [&](benchmark::State& state) {
    bench::temporary_file const ledger{"soak_ledger"}, traces{"soak_traces"};
    run(state, given, durable(ledger.path(), traces.path()), json);
  });
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  if (!given.json.empty() && !(std::ofstream{given.json} << "{" << json << "}\n").flush()) {
    std::cerr << "soak: cannot write " << given.json << '\n';
    return 1;
  }
}
