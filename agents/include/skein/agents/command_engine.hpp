// An engine that runs a program for every activation: JSON in, JSON out, with limits. docs/engines.md shows one.
#pragma once

#include <skein/agents/engine.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace skein {

/// What command_engine runs, and its limits. Members in the order of designated initialisers.
struct command_options {
  std::vector<std::string> command = {};                          ///< Program and arguments; there is no shell. Without a slash it is looked up in PATH.
  std::chrono::nanoseconds timeout = std::chrono::seconds{30};    ///< Then it is killed, and the attempt fails.
  std::size_t output_bytes_max = 1 << 20;                         ///< Of what it prints; more kills it, and the attempt fails.
  std::size_t memory_bytes_max = 0;                               ///< Of its address space, by setrlimit; 0 = this process's limit.
  std::uint32_t cpu_seconds_max = 0;                              ///< Of processor time, by setrlimit; 0 = this process's limit.
  std::map<std::string, std::string> environment = {};            ///< Added to this process's environment, or in place of what has the same name there.
  std::string working_directory = {};                             ///< Empty: this process's.
  std::size_t context_max = 0;                                    ///< How many earlier artifacts it is given; 0 = none.
  std::size_t error_bytes_max = 16'384;                           ///< The end of what it writes to standard error that is kept for errors and spans.
};

/// Runs one process per activation. It reads one JSON object from standard input: `agent`, `attempt`, `idempotency_key`, `run`, `correlation`, `inputs`
/// and `context` (lists of `{type, version, id, value}`), `output_schemas` (type to JSON Schema). It prints a JSON list of `{type, value}`, or one such
/// object, and ends with exit code 0. When evaluate returns, nothing of it is left: its process group is killed with it.
///
///   hub.add(skein::agent{"scorer"}.consumes(skein::when<order>())
///               .engine(skein::command_engine{{.command = {"/usr/bin/python3", "score.py"}, .timeout = 30s}}).publishes<score>());
class command_engine : public engine {
 public:
  /// errc::invalid_argument, thrown: no program, a limit or timeout of 0, a name in the environment that is none.
  explicit command_engine(command_options options);

  [[nodiscard]] bool should_use_context(engine_request const&) override { return options_.context_max > 0; }
  /// The newest context_max of what engine::fetch_context gives.
  [[nodiscard]] std::vector<bus::artifact_ptr> fetch_context(engine_request const& request, context& ctx) override;
  /// Fails the attempt as skein.command_failed (not started, an exit code other than 0, a signal), skein.command_timeout, skein.command_cancelled (the
  /// attempt was given up), skein.command_output (too much, no JSON, no list of outputs). The message names the program, and ends with what it wrote to
  /// standard error; an event of the span `evaluate` keeps that, too.
  [[nodiscard]] std::vector<engine_output> evaluate(engine_request const& request, context& ctx) override;
  /// The file name of the program.
  [[nodiscard]] std::string_view name() const override { return name_; }

 private:
  command_options options_;
  std::string name_;
};

}  // namespace skein
