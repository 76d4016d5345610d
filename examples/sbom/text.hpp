// Bytes of a file system as text that may leave the program: file names and package data need not be UTF-8, JSON must be.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sbom {

/// `bytes` as valid UTF-8 on one line: what is well-formed and printable stays, every other byte becomes `\xNN`.
[[nodiscard]] std::string visible(std::string_view bytes);

/// Without spaces, tabs and carriage returns at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);

/// The lines of `text`, without their line ends; a last one without a line end counts. The views point into `text`.
[[nodiscard]] std::vector<std::string_view> lines_of(std::string_view text);

/// The parts of `text` between spaces and tabs, without empty ones.
[[nodiscard]] std::vector<std::string_view> words_of(std::string_view text);

/// ASCII letters in lower case, everything else as it is.
[[nodiscard]] std::string lower(std::string_view text);

/// `1 package`, `2 packages`.
[[nodiscard]] std::string counted(std::size_t count, std::string_view singular);

}  // namespace sbom
