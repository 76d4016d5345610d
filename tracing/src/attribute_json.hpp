// Attributes of a span as JSON, in two parts: the file of traces keeps what many spans begin with once.
#pragma once

#include <string>
#include <string_view>

namespace skein {

/// Appends the object of the attributes among the entries (span_bytes.hpp), without its end; nothing when there are none. With `next_key`, which is not
/// empty, also that key, whose value is to follow.
void append_json_head(std::string& out, std::string_view entries, std::string_view next_key = {});
/// Appends what goes behind a head that is not empty: the attributes among the entries that follow, and the end of the object. `key_said`: the first entry is
/// an attribute whose key the head has.
void append_json_rest(std::string& out, std::string_view entries, bool key_said);

}  // namespace skein
