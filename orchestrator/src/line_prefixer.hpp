// Output of a worker, line by line behind its name.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace skein {

/// Bytes in, whole lines out: `name | line`. Bytes pass through as they are, UTF-8 or not. Not thread-safe.
class line_prefixer {
 public:
  /// A longer line is cut into several.
  static constexpr std::size_t line_bytes_max = 64 * 1024;

  explicit line_prefixer(std::string_view name) : prefix_(std::string{name} + " | ") {}

  /// The lines that this output completes, each with its prefix and newline; empty when it completes none.
  [[nodiscard]] std::string take(std::string_view output) {
    std::string out;
    while (!output.empty()) {
      auto const end = output.find('\n');
      auto const part = output.substr(0, std::min(end, line_bytes_max - line_.size()));
      line_ += part;
      output.remove_prefix(part.size());
      bool const whole = !output.empty() && output.front() == '\n';
      if (whole) output.remove_prefix(1);
      if (whole || line_.size() >= line_bytes_max) out += rest(true);
    }
    return out;
  }
  /// What is left of a line that has no end.
  [[nodiscard]] std::string rest() { return rest(false); }

 private:
  std::string rest(bool even_empty) {
    if (line_.empty() && !even_empty) return {};
    auto out = prefix_ + line_ + '\n';
    line_.clear();
    return out;
  }

  std::string const prefix_;
  std::string line_;
};

}  // namespace skein
