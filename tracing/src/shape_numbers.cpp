#include "shape_numbers.hpp"

#include <skein/registry/ids.hpp>

#include "attribute_json.hpp"
#include "span_bytes.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace skein {
namespace {

// Programs have tens of names. One that makes a name per request must not fill the memory.
constexpr std::size_t known_max = 16'384;
// What a shape may say of attributes, as they lie in memory.
constexpr std::size_t head_bytes_max = 1'024;

constexpr char const* of_one_family = " FROM shapes WHERE name = ? AND kind = ? AND type = ? AND service = ? AND scope = ?";

bool names(flat::tag kind) noexcept { return kind == flat::tag::name || kind == flat::tag::scope || kind == flat::tag::service; }
bool is_id(flat::tag kind) noexcept { return kind == flat::tag::uuid || kind == flat::tag::hex_id; }

std::uint16_t named_by(span_view span) noexcept {
  return flat::head_of(span.bytes().data()).has & (flat::bit(flat::tag::scope) | flat::bit(flat::tag::service));
}

struct common_part {
  std::string json;
  std::size_t entries = 0;
  bool next_key = false;
};

// As much of the leading attributes, and of the key behind them, as `head` begins with.
common_part common_head(std::string_view head, std::string_view leading, std::string_view next_key) {
  common_part common;
  std::string longer;
  auto const fits = [&] { return head.starts_with(longer) && (head.size() == longer.size() || head[longer.size()] == ','); };
  flat::entry each;
  for (auto rest = leading; flat::next(rest, each);) {
    auto const bytes = leading.size() - rest.size();
    longer.clear();
    append_json_head(longer, leading.substr(0, bytes));
    if (!fits()) return common;
    common = {longer, bytes, false};
  }
  if (next_key.empty()) return common;
  longer.clear();
  append_json_head(longer, leading, next_key);
  if (fits()) common = {longer, leading.size(), true};
  return common;
}

// Spread by the end of the name, where those of one program differ.
std::size_t slot_of(std::string_view name) noexcept {
  std::uint64_t end = 0;
  auto const size = std::min(name.size(), sizeof end);
  if (size > 0) std::memcpy(&end, name.data() + name.size() - size, size);
  return static_cast<std::size_t>((end + name.size()) * 0x9e3779b97f4a7c15 >> 32);
}

}  // namespace

// The entries that name a span, then attributes that others may have too, then the key of an id, with the word before it.
struct shape_numbers::beginning {
  std::string_view naming, leading, key;

  [[nodiscard]] std::string_view attributes() const noexcept { return {leading.data(), leading.size() + key.size()}; }
  [[nodiscard]] std::string_view next_key() const noexcept { return key.empty() ? key : key.substr(flat::word_bytes); }
};

shape_numbers::beginning shape_numbers::beginning_of(span_view span) noexcept {
  auto const entries = flat::entries_of(span.bytes().data());
  std::size_t naming = 0, end = 0, key = 0;
  std::uint16_t named = 0;
  flat::entry each;
  for (auto rest = entries; flat::next(rest, each);) {
    auto const until = entries.size() - rest.size();
    if (names(each.kind) && end == naming) {
      named |= flat::bit(each.kind);
      naming = end = until;
    } else if (flat::is_attribute(each.kind) && until - naming <= head_bytes_max) {
      if (is_id(each.kind)) key = each.key.empty() ? 0 : flat::word_bytes + each.key.size();
      if (is_id(each.kind)) break;
      end = until;
    } else {
      break;
    }
  }
  if ((named_by(span) & ~named) != 0) return {};   // It is named further on.
  return {entries.substr(0, naming), entries.substr(naming, end - naming), entries.substr(end, key)};
}

result<shape_numbers> shape_numbers::make(sqlite::database& file, std::string service) {
  shape_numbers made;
  made.file_ = &file;
  made.service_ = std::move(service);
  auto const prepared = file.prepare_all({
      {made.find_, std::string{"SELECT no"} + of_one_family + " AND attributes_head = ?"},
      {made.find_newest_, std::string{"SELECT no, attributes_head"} + of_one_family + " AND attributes_head <> '' ORDER BY no DESC LIMIT 1"},
      {made.insert_, "INSERT INTO shapes(name, kind, type, service, scope, attributes_head) VALUES(?, ?, ?, ?, ?, ?)"},
  });
  if (!prepared) return prepared.error();
  return made;
}

