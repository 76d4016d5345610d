#include <skein/bus/codec.hpp>

#include "codec_kind.hpp"
#include "codec_values.hpp"
#include "codec_writer.hpp"

#include <skein/registry/payload.hpp>
#include <skein/registry/utf8.hpp>

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <unordered_map>
#include <variant>

namespace skein::bus {
namespace {

using wire::kind;
using wire::write;
using wire::writer;

/// Most frames fit without growing. Below what makes malloc() tidy up its small blocks.
constexpr std::size_t frame_bytes_usual = 960;
/// Of an answer that names an attempt.
constexpr std::size_t answer_bytes_usual = 48;

/// The payloads of a frame, which follow its header in the order in which the header names their lengths.
class payload_list {
 public:
  /// Writes the length into the header and remembers the bytes; `owner` names it in errors.
  void add(writer& header, payload const& value, std::string const& owner) {
    if (value.empty()) return header.uint(0);
    auto encoded = value.encoded();
    if (!encoded) {
      auto const& why = encoded.error();
      return header.fail(error{why.code(), "the payload of " + owner + " has no encoding: " + why.message(), why.where()});
    }
    header.uint(encoded->size());
    all_.push_back(*encoded);
    bytes_ += encoded->size();
  }

  [[nodiscard]] std::size_t size_bytes() const noexcept { return bytes_; }
  void append_to(writer& out) const {
    for (auto const& one : all_) out.raw(one.data(), one.size());
  }

 private:
  boost::container::small_vector<bytes_view, 8> all_;
  std::size_t bytes_ = 0;
};

void write_artifact(writer& out, payload_list& payloads, artifact_data const& value) {
  out.fields(15);
  out.id(value.id);
  out.uint(value.seq);
  out.text(value.type);
  out.uint(value.version);
  payloads.add(out, value.payload, value.type);
  out.text(value.produced_by);
  out.optional_id(value.run);
  out.text(value.correlation);
  out.optional_id(value.cause);
  out.context(value.context);
  out.sint(value.created_at.time_since_epoch().count());
  out.texts(value.tags, "tags of one artifact");
  write(out, value.visible_to);
  write(out, value.headers);
  out.boolean(value.routed);
}

void write_child(writer& out, payload_list& payloads, child const& value) {
  out.fields(8);
  out.text(value.type);
  out.uint(value.version);
  payloads.add(out, value.payload, value.type);
  out.text(value.correlation);
  out.texts(value.tags, "tags of one artifact");
  write(out, value.visible_to);
  out.context(value.context);
  write(out, value.headers);
}

// Optional elements at the end of an array that hold their defaults are left out.

bool is_set(timestamp at) { return at != timestamp{}; }

void write_time(writer& out, timestamp at) { out.sint(at.time_since_epoch().count()); }

/// Packed, where the reader knows that and all of them can be; it repairs texts that are not UTF-8.
void write_spans(writer& out, span_batch const& spans) {
  auto const packed = out.protocol() >= protocol_packed_spans ? packed_bytes(spans) : 0;
  if (packed > 0) return out.octets(packed, [&](std::byte* to) { pack(spans, to); });
  out.items(spans.size(), "spans in one message");
  for (auto const& one : spans) write(out, one);
}

void write_runs(writer& out, std::vector<run_record> const& runs) {
  out.items(runs.size(), "runs in one message");
  for (auto const& one : runs) write(out, one);
}

// ---- one function a kind: what the header holds ----

kind write_header(writer& out, payload_list&, hello const& value) {
  out.fields(is_set(value.sent_at) ? 8 : 7);
  out.uint(value.version_min);
  out.uint(value.version_max);
  out.text(value.host);
  out.uint(value.instance);
  out.uint(value.credit);
  out.items(value.agents.size(), "agents of one host");
  for (auto const& one : value.agents) write(out, one);
  out.items(value.held.size(), "held attempts of one host");
  for (auto const& one : value.held) write(out, one);
  if (is_set(value.sent_at)) write_time(out, value.sent_at);
  return kind::hello;
}

kind write_header(writer& out, payload_list&, welcome const& value) {
  out.fields(value.frame_bytes_max != 0 ? 3 : 2);
  out.uint(value.version);
  out.uint(value.instance);
  if (value.frame_bytes_max != 0) out.uint(value.frame_bytes_max);
  return kind::welcome;
}

/// The artifacts of all deliveries, each once, and where each of their inputs stands.
class artifact_table {
 public:
  explicit artifact_table(std::vector<delivery> const& deliveries) {
    for (auto const& one : deliveries) {
      for (auto const& input : one.inputs) positions_.push_back(place(input.get()));
    }
  }
  [[nodiscard]] auto const& all() const noexcept { return all_; }
  /// Of all inputs, in their order.
  [[nodiscard]] auto const& positions() const noexcept { return positions_; }

