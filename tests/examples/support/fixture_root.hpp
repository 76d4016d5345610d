// A small root file system with a dpkg database, made by the test that looks at it.
#pragma once

#include "tracing/support/temporary_folder.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace sbom::testing {

inline constexpr std::string_view hello_md5 = "b1946ac92492d2347c6235b4d2611184";   // of "hello\n"
inline constexpr std::string_view world_md5 = "591785b794601e212b260e25925636fd";   // of "world\n"

/// An empty root in a temporary folder. Paths are relative to the root.
class fixture_root {
 public:
  fixture_root();

  void file(std::string const& path, std::string_view content);
  void link(std::string const& path, std::string const& target);
  void folder(std::string const& path);
  void pipe(std::string const& path);
  /// A file of that many zeros which takes no room.
  void sparse_file(std::string const& path, std::uint64_t bytes);

  /// Adds text to var/lib/dpkg/status.
  void status(std::string_view text);
  /// An installed package without more than it needs, and its md5sums.
  void package(std::string const& name, std::string const& md5sums);

  [[nodiscard]] std::string path() const { return home_ / "root"; }
  /// Where the program runs and writes.
  [[nodiscard]] std::string work() const { return home_ / "work"; }
  [[nodiscard]] std::string operator/(std::string const& name) const { return path() + '/' + name; }

 private:
  [[nodiscard]] std::filesystem::path made(std::string const& path) const;

  skein::testing::temporary_folder home_;
};

/// Everything that can be wrong, one package for each kind; sbom_test.cpp knows the answers.
void add_known_packages(fixture_root& root);

}  // namespace sbom::testing
