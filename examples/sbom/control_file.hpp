// Debian's control file format (deb822): stanzas of fields, `Name: value`, continued on lines that begin with a blank. dpkg's status
// database and machine-readable copyright files are both written in it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sbom {

/// `what` is wrong on line `line`, counted from 1.
struct line_fault {
  std::size_t line = 0;
  std::string what;
};

/// One field. `value` has a line end between its lines; of continuation lines the first blank is left out.
struct control_field {
  std::string_view name;
  std::string value;
  std::size_t line = 0;
};

/// One stanza. Its names point into the parsed text.
struct control_stanza {
  std::size_t line = 0;   ///< Where it begins.
  std::vector<control_field> fields;

  /// The field of that name, in any case of letters; nullptr when there is none.
  [[nodiscard]] control_field const* find(std::string_view name) const;
  /// Its value; empty when there is none.
  [[nodiscard]] std::string_view value(std::string_view name) const;
};

struct control_file {
  std::vector<control_stanza> stanzas;
  std::vector<line_fault> faults;   ///< Lines that were left out, each with those that continue it.
};

/// Reads everything that can be read; never fails. Comment lines (#) are left out. `text` must outlive the result.
[[nodiscard]] control_file parse_control_file(std::string_view text);

}  // namespace sbom
