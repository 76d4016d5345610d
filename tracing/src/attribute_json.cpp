// Attributes of a span as JSON, from its bytes straight into a text that has room for nearly all there can be.
#include "attribute_json.hpp"

#include <skein/tracing/attribute_view.hpp>
#include <skein/tracing/json_value.hpp>

#include <skein/registry/hex_text.hpp>
#include <skein/registry/json_plain.hpp>

#include "span_bytes.hpp"

#include <charconv>

namespace skein {
namespace {

// What every kind of entry needs but a text with escapes or a list: twice its bytes. A word makes up for quotes, colon and comma, a number
// is no longer than three of them.
constexpr std::size_t room_for(std::string_view entries) noexcept { return 2 * entries.size() + 2; }

// The functions below write to `at`, which points into `out`, and return where they end. That place is passed by value: were it a member of
// anything, it would be read again after each character, for a character may lie anywhere.

/// Lets `append` add to `out` at `at`, and makes room behind it again.
template <class Append>
char* append_slowly(std::string& out, char* at, std::size_t room_after, Append append) {
  out.resize(static_cast<std::size_t>(at - out.data()));
  append(out);
  auto const size = out.size();
  out.resize(size + room_after);
  return out.data() + size;
}

char* put_text(std::string& out, char* at, std::string_view text, std::size_t room_after) {
  if (!json::copy_plain(at + 1, text)) return append_slowly(out, at, room_after, [&](std::string& to) { json::append(to, text); });
  at[0] = at[text.size() + 1] = '"';
  return at + text.size() + 2;
}

void append_list(std::string& out, text_list_view const& texts) {
  out += '[';
  texts.for_each([&](std::string_view text) {
    if (out.back() != '[') out += ',';
    json::append(out, text);
  });
  out += ']';
}

template <class Write>
char* put_id(char* at, std::string_view id, Write write) noexcept {
  *at = '"';
  at = write(at + 1, id);
  *at = '"';
  return at + 1;
}

char* put_value(std::string& out, char* at, flat::entry const& each, std::size_t room_after) {
  switch (each.kind) {
    case flat::tag::text: return put_text(out, at, each.value, room_after);
    case flat::tag::integer: return std::to_chars(at, at + 20, flat::load<std::int64_t>(each.value.data())).ptr;
    case flat::tag::uuid: return put_id(at, each.value, [](char* to, std::string_view id) { return write_uuid(to, id); });
    case flat::tag::hex_id: return put_id(at, each.value, [](char* to, std::string_view id) { return write_hex(to, id); });
    default: break;
  }
  return append_slowly(out, at, room_after, [&](std::string& to) {
    if (each.kind == flat::tag::boolean) return json::append(to, each.value.front() != 0);
    if (each.kind == flat::tag::real) return json::append(to, flat::load<double>(each.value.data()));
    append_list(to, text_list_view{each.value});
  });
}

/// What stands before a member of an object.
enum class before { nothing, comma, its_key };

char* put_members(std::string& out, char* at, std::string_view entries, before first) {
  auto where = first;
  flat::entry each;
  for (auto rest = entries; flat::next(rest, each);) {
    if (!flat::is_attribute(each.kind)) continue;
    if (where == before::comma) *at++ = ',';
    if (where != before::its_key) {
      // The key may turn out long: its value needs room too.
      at = put_text(out, at, each.key, room_for(each.bytes()) + room_for(rest));
      *at++ = ':';
    }
    where = before::comma;
    at = put_value(out, at, each, room_for(rest));
  }
  return at;
}

/// Appends the members, and the end of the object.
void append_members(std::string& out, std::string_view entries, before first) {
  auto const size = out.size();
  out.resize(size + room_for(entries));
  char* at = put_members(out, out.data() + size, entries, first);
  *at++ = '}';
  out.resize(static_cast<std::size_t>(at - out.data()));
}

}  // namespace

void attributes_view::append_json(std::string& out) const {
  out += '{';
  append_members(out, entries_, before::nothing);
}

void append_json_head(std::string& out, std::string_view entries, std::string_view next_key) {
  auto const begin = out.size();
  attributes_view{entries}.append_json(out);
  out.pop_back();
  bool const empty = out.size() == begin + 1;
  if (next_key.empty()) {
    if (empty) out.pop_back();
    return;
  }
  if (!empty) out += ',';
  json::append(out, next_key);
  out += ':';
}

void append_json_rest(std::string& out, std::string_view entries, bool key_said) {
  append_members(out, entries, key_said ? before::its_key : before::comma);
}

}  // namespace skein
