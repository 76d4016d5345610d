// What the system says of an errno.
#pragma once

#include <string>
#include <system_error>

namespace skein {

[[nodiscard]] inline std::string system_text(int code) { return std::generic_category().message(code); }

}  // namespace skein
