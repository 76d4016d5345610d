#include <skein/registry/payload_reader.hpp>

#include <skein/registry/utf8.hpp>

#include "msgpack_tree.hpp"

#include <cmath>
#include <limits>

namespace skein::codec {
namespace {

bool is_integer(msgpack_node const& node) noexcept { return node.kind == node_kind::positive || node.kind == node_kind::negative; }

std::string integer_text(msgpack_node const& node) {
  return node.kind == node_kind::positive ? std::to_string(node.positive) : std::to_string(node.negative);
}

bool out_of_range(codec_fault& fault, msgpack_node const& node, std::string const& min, std::string const& max) {
  return fault.fail(integer_text(node) + " is out of range: the field holds " + min + " to " + max);
}

}  // namespace

payload_reader::payload_reader(msgpack_tree const& tree) noexcept : tree_(tree), at_(tree.root()) {}

std::string_view payload_reader::text_of(msgpack_node const& node) const noexcept { return tree_.text(node.range); }

bool payload_reader::expected(char const* what) { return fault.fail(std::string{"expected "} + what + ", found " + found(tree_, *at_)); }

bool payload_reader::take_nil() noexcept {
  if (at_->kind != node_kind::nil) return false;
  ++at_;
  return true;
}

bool payload_reader::read_boolean(bool& to) {
  if (at_->kind != node_kind::boolean) return expected("a boolean");
  to = at_++->boolean;
  return true;
}

bool payload_reader::read_int(std::int64_t& to, std::int64_t min, std::int64_t max) {
  if (!is_integer(*at_)) return expected("an integer");
  bool const fits = at_->kind == node_kind::positive ? at_->positive <= static_cast<std::uint64_t>(max) : at_->negative >= min;
  if (!fits) return out_of_range(fault, *at_, std::to_string(min), std::to_string(max));
  to = at_->kind == node_kind::positive ? static_cast<std::int64_t>(at_->positive) : at_->negative;
  ++at_;
  return true;
}

bool payload_reader::read_uint(std::uint64_t& to, std::uint64_t max) {
  if (!is_integer(*at_)) return expected("an integer");
  if (at_->kind == node_kind::negative || at_->positive > max) return out_of_range(fault, *at_, "0", std::to_string(max));
  to = at_++->positive;
  return true;
}

bool payload_reader::read_double(double& to) {
  switch (at_->kind) {
    case node_kind::float32:
    case node_kind::float64:
      to = at_->real;
      break;
    case node_kind::positive:
      to = static_cast<double>(at_->positive);
      break;
    case node_kind::negative:
      to = static_cast<double>(at_->negative);
      break;
    default:
      return expected("a float");
  }
  ++at_;
  return true;
}

bool payload_reader::read_float(float& to) {
  double wide = 0;
  if (!read_double(wide)) return false;
  // A little above the largest float still rounds to it; from half a step on it would become infinite.
  if (std::isfinite(wide) && std::abs(wide) >= 0x1.ffffffp127) return fault.fail("the number is too large for a 32-bit float");
  to = static_cast<float>(wide);
  return true;
}

bool payload_reader::read_time(std::int64_t& since_epoch_ns) {
  timestamp_parts time;
  if (!read_timestamp(tree_, *at_, time)) return expected("a timestamp");
  // Counted from the next second when negative, so that the earliest representable time does not overflow on the way.
  std::int64_t seconds = time.seconds;
  std::int64_t rest = time.nanoseconds;
  if (seconds < 0) {
    ++seconds;
    rest -= 1'000'000'000;
  }
  std::int64_t ns = 0;
  if (__builtin_mul_overflow(seconds, std::int64_t{1'000'000'000}, &ns) || __builtin_add_overflow(ns, rest, &ns)) {
    return fault.fail("the timestamp is outside the years 1678 to 2261, which 64 bits of nanoseconds can hold");
  }
  since_epoch_ns = ns;
  ++at_;
  return true;
}

bool payload_reader::read_text(std::string_view& to) {
  if (at_->kind != node_kind::text) return expected("a string");
  std::string_view const text = text_of(*at_);
  if (!utf8::is_valid(text)) return fault.fail("the string is not UTF-8");
  to = text;
  ++at_;
  return true;
}

bool payload_reader::read_binary(bytes_view& to) {
  if (at_->kind != node_kind::binary) return expected("bytes");
  to = tree_.content(*at_++);
  return true;
}

bool payload_reader::begin_array(std::size_t& count) {
  if (at_->kind != node_kind::array) return expected("an array");
  count = at_++->count;
  return true;
}

bool payload_reader::begin_map(std::size_t& count) {
  if (at_->kind != node_kind::map) return expected("a map");
  count = at_++->count;
  return true;
}

bool payload_reader::read_fields(void* object, field_span fields) {
  if (at_->kind != node_kind::map) return expected("a map");
  msgpack_node const& map = *at_++;
  std::size_t next = 0;    // the field that comes now if the sender declared the same order
  std::uint64_t seen = 0;  // one bit for each of at most 64 fields
  bool skipped = false;
  for (std::uint32_t i = 0; i < map.count; ++i) {
    if (!read_field(object, fields, next, seen, skipped)) return false;
  }
  return !skipped || check_keys(tree_, map, fault);  // known fields were told apart by `seen`
}

bool payload_reader::read_field(void* object, field_span fields, std::size_t& next, std::uint64_t& seen, bool& skipped) {
  if (at_->kind != node_kind::text) return fault.fail("a field name must be a string, found " + found(tree_, *at_));
  std::string_view const name = text_of(*at_);
  std::size_t index = next;
  if (index >= fields.size() || fields[index].name != name) {
    for (index = 0; index < fields.size() && fields[index].name != name; ++index) {
    }
  }
  ++at_;
  if (index == fields.size()) {
    skipped = true;
    if (!check_value(tree_, *at_, fault)) return fault.at_field(name);
    at_ = at_->next();
    return true;
  }
  std::uint64_t const bit = std::uint64_t{1} << index;
  if ((seen & bit) != 0) return fault.fail("the field comes twice"), fault.at_field(name);
  seen |= bit;
  next = index + 1;
  return fields[index].read(*this, object) || fault.at_field(name);
}

result<void> decode_record(std::string_view type, bytes_view encoded, void* object, field_span fields) {
  msgpack_tree tree;
  codec_fault unparsed;
  if (!tree.parse(encoded, unparsed)) return unparsed.to_error(type);
  payload_reader from{tree};
  if (!from.read_fields(object, fields)) return from.fault.to_error(type);
  return {};
}

}  // namespace skein::codec
