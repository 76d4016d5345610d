// Reading one row of the table of data_pipeline.
#pragma once

#include "artifacts.hpp"

#include <charconv>
#include <string_view>
#include <variant>

/// A number and nothing else.
inline bool read_number(std::string_view text, double& to) {
  auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), to);
  return failed == std::errc{} && end == text.data() + text.size();
}

/// The row, or why it cannot be used.
inline std::variant<measurement, std::string> read_row(std::string_view line) {
  auto const comma = line.find(',');
  if (comma == line.npos || line.find(',', comma + 1) != line.npos) return "not two columns";
  measurement row;
  if (!read_number(line.substr(0, comma), row.speed)) return "speed is no number: '" + std::string{line.substr(0, comma)} + "'";
  if (!read_number(line.substr(comma + 1), row.distance)) return "distance is no number: '" + std::string{line.substr(comma + 1)} + "'";
  if (row.speed <= 0 || row.speed > 100) return "no car drives " + std::string{line.substr(0, comma)} + " mph";
  return row;
}
