// A folder of its own for every test that writes files, gone when the test ends.
#pragma once

#include <skein/bus/ledger.hpp>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <stdlib.h>
#include <string>

namespace skein::bus::testing {

class ledger_folder {
 public:
  ledger_folder() {
    // In memory where that is possible: what these tests are about does not depend on a disk.
    std::filesystem::path const memory = "/dev/shm";
    auto const parent = std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
    auto pattern = (parent / "skein_ledger_XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"cannot make a temporary folder"};
    path_ = pattern;
  }
  ledger_folder(ledger_folder const&) = delete;
  ledger_folder& operator=(ledger_folder const&) = delete;
  ~ledger_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::string file(std::string const& name = "ledger.db") const { return (path_ / name).string(); }
  /// Opens `file()`; throws the error when that fails.
  [[nodiscard]] std::unique_ptr<ledger> open(sqlite_ledger_options options = {}) const {
    if (options.path.empty()) options.path = file();
    return std::move(open_sqlite_ledger(std::move(options)).value());
  }

 private:
  std::filesystem::path path_;
};

}  // namespace skein::bus::testing