bool shape_numbers::recent_shape::is_of(span_view span) const noexcept {
  return no != 0 && kind == span.kind() && type == span.type() && named == named_by(span) &&
         flat::entries_of(span.bytes().data()).starts_with(beginning);
}

// A span mostly begins like a recent one: comparing is cheaper than a key and its hash. Each has two places, or the names of a few agents would
// drive each other out.
result<shape_numbers::shape> shape_numbers::of(span_view span) {
  auto const slot = slot_of(span.name());
  auto& first = recent_[slot % recent_.size()];
  if (first.is_of(span)) return first;
  if (first.no == 0) return find(span, first);
  auto& second = recent_[slot / recent_.size() % recent_.size()];
  if (second.is_of(span)) return second;
  return find(span, second);
}

result<shape_numbers::shape> shape_numbers::find(span_view span, recent_shape& recent) {
  auto const found = family_of(span);
  if (!found) return found.error();
  auto& known = **found;
  auto const from = beginning_of(span);
  auto const begins_so = [&] { return known.bytes && from.attributes().starts_with(*known.bytes); };
  bool const has_ended = span.status() != status_code::running && span.status() != status_code::interrupted;
  if (!begins_so() && has_ended && !from.naming.empty()) learn(known, from);
  bool const fits = begins_so();
  bool const plain = !fits || known.head->empty();
  auto& no = plain ? known.plain_no : known.no;
  if (no == 0) {
    auto const stored = number(span, plain ? std::string_view{} : *known.head);
    if (!stored) return stored.error();
    no = *stored;
  }
  shape made{no, known.name_hash, {}};
  if (!plain) made.said = {from.naming.size() + known.said.bytes, known.said.next_key};
  if (!fits || from.naming.empty()) return made;
  static_cast<shape&>(recent) = made;
  recent.kind = span.kind();
  recent.type = span.type();
  recent.named = named_by(span);
  recent.beginning.assign(from.naming.data(), from.naming.size() + known.bytes->size());
  return made;
}

// From an ended span: one that is open may yet get attributes that all others have.
void shape_numbers::learn(family& known, beginning const& from) {
  if (!known.head && !known.first) return append_json_head(known.first.emplace(), from.leading, from.next_key());
  auto common = common_head(known.head ? *known.head : *known.first, from.leading, from.next_key());
  if (known.head != common.json) known.no = 0;
  known.head = std::move(common.json);
  known.bytes = from.attributes().substr(0, common.entries + (common.next_key ? from.key.size() : 0));
  known.said = {common.entries, common.next_key};
  known.first.reset();
}

result<shape_numbers::family*> shape_numbers::family_of(span_view span) {
  key_.assign(span.name());
  key_ += '\0';
  key_ += span.service().empty() ? std::string_view{service_} : span.service();
  key_ += '\0';
  key_ += span.scope();
  key_ += '\0';
  key_ += static_cast<char>(span.kind());
  key_ += static_cast<char>(span.type());
  if (auto const found = known_.find(key_); found != known_.end()) return &found->second;
  family made;
  made.name_hash = stable_hash(span.name());
  bind(find_newest_, span);
  auto const stored = find_newest_.step();
  if (!stored) return stored.error();
  if (*stored) {
    made.no = find_newest_.integer(0);
    made.head = find_newest_.text(1);
    find_newest_.reset();
  }
  if (known_.size() >= known_max) known_.clear();
  return &known_.emplace(key_, std::move(made)).first->second;
}

result<std::int64_t> shape_numbers::number(span_view span, std::string_view head) {
  bind(find_, span);
  find_.bind(6, head);
  auto const found = find_.step();
  if (!found) return found.error();
  if (*found) {
    auto const no = find_.integer(0);
    find_.reset();
    return no;
  }
  bind(insert_, span);
  insert_.bind(6, head);
  if (auto stored = insert_.run(); !stored) return stored.error();
  return file_->last_row();
}

void shape_numbers::bind(sqlite::statement& to, span_view span) const {
  to.bind(1, span.name()).bind(2, to_string(span.kind())).bind(3, to_string(span.type()));
  to.bind(4, span.service().empty() ? std::string_view{service_} : span.service()).bind(5, span.scope());
}

}  // namespace skein
