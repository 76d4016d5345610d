#include <skein/tracing/packed_spans.hpp>

#include <skein/registry/utf8.hpp>

#include "entry_writer.hpp"
#include "span_batch_access.hpp"
#include "span_bytes.hpp"

#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace skein {
namespace {

// The form on the wire is that of memory: what it consists of may not change without another protocol version.
static_assert(sizeof(flat::head) == 80 && sizeof(flat::link_head) == 25 && flat::alignment == 8 && flat::word_bytes == 8);
static_assert(static_cast<int>(flat::tag::texts) == 4 && static_cast<int>(flat::tag::event) == 7 && static_cast<int>(flat::tag::outputs) == 14);

/// Reads an entry off `rest` if the whole of it is there, and its kind is known.
bool next_whole(std::string_view& rest, flat::entry& out) noexcept {
  if (rest.size() < flat::word_bytes) return false;
  auto const word = flat::load<std::uint64_t>(rest.data());
  std::uint64_t const key = (word >> 4) & flat::key_bytes_max, value = word >> 30;
  // Neither is longer than 34 bits can say: the sum cannot overflow.
  if ((word & 0x0F) > static_cast<std::uint64_t>(flat::tag::outputs) || key + value > rest.size() - flat::word_bytes) return false;
  return flat::next(rest, out);
}

/// What is found out about the entries of a span: whether they are in order is the answer of the functions below.
struct findings {
  std::uint16_t seen = 0;  ///< bit() of the kinds of entries that there are.
  std::uint16_t has = 0;   ///< As flat::head says it: texts that are empty might as well not be there.
  bool is_utf8 = true;     ///< All texts are.

