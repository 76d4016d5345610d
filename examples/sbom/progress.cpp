#include "progress.hpp"

#include "summary.hpp"

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>

#include <unistd.h>

namespace sbom {
namespace {

constexpr std::chrono::milliseconds between_lines{100};

void write_to_terminal(std::string_view text) {
  // A terminal that is gone is no reason to stop.
  while (!text.empty()) {
    auto const count = ::write(STDERR_FILENO, text.data(), text.size());
    if (count < 0 && errno != EINTR) return;
    if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

progress_line::progress_line(progress const& shown) : shown_(shown) {
  thread_ = std::jthread{[this](std::stop_token const& end) {
    std::mutex mutex;
    std::condition_variable_any ended;
    std::unique_lock held{mutex};
    while (!ended.wait_for(held, end, between_lines, [&] { return end.stop_requested(); })) draw();
  }};
}

progress_line::~progress_line() {
  thread_.request_stop();
  thread_.join();
  write_to_terminal("\r\033[K");
}

void progress_line::draw() const {
  write_to_terminal("\rsbom: " + std::to_string(shown_.packages) + " of " + std::to_string(shown_.packages_all) + " packages, " +
                    std::to_string(shown_.files) + " files hashed, " + bytes_text(shown_.bytes) + "\033[K");
}

}  // namespace sbom
