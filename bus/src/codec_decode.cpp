#include <skein/bus/codec.hpp>

#include "codec_kind.hpp"
#include "codec_reader.hpp"
#include "codec_values.hpp"

#include <skein/bus/blackboard_io.hpp>
#include <skein/bus/spare_artifacts.hpp>
#include <skein/registry/payload.hpp>

#include <boost/container/small_vector.hpp>

#include <algorithm>

namespace skein::bus {
namespace {

using wire::kind;
using wire::reader;

/// Where the bytes behind the header belong.
class payload_slots {
 public:
  explicit payload_slots(std::size_t frame_bytes) : bytes_max_(frame_bytes) {}

  /// Reads a length; `slot` must stay where it is until fill().
  void add(reader& in, payload& slot) {
    // No length can be over the frame's, so the sum of those that were read can't overflow before it is refused.
    auto const size = in.uint(bytes_max_ - bytes_);
    bytes_ += size;
    if (in.ok() && size > 0) all_.push_back({&slot, size});
  }

  [[nodiscard]] result<void> fill(std::string_view what, bytes_view rest) const {
    if (rest.size() != bytes_) {
      return error{errc::bad_message, std::string{what} + ": the header announces " + std::to_string(bytes_) +
                                          " bytes of payload, " + std::to_string(rest.size()) + " follow it"};
    }
    for (auto const& one : all_) {
      *one.slot = payload{bytes(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(one.size))};
      rest = rest.subspan(one.size);
    }
    return {};
  }

