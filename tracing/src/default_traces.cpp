#include <skein/tracing/default_traces.hpp>

#include <skein/tracing/log.hpp>
#include <skein/tracing/owner_lock.hpp>

#include <unistd.h>

#include <filesystem>
#include <utility>

namespace skein {
namespace {

constexpr int names_max = 1'000;

std::string beside(std::string const& path, int ordinal) {
  std::filesystem::path const chosen{path};
  auto name = chosen.stem().string() + '-' + std::to_string(::getpid());
  if (ordinal > 1) name += '-' + std::to_string(ordinal);
  return (chosen.parent_path() / (name + chosen.extension().string())).string();
}

}  // namespace

result<opened_traces> open_default_traces(sqlite_sink_options options) {
  auto const preferred = options.path;
  auto opened = open_sqlite_sink(options);
  for (int ordinal = 1; !opened && opened.error().code() == errc::locked && ordinal <= names_max; ++ordinal) {
    options.path = beside(preferred, ordinal);
    opened = open_sqlite_sink(options);
  }
  if (!opened) return opened.error();
  auto sink = std::move(opened).value();
  if (sink->path() != preferred) {
    auto const owner = owner_lock::owner_of(preferred);
    auto const who = owner ? " (pid " + std::to_string(owner->pid) + ")" : std::string{};
    log_warn("traces go to " + sink->path() + ": " + preferred + " is in use by another hub" + who);
  }
  return opened_traces{sink, sink->path()};
}

}  // namespace skein
