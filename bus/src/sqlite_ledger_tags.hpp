// Tags as the JSON text that the view `artifacts` shows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace skein::bus::ledger_file {

/// Replaces `out` by a JSON array of strings.
void write_tags(std::string& out, std::vector<std::string> const& tags);
/// Reads what write_tags wrote; false for anything else.
[[nodiscard]] bool read_tags(std::string_view json, std::vector<std::string>& out);

}  // namespace skein::bus::ledger_file
