// Standard output of the command: buffered, and honest about what could not be written.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace skein::cli {

/// The reader of our output went away (`| head`): there is nothing left to do, and nothing is wrong.
struct closed_pipe {};

/// Throws closed_pipe, or skein::error (io_failed) when the output cannot be written for another reason. Needs SIGPIPE ignored.
class output {
 public:
  void write(std::string_view text);
  void flush();

 private:
  std::string buffer_;
};

/// Text for a terminal: one line, control characters shown as escapes, bytes beyond ASCII as they are.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace skein::cli