 private:
  /// So many are found by looking at each.
  static constexpr std::size_t few = 8;

  std::size_t place(artifact_data const* one) {
    // Most are younger than all before, so not among them.
    if (one->seq > newest_) return newest_ = one->seq, append(one);
    if (all_.size() <= few) {
      auto const known = static_cast<std::size_t>(std::find(all_.begin(), all_.end(), one) - all_.begin());
      return known < all_.size() ? known : append(one);
    }
    for (auto i = index_.size(); i < all_.size(); ++i) index_.emplace(all_[i], i);
    auto const known = index_.find(one);
    return known != index_.end() ? known->second : append(one);
  }
  std::size_t append(artifact_data const* one) { return all_.push_back(one), all_.size() - 1; }

  boost::container::small_vector<artifact_data const*, few> all_;
  boost::container::small_vector<std::size_t, few> positions_;
  std::uint64_t newest_ = 0;                                     // sequence number
  std::unordered_map<artifact_data const*, std::size_t> index_;  // of the first so many; made when it is asked
};

kind write_header(writer& out, payload_list& payloads, deliver const& value) {
  artifact_table const artifacts{value.deliveries};
  out.fields(3);
  out.uint(value.number);
  out.items(artifacts.all().size(), "artifacts in one DELIVER");
  for (auto const* one : artifacts.all()) write_artifact(out, payloads, *one);
  out.items(value.deliveries.size(), "deliveries in one DELIVER");
  auto position = artifacts.positions().begin();
  for (auto const& one : value.deliveries) {
    out.fields(one.deadline.count() != 0 ? 6 : 5);
    write(out, one.activation);
    out.text(one.agent);
    out.uint(one.ordinal);
    out.items(one.inputs.size(), "inputs of one delivery");
    for (std::size_t i = 0; i < one.inputs.size(); ++i) out.uint(*position++);
    out.sint(one.priority);
    if (one.deadline.count() != 0) out.sint(one.deadline.count());
  }
  return kind::deliver;
}

kind write_header(writer& out, payload_list& payloads, done const& value) {
  out.fields(1);
  out.fields(1);  // The attempts that the frame reports.
  bool const times = is_set(value.sent_at), runs = times || !value.runs.empty();
  out.fields(times ? 9 : runs ? 8 : 7);
  write(out, value.activation);
  out.enumerator(value.outcome);
  out.text(value.error_type);
  out.text(value.what);
  out.sint(value.duration_ns);
  out.items(value.children.size(), "children of one attempt");
  for (auto const& one : value.children) write_child(out, payloads, one);
  write_spans(out, value.spans);
  if (runs) write_runs(out, value.runs);
  if (times) write_time(out, value.sent_at);
  return kind::done;
}

kind write_header(writer& out, payload_list&, nack const& value) {
  out.fields(9);
  write(out, value.activation);
  out.boolean(value.fatal);
  out.sint(value.retry_after.count());
  out.text(value.error_type);
  out.text(value.what);
  out.sint(value.duration_ns);
  write_spans(out, value.spans);
  write_runs(out, value.runs);
  write_time(out, value.sent_at);
  return kind::nack;
}

kind write_header(writer& out, payload_list&, done_ok const& value) {
  out.fields(1);
  write(out, value.activation);
  return kind::done_ok;
}

kind write_header(writer& out, payload_list&, stale const& value) {
  out.fields(1);
  write(out, value.activation);
  return kind::stale;
}

kind write_header(writer& out, payload_list&, beat const& value) {
  bool const times = is_set(value.sent_at), spans = times || !value.spans.empty();
  out.fields(times ? 5 : spans ? 4 : 3);
  out.uint(value.instance);
  out.uint(value.last_number);
  out.items(value.held.size(), "held attempts of one host");
  for (auto const& one : value.held) write(out, one);
  if (spans) write_spans(out, value.spans);
  if (times) write_time(out, value.sent_at);
  return kind::beat;
}

kind write_header(writer& out, payload_list&, goodbye const& value) {
  out.fields(1);
  out.uint(value.instance);
  return kind::goodbye;
}

kind write_header(writer& out, payload_list&, hello_again const&) {
  out.fields(0);
  return kind::hello_again;
}

kind write_header(writer& out, payload_list&, refused const& value) {
  out.fields(2);
  out.enumerator(value.code);
  out.text(value.what);
  return kind::refused;
}

kind write_header(writer& out, payload_list&, drain const&) {
  out.fields(0);
  return kind::drain;
}

kind write_header(writer& out, payload_list&, cancel const& value) {
  out.fields(1);
  write(out, value.activation);
  return kind::cancel;
}

kind write_header(writer& out, payload_list&, query const& value) {
  out.fields(value.agent.empty() ? 8 : 9);
  out.uint(value.number);
  out.text(value.type);
  out.text(value.produced_by);
  out.text(value.correlation);
  out.optional_id(value.run);
  out.texts(value.tagged, "tags in one question");
  out.uint(value.limit);
  out.boolean(value.all_sessions);
  if (!value.agent.empty()) out.text(value.agent);
  return kind::query;
}

kind write_header(writer& out, payload_list&, progress const& value) {
  // Repaired first, as that may make it longer.
  auto const text = utf8::repaired(value.text);
  if (text.size() > progress_text_bytes_max) {
    out.fail(error{errc::too_large, "a progress text of " + std::to_string(text.size()) + " bytes is over the limit of " +
                                        std::to_string(progress_text_bytes_max) + "; send it in pieces"});
  }
  out.fields(5);
  write(out, value.activation);
  out.text(value.agent);
  out.optional_id(value.run);
  out.uint(value.number);
  out.text(text);
  return kind::progress;
}

kind write_header(writer& out, payload_list& payloads, query_result const& value) {
  out.fields(4);
  out.uint(value.number);
  out.items(value.artifacts.size(), "artifacts in one answer");
  for (auto const& one : value.artifacts) write_artifact(out, payloads, *one);
  out.boolean(value.truncated);
  out.text(value.error);
  return kind::query_result;
}

/// `write(writer, payload_list)` says what is in the header, and returns the kind. `usual`: so many bytes are enough for most.
template <class Write>
result<void> encode_into(bytes& frame, codec_limits const& limits, std::uint16_t protocol, std::size_t usual, Write write) {
  if (frame.size() < usual) frame.resize(usual);
  writer out{frame, wire::preamble_bytes, limits.list_items_max, protocol};
  payload_list payloads;
  auto const what = write(out, payloads);
  if (out.failure()) return *out.failure();
  auto const size = out.size() + payloads.size_bytes();
  if (size > limits.message_bytes_max) {
    return error{errc::too_large, std::string{name_of(what)} + " of " + std::to_string(size) + " bytes is over the limit of " +
                                      std::to_string(limits.message_bytes_max) + " (message_bytes_max); send smaller payloads"};
  }
  wire::write_preamble(frame, what);
  payloads.append_to(out);
  return {};
}

/// A message of one kind.
template <class Message>
result<void> encode_one(Message const& value, codec_limits const& limits, std::uint16_t protocol, bytes& frame) {
  return encode_into(frame, limits, protocol, frame_bytes_usual, [&](writer& out, payload_list& payloads) { return write_header(out, payloads, value); });
}

}  // namespace

result<void> encode(message const& value, codec_limits const& limits, std::uint16_t protocol, bytes& frame) {
  bool const is_answer = std::holds_alternative<done_ok>(value) || std::holds_alternative<stale>(value);
  return encode_into(frame, limits, protocol, is_answer ? answer_bytes_usual : frame_bytes_usual, [&](writer& out, payload_list& payloads) {
    return std::visit([&](auto const& one) { return write_header(out, payloads, one); }, value);
  });
}

result<void> encode(done const& value, codec_limits const& limits, std::uint16_t protocol, bytes& frame) { return encode_one(value, limits, protocol, frame); }
result<void> encode(deliver const& value, codec_limits const& limits, std::uint16_t protocol, bytes& frame) { return encode_one(value, limits, protocol, frame); }

result<bytes> encode(message const& value, codec_limits const& limits, std::uint16_t protocol) {
  bytes frame;
  if (auto const done = encode(value, limits, protocol, frame); !done) return done.error();
  return frame;
}

}  // namespace skein::bus
