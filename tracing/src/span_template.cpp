#include <skein/tracing/span_template.hpp>

#include "entry_writer.hpp"
#include "key_bits.hpp"
#include "span_access.hpp"

namespace skein {

span_template::span_template(std::string_view name, span_kind kind, span_type type, std::string_view scope, attributes const& preset)
    : kind_(kind), type_(type), has_(flat::bit(flat::tag::name)), attributes_(static_cast<std::uint32_t>(preset.size())) {
  flat::append(entries_, flat::tag::name, {}, name);
  if (!scope.empty()) {
    has_ |= flat::bit(flat::tag::scope);
    flat::append(entries_, flat::tag::scope, {}, scope);
  }
  for (auto const& each : preset) {
    keys_seen_ |= key_bit(each.key);
    flat::append(entries_, each);
  }
}

span_beginning::span_beginning(run_scope& run, span_template const& like, span_known const& known) {
  if (!span_access::records(run)) {
    unrecorded_ = {run.trace, known.id ? known.id : run.root, run.flags};
    return;
  }
  state_ = span_access::make_state(run, known.id, known.parent, like);
  state_->start_at(known.start == timestamp{} ? run.recorder->time().now() : known.start);
  state_->ends_run = known.ends_run;
}

span_beginning& span_beginning::link(span_context const& to) { return state_->put_link({to, {}}), *this; }

span_handle span_beginning::start(std::shared_ptr<run_scope> run) && {
  if (!state_) return span_access::unrecorded(std::move(run), unrecorded_);
  auto const parent = state_->image.head().parent;
  return span_access::open(std::move(state_), std::move(run), parent);
}

void span_beginning::record(timestamp ended, status const& how) && { state_->end(ended, &how); }

void span_beginning::put_attribute(std::string_view key, attribute_value const& value) {
  flat::with_bytes(value, [&](flat::tag kind, std::string_view one) { state_->set(kind, key, one); });
}
void span_beginning::put_text(std::string_view key, std::string_view value) { state_->set(flat::tag::text, key, value); }
void span_beginning::put_integer(std::string_view key, std::int64_t value) { state_->set(flat::tag::integer, key, flat::bytes_of(value)); }
void span_beginning::put_real(std::string_view key, double value) { state_->set(flat::tag::real, key, flat::bytes_of(value)); }
void span_beginning::put_boolean(std::string_view key, bool value) { state_->set(flat::tag::boolean, key, flat::bytes_of(value)); }
void span_beginning::put_id(std::string_view key, id_text form, std::string_view digits) {
  state_->set(form == id_text::uuid ? flat::tag::uuid : flat::tag::hex_id, key, digits);
}

}  // namespace skein
