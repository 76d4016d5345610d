// What monitoring asks of a hub: is it there, does it work, its numbers.
#pragma once

#include "http_server.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace skein::cli {

/// The numbers of a `status` answer and the agents of an `agents` answer in Prometheus' text exposition format 0.0.4.
/// docs/operations.md lists the names.
[[nodiscard]] std::string prometheus_text(nlohmann::json const& status, nlohmann::json const& agents);

/// /healthz (200 while this process lives), /readyz (200 when the hub answers, else 503 and why), /metrics; 404 otherwise. `hub`: its ledger file
/// or control socket.
[[nodiscard]] http_server::pages hub_pages(std::string hub);

}  // namespace skein::cli
