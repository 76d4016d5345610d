// Writing a file so that nobody ever sees half of it.
#pragma once

#include <skein/registry/error.hpp>

#include <string>
#include <string_view>

namespace sbom {

/// Makes `path` a file with this content: writes a new file beside it, flushes it to the disk, renames it over. On an error what was there
/// before is untouched. A path that is no regular file (a pipe, /dev/stdout) is written to directly: there is nothing to replace.
/// Blocks for the disk. errc::io_failed, naming path and reason.
[[nodiscard]] skein::result<void> replace_file(std::string const& path, std::string_view content);

}  // namespace sbom
