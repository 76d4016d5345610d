#include "output.hpp"

#include <skein/registry/error.hpp>

#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace skein::cli {
namespace {

constexpr std::size_t buffer_bytes_max = 65'536;

}  // namespace

void output::write(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= buffer_bytes_max) flush();
}

void output::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    auto const written = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EPIPE) throw closed_pipe{};
    if (written < 0) throw error{errc::io_failed, "cannot be written: " + std::generic_category().message(errno), "standard output"};
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
}

std::string printable(std::string_view text) {
  static constexpr std::string_view hex = "0123456789abcdef";
  std::string shown;
  for (char const c : text) {
    auto const code = static_cast<unsigned char>(c);
    if (c == '\n') {
      shown += "\\n";
    } else if (c == '\t') {
      shown += "\\t";
    } else if (code < 0x20 || code == 0x7f) {
      shown += "\\x";
      shown += hex[code >> 4];
      shown += hex[code & 0x0f];
    } else {
      shown += c;
    }
  }
  return shown;
}

}  // namespace skein::cli
