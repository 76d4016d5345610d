#include "text_table.hpp"

#include <algorithm>
#include <utility>

namespace skein::cli {
namespace {

constexpr std::size_t measured_rows_max = 1'000;

// Characters, as far as UTF-8 tells.
std::size_t width_of(std::string const& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

text_table::text_table(output& out, std::vector<std::string> header) : out_(out), widths_(header.size()) { add(std::move(header)); }

void text_table::add(std::vector<std::string> row) {
  for (auto& cell : row) cell = printable(cell);
  if (measured_) return print(row);
  for (std::size_t i = 0; i < row.size() && i < widths_.size(); ++i) widths_[i] = std::max(widths_[i], width_of(row[i]));
  gathered_.push_back(std::move(row));
  if (gathered_.size() > measured_rows_max) print_gathered();
}

void text_table::finish() {
  if (!measured_) print_gathered();
}

void text_table::print(std::vector<std::string> const& row) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    line += row[i];
    if (i + 1 == row.size()) break;
    auto const width = width_of(row[i]);
    line.append(2 + (width < widths_[i] ? widths_[i] - width : 0), ' ');
  }
  while (line.ends_with(' ')) line.pop_back();
  out_.write(line + '\n');
}

void text_table::print_gathered() {
  measured_ = true;
  for (auto const& row : gathered_) print(row);
  gathered_.clear();
}

}  // namespace skein::cli