  void see(std::string_view text) noexcept { is_utf8 = is_utf8 && utf8::is_valid(text); }
  /// Of an entry: its value follows its key, and both are ASCII as a rule. Apart they are valid or not.
  void see(std::string_view key, std::string_view value) noexcept {
    if (is_ascii({key.data(), key.size() + value.size()})) return;
    see(key);
    see(value);
  }
};

bool are_texts(std::string_view encoded, findings& found) noexcept {
  while (!encoded.empty()) {
    if (encoded.size() < flat::word_bytes) return false;
    auto const size = flat::load<std::uint64_t>(encoded.data());
    encoded.remove_prefix(flat::word_bytes);
    if (size > encoded.size()) return false;
    found.see(encoded.substr(0, static_cast<std::size_t>(size)));
    encoded.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

inline bool is_attribute(flat::entry const& each, findings& found) noexcept {
  auto const size = each.value.size();
  if (each.kind == flat::tag::text) return found.see(each.key, each.value), true;
  found.see(each.key);
  switch (each.kind) {
    case flat::tag::boolean: return size == 1;
    case flat::tag::integer:
    case flat::tag::real: return size == 8;
    case flat::tag::texts: return are_texts(each.value, found);
    case flat::tag::hex_id: return size == span_id::size_bytes || size == trace_id::size_bytes;
    case flat::tag::uuid: return size == run_id::size_bytes;
    default: return false;
  }
}

bool are_attributes(std::string_view entries, findings& found) noexcept {
  for (flat::entry each; !entries.empty();) {
    if (!next_whole(entries, each) || !is_attribute(each, found)) return false;
  }
  return true;
}

bool is_event(flat::entry const& each, findings& found) noexcept {
  found.see(each.key);
  return each.value.size() >= sizeof(std::int64_t) && are_attributes(each.value.substr(sizeof(std::int64_t)), found);
}

bool is_link(flat::entry const& each, findings& found) noexcept {
  if (!each.key.empty() || each.value.size() < sizeof(flat::link_head)) return false;
  auto const to = flat::load<flat::link_head>(each.value.data());
  return !to.trace.empty() && !to.span.empty() && are_attributes(each.value.substr(sizeof to), found);
}

/// Whether the entries are those of a span.
bool are_entries(std::string_view rest, findings& found) noexcept {
  flat::entry each;
  // A span begins with its name.
  if (!next_whole(rest, each) || each.kind != flat::tag::name || !each.key.empty()) return false;
  found.see(each.value);
  while (!rest.empty()) {
    if (!next_whole(rest, each)) return false;
    if (flat::is_attribute(each.kind)) {
      if (!is_attribute(each, found)) return false;
      continue;
    }
    bool const known = (found.seen & flat::bit(each.kind)) != 0;
    found.seen |= flat::bit(each.kind);
    if (!each.value.empty()) found.has |= flat::bit(each.kind);
    switch (each.kind) {
      case flat::tag::event:
        if (!is_event(each, found)) return false;
        break;
      case flat::tag::link:
        if (!is_link(each, found)) return false;
        break;
      case flat::tag::name: return false;
      default:
        if (known || !each.key.empty()) return false;
        found.see(each.value);
    }
  }
  return true;
}

bool is_head(flat::head const& top) noexcept {
  return !top.trace.empty() && !top.span.empty() && top.kind <= span_kind::consumer && top.type <= span_type::wait && top.status <= status_code::interrupted;
}

void repair(std::string& text) {
  if (!utf8::is_valid(text)) text = utf8::repaired(text);
}

void repair(attributes& all) {
  for (auto& each : all) {
    repair(each.key);
    if (auto const* const text = std::get_if<std::string>(&each.value.get())) each.value = utf8::repaired(*text);
    if (auto const* const list = std::get_if<std::vector<std::string>>(&each.value.get())) {
      auto texts = *list;
      for (auto& text : texts) repair(text);
      each.value = std::move(texts);
    }
  }
}

/// The same span with U+FFFD for every byte that is not UTF-8.
std::string repaired(std::string const& span) {
  auto whole = span_view{span.data()}.record();
  for (auto* const text : {&whole.name, &whole.status_message, &whole.service, &whole.scope, &whole.inputs, &whole.outputs}) repair(*text);
  repair(whole.attributes);
  for (auto& event : whole.events) {
    repair(event.name);
    repair(event.attributes);
  }
  for (auto& link : whole.links) repair(link.attributes);
  std::string out;
  flat::append(out, whole);
  return out;
}

error refused(std::size_t at, std::string_view why) {
  return error{errc::bad_message, "packed spans: at byte " + std::to_string(at) + ": " + std::string{why}};
}

}  // namespace

std::size_t packed_bytes(span_batch const& spans) {
  if (!packs_spans) return 0;
  std::size_t sum = 0;
  for (auto const span : spans.views()) {
    findings found;
    auto const whole = span.bytes();
    // What recorders write is in order, but for what a program says of other spans.
    if (!is_head(flat::load<flat::head>(whole.data())) || (span.has_links() && !are_entries(flat::entries_of(whole.data()), found))) return 0;
    sum += flat::aligned(whole.size());
  }
  return sum;
}

void pack(span_batch const& spans, std::byte* to) {
  for (auto const span : spans.views()) {
    auto const whole = span.bytes();
    std::memcpy(to, whole.data(), whole.size());
    auto const padded = flat::aligned(whole.size());
    std::memset(to + whole.size(), 0, padded - whole.size());
    to += padded;
  }
}

namespace {

result<void> unpack_into(span_block& block, std::string_view all, std::size_t spans_max) {
  for (std::size_t at = 0; at < all.size();) {
    auto const rest = all.substr(at);
    if (rest.size() < sizeof(flat::head)) return refused(at, "they end inside a span");
    auto top = flat::load<flat::head>(rest.data());
    if (top.bytes < sizeof top || top.bytes > rest.size() || flat::aligned(static_cast<std::size_t>(top.bytes)) > rest.size()) {
      return refused(at, "a span of " + std::to_string(top.bytes) + " bytes is not there");
    }
    auto const whole = rest.substr(0, static_cast<std::size_t>(top.bytes));
    if (!is_head(top)) return refused(at, "a span without an id, or with a value that is none of its enum");
    findings found;
    if (!are_entries(whole.substr(sizeof top), found)) return refused(at, "an entry that is none");
    if (block.spans() >= spans_max) return error{errc::too_large, "packed spans: more than " + std::to_string(spans_max)};
    top.has = found.has;
    top.repeats = 0;
    block.push_back(top, whole);
    if (!found.is_utf8) block.replace_last(repaired(std::string{block.last()}));
    at += flat::aligned(whole.size());
  }
  return {};
}

}  // namespace

result<void> unpack_spans(bytes_view packed, std::size_t spans_max, span_batch& out) {
  if (!packs_spans) return error{errc::unsupported_version, "packed spans: this machine does not read them"};
  // Characters may look at any bytes.
  std::string_view const all{reinterpret_cast<char const*>(packed.data()), packed.size()};
  return span_batch_access::fill(out, all.size(), [&](span_block& block) { return unpack_into(block, all, spans_max); });
}

result<span_batch> unpack_spans(bytes_view packed, std::size_t spans_max) {
  span_batch made;
  if (auto const how = unpack_spans(packed, spans_max, made); !how) return how.error();
  return made;
}

}  // namespace skein
