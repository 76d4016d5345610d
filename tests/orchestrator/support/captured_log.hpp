// What Skein logs while this lives.
#pragma once

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <sstream>
#include <string>

namespace skein::testing {

class captured_log {
 public:
  captured_log() {
    spdlog::drop("skein");
    auto logger = std::make_shared<spdlog::logger>("skein", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_));
    logger->set_pattern("%l %v");
    logger->set_level(spdlog::level::warn);
    spdlog::register_logger(logger);
  }
  captured_log(captured_log const&) = delete;
  captured_log& operator=(captured_log const&) = delete;
  ~captured_log() { spdlog::drop("skein"); }

  /// Only while nothing logs.
  [[nodiscard]] std::string text() const { return text_.str(); }
  [[nodiscard]] std::size_t lines() const {
    auto const all = text();
    return static_cast<std::size_t>(std::count(all.begin(), all.end(), '\n'));
  }

 private:
  std::ostringstream text_;
};

}  // namespace skein::testing
