#include <skein/tracing/log.hpp>

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>
#include <string>

namespace skein {
namespace {

constexpr char const* logger_name = "skein";

spdlog::level::level_enum level_from_environment() {
  char const* const wanted = std::getenv("SKEIN_LOG");
  if (wanted == nullptr) return spdlog::level::warn;
  auto const level = spdlog::level::from_str(wanted);
  // from_str answers off for what it does not know.
  return level == spdlog::level::off && std::string_view{wanted} != "off" ? spdlog::level::warn : level;
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

void log_prepare() noexcept {
  try {
    static_cast<void>(logger());
  } catch (...) {
  }
}

}  // namespace skein
