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

class attribute_writer {
 public:
  attribute_writer(std::string& out, std::size_t room) : out_(out), at_(out.size()) { out.resize(at_ + room); }

  void put(char c) noexcept { out_[at_++] = c; }

  void put_text(std::string_view text, std::size_t room_after) {
    char* const to = out_.data() + at_;
    if (json::copy_plain(to + 1, text)) {
      to[0] = to[text.size() + 1] = '"';
      at_ += text.size() + 2;
    } else {
      put_slowly(text, room_after);
    }
  }

  void put_value(flat::entry const& each, std::size_t room_after) {
    switch (each.kind) {
      case flat::tag::text: return put_text(each.value, room_after);
      case flat::tag::integer: return put_integer(flat::load<std::int64_t>(each.value.data()));
      case flat::tag::uuid: return put_id(each.value, &write_uuid);
      case flat::tag::hex_id: return put_id(each.value, &write_hex);
      case flat::tag::boolean: return put_slowly(each.value.front() != 0, room_after);
      case flat::tag::real: return put_slowly(flat::load<double>(each.value.data()), room_after);
      default: return put_list(text_list_view{each.value}, room_after);
    }
  }

  void finish() { out_.resize(at_); }

 private:
  template <class Value>
  void put_slowly(Value value, std::size_t room_after) {
    out_.resize(at_);
    json::append(out_, value);
    make_room(room_after);
  }

  void put_list(text_list_view const& texts, std::size_t room_after) {
    out_.resize(at_);
    out_ += '[';
    texts.for_each([&](std::string_view text) {
      if (out_.back() != '[') out_ += ',';
      json::append(out_, text);
    });
    out_ += ']';
    make_room(room_after);
  }

  void put_integer(std::int64_t value) noexcept {
    char* const to = out_.data() + at_;
    at_ += static_cast<std::size_t>(std::to_chars(to, to + 20, value).ptr - to);
  }

  template <class Write>
  void put_id(std::string_view id, Write write) noexcept {
    put('"');
    at_ = static_cast<std::size_t>(write(out_.data() + at_, id) - out_.data());
    put('"');
  }

  void make_room(std::size_t room) {
    at_ = out_.size();
    out_.resize(at_ + room);
  }

  std::string& out_;
  std::size_t at_;
};

/// What stands before a member of an object.
enum class before { nothing, comma, its_key };

void put_members(attribute_writer& to, std::string_view entries, before first) {
  auto where = first;
  flat::entry each;
  for (auto rest = entries; flat::next(rest, each);) {
    if (!flat::is_attribute(each.kind)) continue;
    if (where == before::comma) to.put(',');
    if (where != before::its_key) {
      // The key may turn out long: its value needs room too.
      to.put_text(each.key, room_for(each.bytes()) + room_for(rest));
      to.put(':');
    }
    where = before::comma;
    to.put_value(each, room_for(rest));
  }
}

}  // namespace

void attributes_view::append_json(std::string& out) const {
  attribute_writer to{out, room_for(entries_)};
  to.put('{');
  put_members(to, entries_, before::nothing);
  to.put('}');
  to.finish();
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
  attribute_writer to{out, room_for(entries)};
  put_members(to, entries, key_said ? before::its_key : before::comma);
  to.put('}');
  to.finish();
}

}  // namespace skein
