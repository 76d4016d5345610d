// A named pipe in a test's folder: how other processes tell a test where they are.
#pragma once

#include "hub_options.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

namespace skein::testing {

/// Read here, written by others.
class fifo {
 public:
  /// `lasting`: this end keeps a writer of its own, so that reading waits for the next line whoever has come and gone. `until_writers_leave`: waits for the
  /// first writer to come; reading ends when the last one is gone.
  enum mode { lasting, until_writers_leave };

  static void make(temporary_folder const& folder, std::string const& name) { ::mkfifo((folder / name).c_str(), 0600); }
  fifo(temporary_folder const& folder, std::string const& name, mode how = lasting) : path_(folder / name) {
    make(folder, name);
    fd_ = ::open(path_.c_str(), (how == lasting ? O_RDWR : O_RDONLY) | O_CLOEXEC);
  }
  fifo(fifo const&) = delete;
  fifo& operator=(fifo const&) = delete;
  ~fifo() { ::close(fd_); }

  [[nodiscard]] std::string const& path() const noexcept { return path_; }
  /// The next line; what came before the end where there is no newline.
  std::string line() {
    std::string text;
    for (char c = 0; ::read(fd_, &c, 1) == 1 && c != '\n';) text += c;
    return text;
  }
  /// Until nobody has it open for writing any more.
  std::string rest() {
    std::string text;
    for (char c = 0; ::read(fd_, &c, 1) == 1;) text += c;
    return text;
  }
  void write(std::string const& line) const { (void)!::write(fd_, (line + "\n").c_str(), line.size() + 1); }

 private:
  std::string path_;
  int fd_ = -1;
};

}  // namespace skein::testing
