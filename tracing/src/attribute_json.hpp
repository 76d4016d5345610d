// Attributes of a span as JSON, in two parts: the file of traces keeps what many spans begin with once.
#pragma once

#include <string>
#include <string_view>

namespace skein {

/// Appends the object of the attributes among the entries (span_bytes.hpp), without its end; nothing when there are none.
void append_json_head(std::string& out, std::string_view entries);
/// Appends what goes behind a head that is not empty: the attributes among the entries that follow, and the end of the object.
void append_json_rest(std::string& out, std::string_view entries);

}  // namespace skein
