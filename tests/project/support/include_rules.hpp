// The rules between the folders, checked on text: who may include whom, what stays out of public headers and out of the
// pure core, how files are named. Pure functions over file texts, so that the rules themselves can be tested.
#pragma once

#include <string>
#include <vector>

namespace skein::project {

/// A source file: its path from the root of the repository, with `/`, and its text.
struct source_file {
  std::string path;
  std::string text;
};

/// Everything that breaks a rule, one sentence each, `path:line: what, and what the rule is`. Empty = all is well.
[[nodiscard]] std::vector<std::string> violations(std::vector<source_file> const& files);

/// The C++ and build files below `root` in the folders that the rules speak of. Throws std::filesystem::filesystem_error.
[[nodiscard]] std::vector<source_file> read_sources(std::string const& root);

}  // namespace skein::project
