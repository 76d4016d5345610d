#include <skein/tracing/span_template.hpp>

#include "entry_writer.hpp"
#include "key_bits.hpp"
#include "nanoseconds.hpp"
#include "span_access.hpp"

#include <algorithm>
#include <new>

namespace skein {

namespace {

flat::tag tag_of(std::optional<id_text> form) noexcept {
  if (!form) return flat::tag::integer;
  return *form == id_text::uuid ? flat::tag::uuid : flat::tag::hex_id;
}

}  // namespace

span_template::span_template(std::string_view name, span_kind kind, span_type type, std::string_view scope, attributes const& preset,
                             std::initializer_list<own_attribute> own)
    : kind_(kind), type_(type), has_(flat::bit(flat::tag::name)), attributes_(static_cast<std::uint32_t>(preset.size() + own.size())) {
  flat::append(entries_, flat::tag::name, {}, name);
  if (!scope.empty()) {
    has_ |= flat::bit(flat::tag::scope);
    flat::append(entries_, flat::tag::scope, {}, scope);
  }
  for (auto const& each : preset) {
    keys_seen_ |= key_bit(each.key);
    flat::append(entries_, each);
  }
  for (auto const& each : own) {
    keys_seen_ |= key_bit(each.key);
    flat::append(entries_, tag_of(each.form), each.key, std::string(each.bytes, '\0'));
    own_.push_back({entries_.size() - each.bytes, each.bytes});
  }
}

span_beginning::span_beginning(run_scope& run, span_template const& like, span_known const& known, use how)
    : run_(run), like_(like) {   // NOLINT: draft_ is written before it is read
  if (!span_access::records(run)) {
    unrecorded_ = {run.trace, known.id ? known.id : run.root, run.flags};
    return;
  }
  if (how == use::record && !known.ends_run && sizeof(flat::head) + like.entries_.size() <= draft_.size()) {
    make_draft(known);
    return;
  }
  state_ = span_access::make_state(run, known.id, known.parent, like);
  entries_ = state_->image.entries();
  state_->start_at(known.start == timestamp{} ? run.recorder->time().now() : known.start);
  state_->ends_run = known.ends_run;
}

void span_beginning::make_draft(span_known const& known) {
  auto& top = *::new (static_cast<void*>(draft_.data())) flat::head;
  top.trace = run_.trace;
  top.span = known.id ? known.id : run_.recorder->new_span_id();
  top.parent = known.parent;
  top.run = run_.id;
  top.start_ns = ns(known.start == timestamp{} ? run_.recorder->time().now() : known.start);
  top.flags = run_.flags;
  top.kind = like_.kind_;
  top.type = like_.type_;
  top.has = like_.has_;
  std::memcpy(draft_.data() + sizeof top, like_.entries_.data(), like_.entries_.size());
  entries_ = draft_.data() + sizeof top;
  draft_size_ = sizeof top + like_.entries_.size();
  keys_seen_ = like_.keys_seen_;
  attributes_ = like_.attributes_;
}

void span_beginning::make_state_of_draft() {
  entries_ = nullptr;
  if (draft_size_ == 0) return;
  auto const top = flat::load<flat::head>(draft_.data());
  auto state = span_access::make_state(run_, top.span, top.parent, top.kind, top.type);
  state->image.head().has = top.has;
  state->image.head().start_ns = top.start_ns;
  state->image.append(std::string_view{draft_.data() + sizeof top, draft_size_ - sizeof top});
  state->keys_seen = keys_seen_;
  state->attributes.store(attributes_, std::memory_order_relaxed);
  state_ = std::move(state);
  draft_size_ = 0;
}

span_beginning& span_beginning::link(span_context const& to) {
  make_state_of_draft();
  state_->put_link({to, {}});
  return *this;
}

span_handle span_beginning::start(std::shared_ptr<run_scope> run) && {
  if (!state_) return span_access::unrecorded(std::move(run), unrecorded_);
  auto const parent = state_->image.head().parent;
  return span_access::open(std::move(state_), std::move(run), parent);
}

void span_beginning::record(timestamp ended, status const& how) && {
  if (!how.message.empty()) make_state_of_draft();
  if (state_) return state_->end(ended, &how);
  auto& top = *std::launder(reinterpret_cast<flat::head*>(draft_.data()));
  top.bytes = draft_size_;
  top.status = how.code;
  top.end_ns = std::max(ns(ended == timestamp{} ? run_.recorder->time().now() : ended), top.start_ns);
  try {
    run_.recorder->record(span_view{draft_.data()});
  } catch (...) {   // Out of memory: the span is lost, the program goes on.
  }
}

void span_beginning::put(std::uint8_t kind, std::string_view key, std::string_view value) {
  entries_ = nullptr;
  auto const entry = static_cast<flat::tag>(kind);
  if (draft_size_ > 0) {
    auto const bit = key_bit(key);
    bool const ordinary = attributes_ < run_.limits.attributes_max && (keys_seen_ & bit) == 0;
    auto const written = ordinary ? write_entry(draft_.data() + draft_size_, draft_.size() - draft_size_, entry, key, value) : 0;
    if (written > 0) {
      draft_size_ += written;
      keys_seen_ |= bit;
      ++attributes_;
      return;
    }
    make_state_of_draft();
  }
  state_->set(entry, key, value);
}

void span_beginning::put_attribute(std::string_view key, attribute_value const& value) {
  flat::with_bytes(value, [&](flat::tag kind, std::string_view one) { put(static_cast<std::uint8_t>(kind), key, one); });
}
void span_beginning::put_text(std::string_view key, std::string_view value) { put(static_cast<std::uint8_t>(flat::tag::text), key, value); }
void span_beginning::put_integer(std::string_view key, std::int64_t value) { put(static_cast<std::uint8_t>(flat::tag::integer), key, flat::bytes_of(value)); }
void span_beginning::put_real(std::string_view key, double value) { put(static_cast<std::uint8_t>(flat::tag::real), key, flat::bytes_of(value)); }
void span_beginning::put_boolean(std::string_view key, bool value) { put(static_cast<std::uint8_t>(flat::tag::boolean), key, flat::bytes_of(value)); }
void span_beginning::put_id(std::string_view key, id_text form, std::string_view digits) {
  put(static_cast<std::uint8_t>(tag_of(form)), key, digits);
}

}  // namespace skein
