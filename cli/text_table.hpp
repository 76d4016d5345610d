// Rows in columns that line up, for people.
#pragma once

#include "output.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace skein::cli {

/// Prints a header and rows. Widths follow the first thousand rows; later ones are printed as they come, so that a table of any length
/// needs little memory.
class text_table {
 public:
  /// `out` must outlive the table.
  text_table(output& out, std::vector<std::string> header);
  void add(std::vector<std::string> row);
  /// Prints what is left. To be called once, after the last row.
  void finish();

 private:
  void print(std::vector<std::string> const& row);
  void print_gathered();

  output& out_;
  std::vector<std::vector<std::string>> gathered_;
  std::vector<std::size_t> widths_;
  bool measured_ = false;
};

}  // namespace skein::cli
