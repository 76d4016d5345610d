#include <skein/tracing/log.hpp>

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

namespace skein {
namespace {

constexpr char const* logger_name = "skein";

std::optional<spdlog::level::level_enum> level_of(std::string_view name) {
  auto const level = spdlog::level::from_str(std::string{name});
  // from_str answers off for what it does not know.
  if (level == spdlog::level::off && name != "off") return std::nullopt;
  return level;
}

spdlog::level::level_enum level_from_environment() {
  char const* const wanted = std::getenv("SKEIN_LOG");
  return level_of(wanted == nullptr ? "" : wanted).value_or(spdlog::level::warn);
}

std::shared_ptr<spdlog::logger> logger() {
  if (auto known = spdlog::get(logger_name)) return known;
  try {
    auto made = spdlog::stderr_color_mt(logger_name);
    made->set_level(level_from_environment());
    return made;
  } catch (spdlog::spdlog_ex const&) {
    return spdlog::get(logger_name);  // Another thread was faster.
  }
}

void log(spdlog::level::level_enum level, std::string_view line) noexcept {
  try {
    if (auto const target = logger()) target->log(level, spdlog::string_view_t{line.data(), line.size()});
  } catch (...) {
  }
}

}  // namespace

void log_info(std::string_view line) noexcept { log(spdlog::level::info, line); }
void log_warn(std::string_view line) noexcept { log(spdlog::level::warn, line); }
void log_error(std::string_view line) noexcept { log(spdlog::level::err, line); }

bool is_log_level(std::string_view name) noexcept {
  try {
    return level_of(name).has_value();
  } catch (...) {
    return false;
  }
}

bool log_set_level(std::string_view name) noexcept {
  try {
    auto const level = level_of(name);
    if (!level) return false;
    if (auto const target = logger()) target->set_level(*level);
    return true;
  } catch (...) {
    return false;
  }
}

void log_prepare() noexcept {
  try {
    static_cast<void>(logger());
  } catch (...) {
  }
}

}  // namespace skein
