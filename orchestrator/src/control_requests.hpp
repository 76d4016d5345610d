// What the requests of the control socket do. orchestrator/README.md lists them.
#pragma once

#include <skein/agents/publish_options.hpp>
#include <skein/bus/hub_bus.hpp>
#include <skein/bus/network_link.hpp>
#include <skein/orchestrator/run_report.hpp>
#include <skein/registry/type_registry.hpp>
#include <skein/tracing/recorder.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace skein {

/// One artifact to publish from outside.
struct control_publish {
  std::string type;                       ///< Wire name.
  std::uint32_t version = 1;
  skein::payload payload;
  publish_options options;
  bool wait = false;                      ///< Until what it causes is closed.
  std::optional<std::chrono::nanoseconds> timeout;   ///< Of the wait; absent = none.
};

struct control_published {
  artifact_id id;
  run_id run;                             ///< With `wait`.
  std::optional<run_report> report;       ///< With `wait`.
};

/// The parts of a hub that requests look at and act on. All must outlive whoever answers.
struct control_target {
  bus::hub_bus& board;
  bus::network_link* network;             ///< Null: no workers elsewhere.
  skein::recorder& spans;
  type_registry const& types;
  clock& time;
  timestamp started_at;
  std::string ledger;                     ///< As in the options.
  std::string ledger_file;                ///< Empty: memory.
  std::atomic<std::uint64_t> const& blocked_outside;   ///< Artifacts of the program that components kept off the board.
  /// Throws skein::error.
  std::function<control_published(control_publish&&, std::function<bool()> const& abandoned)> publish;
};

/// Answers one request: `{"ok":true,"result":…}` or `{"ok":false,"error":{"code":…,"message":…,"where":…}}`, without a newline. Never throws for what
/// the request holds.
[[nodiscard]] std::string answer_control_request(control_target const& hub, std::string_view request, std::function<bool()> const& abandoned);

}  // namespace skein