 private:
  struct entry {
    payload* slot;
    std::size_t size;
  };
  boost::container::small_vector<entry, 8> all_;
  std::size_t bytes_max_, bytes_ = 0;
};

// The fewest bytes that an element of a list can take.
constexpr std::size_t artifact_bytes_min = 30, delivery_bytes_min = 27, child_bytes_min = 5;

std::shared_ptr<artifact_data> read_artifact(reader& in, payload_slots& payloads) {
  auto value = make_artifact();
  in.fields(11, [&] {
    value->id = in.id<artifact_id>();
    value->seq = in.uint();
    in.name_into(value->type);
    value->version = in.as_uint<std::uint32_t>();
    payloads.add(in, value->payload);
    in.text_into(value->produced_by);
    value->run = in.optional_id<run_id>();
    in.text_into(value->correlation);
    value->cause = in.optional_id<activation_id>();
    value->context = in.context();
    value->created_at = in.time();
    if (in.more()) in.texts(value->tags);
    if (in.more()) value->visible_to = wire::read_visibility(in);
    if (in.more()) value->headers = wire::read_headers(in);
    if (in.more()) value->routed = in.boolean();
  });
  return value;
}

void read_child(reader& in, payload_slots& payloads, child& value) {
  in.fields(3, [&] {
    in.name_into(value.type);
    value.version = in.as_uint<std::uint32_t>();
    payloads.add(in, value.payload);
    if (in.more()) in.text_into(value.correlation);
    if (in.more()) in.texts(value.tags);
    if (in.more()) value.visible_to = wire::read_visibility(in);
    if (in.more()) value.context = in.context();
    if (in.more()) value.headers = wire::read_headers(in);
  });
}

void read_attempts(reader& in, std::vector<attempt_ref>& out) {
  in.list(out, wire::attempt_bytes_min, [&] { return wire::read_attempt(in); });
}

void read_spans(reader& in, span_batch& out) {
  if (in.next_type() == reader::wire_type::bin) {
    auto const how = unpack_spans(in.octets_view(), in.list_items_max(), out);
    if (!how) in.fail_before(how.error().message(), how.error().code());
    return;
  }
  in.items(wire::span_bytes_min, [](std::size_t) {}, [&] {
    span_record one;
    wire::read_span(in, one);
    out.push_back(one);
  });
}

void read_runs(reader& in, std::vector<run_record>& out) {
  in.list(out, wire::run_bytes_min, [&] { return wire::read_run(in); });
}

// ---- one function a kind ----

hello read_hello(reader& in) {
  hello value;
  in.fields(6, [&] {
    value.version_min = in.as_uint<std::uint16_t>(1);
    value.version_max = in.as_uint<std::uint16_t>(value.version_min);
    value.host = in.name();
    value.instance = in.uint();
    value.credit = in.as_uint<std::uint32_t>();
    in.list(value.agents, wire::agent_bytes_min, [&] { return wire::read_agent(in); });
    if (in.more()) read_attempts(in, value.held);
    if (in.more()) value.sent_at = in.time();
  });
  return value;
}

welcome read_welcome(reader& in) {
  welcome value;
  in.fields(2, [&] {
    value.version = in.as_uint<std::uint16_t>(1);
    value.instance = in.uint();
    if (in.more()) value.frame_bytes_max = in.uint();
  });
  return value;
}

/// The artifacts of a message that its deliveries share; most have one.
using shared_artifacts = boost::container::small_vector<artifact_ptr, 8>;

void read_delivery(reader& in, shared_artifacts const& artifacts, delivery& value) {
  in.fields(4, [&] {
    value.activation = wire::read_attempt(in);
    in.name_into(value.agent);
    value.ordinal = in.as_uint<std::uint32_t>();
    in.list(value.inputs, 1, [&]() -> artifact_ptr {
      auto const index = in.uint();
      if (in.ok() && index < artifacts.size()) return artifacts[index];
      in.fail_before("names artifact " + std::to_string(index) + " of " + std::to_string(artifacts.size()));
      return nullptr;
    });
    if (in.ok() && value.inputs.empty()) in.fail_before("a delivery needs an input");
    if (in.more()) value.priority = static_cast<std::int32_t>(in.sint(std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()));
    if (in.more()) value.deadline = std::chrono::nanoseconds{in.sint(0)};
  });
}

void read_deliver(reader& in, payload_slots& payloads, shared_artifacts& artifacts, spare_deliveries& spare, deliver& value) {
  in.fields(3, [&] {
    value.number = in.uint();
    in.list(artifacts, artifact_bytes_min, [&] { return read_artifact(in, payloads); });
    in.items(delivery_bytes_min, [](std::size_t) {}, [&] { read_delivery(in, artifacts, spare.add_to(value.deliveries, {})); });
  });
}

void read_done(reader& in, payload_slots& payloads, done& value) {
  in.fields(5, [&] {
    value.activation = wire::read_attempt(in);
    value.outcome = in.enumerator(wire::last_outcome);
    in.text_into(value.error_type);
    in.text_into(value.what);
    value.duration_ns = in.sint();
    // The slots of payloads are addresses: the children must not move again.
    if (in.more()) in.list_in_place(value.children, child_bytes_min, [&](child& one) { read_child(in, payloads, one); });
    if (in.more()) read_spans(in, value.spans);
    if (in.more()) read_runs(in, value.runs);
    if (in.more()) value.sent_at = in.time();
  });
}

void read_dones(reader& in, payload_slots& payloads, done& value) {
  in.fields(1, [&] {
    in.items(25, [&](std::size_t count) {
      if (count != 1) in.fail_before("a DONE of this version reports one attempt, not " + std::to_string(count));
    }, [&] { read_done(in, payloads, value); });
  });
}

/// The kinds that say nothing but which attempt they are about.
template <class Message>
void read_attempt_message(reader& in, Message& value) {
  in.fields(1, [&] { value.activation = wire::read_attempt(in); });
}

beat read_beat(reader& in) {
  beat value;
  in.fields(3, [&] {
    value.instance = in.uint();
    value.last_number = in.uint();
    read_attempts(in, value.held);
    if (in.more()) read_spans(in, value.spans);
    if (in.more()) value.sent_at = in.time();
  });
  return value;
}

nack read_nack(reader& in) {
  nack value;
  in.fields(5, [&] {
    value.activation = wire::read_attempt(in);
    value.fatal = in.boolean();
    value.retry_after = std::chrono::nanoseconds{in.sint(0)};
    value.error_type = in.text();
    value.what = in.text();
    if (in.more()) value.duration_ns = in.sint();
    if (in.more()) read_spans(in, value.spans);
    if (in.more()) read_runs(in, value.runs);
    if (in.more()) value.sent_at = in.time();
  });
  return value;
}

query read_query(reader& in) {
  query value;
  in.fields(2, [&] {
    value.number = in.uint();
    value.type = in.name();
    if (in.more()) value.produced_by = in.text();
    if (in.more()) value.correlation = in.text();
    if (in.more()) value.run = in.optional_id<run_id>();
    if (in.more()) in.texts(value.tagged);
    if (in.more()) value.limit = in.as_uint<std::uint32_t>();
    if (in.more()) value.all_sessions = in.boolean();
    if (in.more()) value.agent = in.text();
  });
  return value;
}

query_result read_query_result(reader& in, payload_slots& payloads) {
  query_result value;
  in.fields(2, [&] {
    value.number = in.uint();
    in.list(value.artifacts, artifact_bytes_min, [&] { return read_artifact(in, payloads); });
    if (in.more()) value.truncated = in.boolean();
    if (in.more()) value.error = in.text();
  });
  return value;
}

progress read_progress(reader& in) {
  progress value;
  in.fields(5, [&] {
    value.activation = wire::read_attempt(in);
    value.agent = in.name();
    value.run = in.optional_id<run_id>();
    value.number = in.uint(std::numeric_limits<std::uint64_t>::max(), 1);
    value.text = in.text();
    if (in.ok() && value.text.size() > progress_text_bytes_max) {
      in.fail_before("a text of " + std::to_string(value.text.size()) + " bytes is over the limit of " + std::to_string(progress_text_bytes_max), errc::too_large);
    }
  });
  return value;
}

goodbye read_goodbye(reader& in) {
  goodbye value;
  in.fields(1, [&] { value.instance = in.uint(); });
  return value;
}

refused read_refused(reader& in) {
  refused value;
  in.fields(2, [&] {
    value.code = in.enumerator(wire::last_errc, errc::invalid_argument);
    value.what = in.text();
  });
  return value;
}

/// As good as a new one, with the memory of the one before.
done& fresh_done(message& out) {
  auto* const known = std::get_if<done>(&out);
  if (!known) return out.emplace<done>();
  // What every DONE has is written over.
  known->children.clear();
  known->spans.clear();
  known->runs.clear();
  known->sent_at = {};
  known->retry_after = std::chrono::nanoseconds{-1};
  return *known;
}

/// Reads into the variant itself: the frequent kinds are large, and moving them costs more than reading them.
void read_message(kind what, reader& in, payload_slots& payloads, shared_artifacts& artifacts, spare_deliveries& spare, message& out) {
  switch (what) {
    case kind::deliver: return read_deliver(in, payloads, artifacts, spare, out.emplace<deliver>());
    case kind::done: return read_dones(in, payloads, fresh_done(out));
    case kind::done_ok: return read_attempt_message(in, out.emplace<done_ok>());
    case kind::stale: return read_attempt_message(in, out.emplace<stale>());
    case kind::cancel: return read_attempt_message(in, out.emplace<cancel>());
    case kind::hello: out = read_hello(in); return;
    case kind::welcome: out = read_welcome(in); return;
    case kind::beat: out = read_beat(in); return;
    case kind::goodbye: out = read_goodbye(in); return;
    case kind::refused: out = read_refused(in); return;
    case kind::nack: out = read_nack(in); return;
    case kind::progress: out = read_progress(in); return;
    case kind::query: out = read_query(in); return;
    case kind::query_result: out = read_query_result(in, payloads); return;
    default: break;
  }
  in.fields(0, [] {});  // kinds without content
  out.emplace<hello_again>();
  if (what == kind::drain) out.emplace<drain>();
}

}  // namespace

result<void> decode(bytes_view frame, codec_limits const& limits, spare_deliveries& spare, message& out) {
  if (frame.size() > limits.message_bytes_max) return wire::over_limit(frame.size(), limits.message_bytes_max);
  auto const what = wire::read_preamble(frame);
  if (!what) return what.error();
  if (*what == kind::batch) return error{errc::bad_message, "BATCH: a batch cannot be part of another, nor taken for one message"};
  auto const name = name_of(*what);
  auto const rest = frame.subspan(wire::preamble_bytes);
  reader in{rest, {limits.list_items_max, limits.depth_max}, name, ": header"};
  payload_slots payloads{rest.size()};
  shared_artifacts artifacts;  // Outlives the filling of payloads: no delivery need refer to an artifact.
  read_message(*what, in, payloads, artifacts, spare, out);
  if (!in.ok()) return *in.failure();
  return payloads.fill(name, rest.subspan(in.position()));
}

result<message> decode(bytes_view frame, codec_limits const& limits) {
  spare_deliveries none;
  result<message> out{message{done_ok{}}};
  if (auto read = decode(frame, limits, none, *out); !read) out = read.error();
  return out;
}

}  // namespace skein::bus
