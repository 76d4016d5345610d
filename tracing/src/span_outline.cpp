#include <skein/tracing/span_outline.hpp>

#include "entry_writer.hpp"
#include "key_bits.hpp"
#include "nanoseconds.hpp"
#include "span_state.hpp"
#include "start_state.hpp"

#include <algorithm>
#include <cassert>

namespace skein {
namespace {

/// Enough for a span with ten attributes; larger ones are put together on the heap.
constexpr std::size_t usual_bytes = 1024;

}  // namespace

span_outline::span_outline(span_start const& sample, std::initializer_list<std::string_view> filled) {
  assert(sample.links.empty() && !sample.ends_run);
  span_record constant;
  constant.name = sample.name;
  constant.kind = sample.kind;
  constant.type = sample.type;
  constant.scope = sample.scope;
  flat::append(bytes_, constant);
  places_.resize(filled.size());
  for (auto const& each : sample.attrs) {
    keys_ |= key_bit(each.key);
    ++attributes_;
    auto const slot = std::find(filled.begin(), filled.end(), each.key);
    if (slot == filled.end()) {
      flat::append(bytes_, each);
      continue;
    }
    bool const is_number = std::holds_alternative<std::int64_t>(each.value.get());
    std::array<char, 16> const none{};
    std::string_view const blank{none.data(), is_number ? sizeof(std::int64_t) : none.size()};
    flat::append(bytes_, is_number ? flat::tag::integer : flat::tag::uuid, each.key, blank);
    places_[static_cast<std::size_t>(slot - filled.begin())] = bytes_.size() - blank.size();
  }
  std::uint64_t const size = bytes_.size();
  static_assert(offsetof(flat::head, bytes) == 0);
  std::memcpy(bytes_.data(), &size, sizeof size);
}

/// Makes of a copy of bytes_ the span itself.
void span_outline::fill(char* span, run_scope const& run, own const& one, timestamp end, std::initializer_list<outline_value> values) const noexcept {
  auto top = flat::load<flat::head>(span);
  top.trace = run.trace;
  top.span = one.id;
  top.parent = one.parent;
  top.run = run.id;
  top.flags = run.flags;
  top.start_ns = ns(one.start);
  top.end_ns = ns(end);
  std::memcpy(span, &top, sizeof top);
  auto place = places_.begin();
  for (auto const& value : values) std::memcpy(span + *place++, value.bytes().data(), value.bytes().size());
}

/// The long way, for runs whose limits leave no room for all attributes.
span_start span_outline::expanded(run_scope const& run, own const& one, std::initializer_list<outline_value> values) const {
  auto span = std::make_unique<char[]>(bytes_.size());
  std::memcpy(span.get(), bytes_.data(), bytes_.size());
  fill(span.get(), run, one, {}, values);
  auto record = span_view{span.get()}.record();
  span_start start;
  start.name = std::move(record.name);
  start.kind = record.kind;
  start.type = record.type;
  start.parent = {run.trace, one.parent, run.flags};
  start.id = one.id;
  start.scope = std::move(record.scope);
  start.attrs = std::move(record.attributes);
  start.at = one.start;
  return start;
}

span_handle span_outline::start_span(std::shared_ptr<run_scope> run, own const& one, std::initializer_list<outline_value> values) const {
  if (attributes_ > run->limits.attributes_max) return skein::start_span(run, expanded(*run, one, values));
  auto const top = flat::load<flat::head>(bytes_.data());
  auto state = make_state(*run, one.id, one.parent, top.kind, top.type);
  state->image.head().has = top.has | flat::bit(flat::tag::name);
  state->image.append(flat::entries_of(bytes_.data()));
  auto const entries = state->image.published();
  auto place = places_.begin();
  for (auto const& value : values) state->image.overwrite(entries.substr(*place++ - sizeof top), value.bytes());
  state->keys_seen = keys_;
  state->attributes.store(attributes_, std::memory_order_relaxed);
  return begin_span(std::move(state), std::move(run), one.parent, one.start);
}

void span_outline::record_span(run_scope const& run, own const& one, timestamp end, std::initializer_list<outline_value> values) const {
  auto const ended = std::max(end, one.start);
  if (attributes_ > run.limits.attributes_max) {
    // A run that others share outlives this call.
    std::shared_ptr<run_scope> const borrowed{std::shared_ptr<run_scope>{}, const_cast<run_scope*>(&run)};
    return skein::start_span(borrowed, expanded(run, one, values)).end_at(ended);
  }
  alignas(flat::head) std::array<char, usual_bytes> inside;
  std::unique_ptr<char[]> outside;
  char* span = inside.data();
  if (bytes_.size() > inside.size()) {
    outside.reset(new char[bytes_.size()]);
    span = outside.get();
  }
  std::memcpy(span, bytes_.data(), bytes_.size());
  fill(span, run, one, ended, values);
  run.recorder->record(span_view{span});
}

}  // namespace skein
