#include "open_stores.hpp"

#include <skein/tracing/default_traces.hpp>
#include <skein/tracing/trace_store.hpp>

#include <filesystem>
#include <string_view>

namespace skein {

namespace {

constexpr std::string_view default_traces_path = ".skein/traces.db";

/// PATH of `sqlite:PATH`; nullopt for anything else.
std::optional<std::string> sqlite_path(std::string_view text) {
  constexpr std::string_view scheme = "sqlite:";
  if (!text.starts_with(scheme) || text.size() == scheme.size()) return std::nullopt;
  return std::string{text.substr(scheme.size())};
}

std::vector<run_id> runs_left_running(std::string const& path) {
  std::vector<run_id> left;
  try {
    for (auto const& run : trace_store{path}.runs({.status = run_status::running, .limit = 0})) left.push_back(run.id);
  } catch (error const&) {
    // There is no such file yet, or opening it for writing will say what is wrong with it.
  }
  return left;
}

/// Stands in for a file that could not be opened: every write tries again.
class late_sqlite_sink final : public span_sink {
 public:
  late_sqlite_sink(sqlite_sink_options options, error why) : options_(std::move(options)), why_(std::move(why)) {}

  result<void> write(trace_batch const& batch) override {
    if (!opened_) {
      auto opened = open_sqlite_sink(options_);
      if (!opened) return opened.error();
      opened_ = std::move(*opened);
    }
    return opened_->write(batch);
  }
  result<void> flush() override { return opened_ ? opened_->flush() : result<void>{why_}; }
  void rest() noexcept override {
    if (opened_) opened_->rest();
  }
  std::string describe() const override { return "sqlite " + options_.path; }

 private:
  sqlite_sink_options options_;
  error why_;
  std::shared_ptr<sqlite_sink> opened_;
};

}  // namespace

std::string ledger_file(orchestrator_options const& options) { return sqlite_path(options.ledger).value_or(std::string{}); }

std::string control_socket_path(orchestrator_options const& options) {
  constexpr std::string_view ipc = "ipc://";
  auto const absolute = [](std::string const& path) { return std::filesystem::absolute(path).lexically_normal().string(); };
  if (auto const path = sqlite_path(options.ledger)) return absolute(*path + ".sock");
  for (auto const& endpoint : options.listen) {
    if (endpoint.starts_with(ipc)) return absolute(endpoint.substr(ipc.size()) + ".control");
  }
  return {};
}

std::unique_ptr<bus::ledger> open_ledger(orchestrator_options const& options) {
  if (options.ledger == "memory:") return bus::make_memory_ledger();
  auto const path = sqlite_path(options.ledger);
  if (!path) throw error{errc::invalid_argument, "ledger must be memory: or sqlite:PATH, not \"" + options.ledger + "\""};
  bus::sqlite_ledger_options made;
  made.path = *path;
  made.idempotency_keys_max = options.idempotency_keys_max;
  made.file_bytes_max = options.ledger_bytes_max;
  made.dead_kept_max = options.dead_kept_max;
  made.control_socket = control_socket_path(options);
  return bus::open_sqlite_ledger(std::move(made)).value();
}

std::optional<traces_target> open_traces(orchestrator_options const& options) {
  if (options.traces == "none" || (options.traces.empty() && !options.sinks.empty())) return std::nullopt;
  auto const path = options.traces.empty() ? std::optional{std::string{default_traces_path}} : sqlite_path(options.traces);
  if (!path) throw error{errc::invalid_argument, "traces must be sqlite:PATH or none, not \"" + options.traces + "\""};
  sqlite_sink_options wanted;
  wanted.path = *path;
  wanted.file_bytes_max = options.traces_bytes_max;
  auto left = runs_left_running(*path);
  error why{errc::io_failed, "not opened"};
  if (*path == default_traces_path) {
    if (auto opened = open_default_traces(wanted)) return traces_target{opened->sink, opened->sink, opened->path, std::move(left)};
    else why = opened.error();
  } else {
    auto opened = open_sqlite_sink(wanted);
    if (opened) return traces_target{*opened, *opened, *path, std::move(left)};
    why = opened.error();
    if (why.code() == errc::locked) throw why;
  }
  return traces_target{std::make_shared<late_sqlite_sink>(wanted, why), nullptr, *path, {}};
}

}  // namespace skein
