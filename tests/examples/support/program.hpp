// Runs the real sbom as its users do: in a folder of its own, with pipes or with a terminal.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace sbom::testing {

struct outcome {
  int code = -1;           ///< Exit code; 128 + the signal for a program that a signal ended.
  std::string out, err;    ///< With a terminal both are in `out`, as it showed them.
};

using arguments = std::vector<std::string>;

/// Runs it to its end. SOURCE_DATE_EPOCH is 1700000000 unless `epoch` says otherwise; empty: not set. Temporary files go to `folder`, too.
/// `meanwhile` is called beside it, once.
[[nodiscard]] outcome run_sbom(std::string const& folder, arguments const& given, std::string const& epoch = "1700000000",
                               std::function<void()> const& meanwhile = {});

/// Runs it on a terminal of its own. When the terminal has shown `cue`, calls `then` with the process id, once.
[[nodiscard]] outcome run_sbom_on_terminal(std::string const& folder, arguments const& given, std::string_view cue = {},
                                           std::function<void(pid_t)> const& then = {});

}  // namespace sbom::testing
