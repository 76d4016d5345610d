// Waits until some process reads a file, and tells which.
#pragma once

#include <string>

#include <sys/types.h>

namespace sbom::testing {

/// Watches from its construction on.
class open_file_watch {
 public:
  /// Throws std::runtime_error when there is no such file.
  explicit open_file_watch(std::string path);
  open_file_watch(open_file_watch const&) = delete;
  open_file_watch& operator=(open_file_watch const&) = delete;
  ~open_file_watch();

  /// Blocks until the file has been read from; the process that has it open then. Throws std::runtime_error when none has.
  [[nodiscard]] pid_t reader() const;

 private:
  std::string path_;
  int inotify_;
};

}  // namespace sbom::testing
