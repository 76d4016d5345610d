#include "msgpack_walk.hpp"

#include <bit>

namespace skein::codec {
bool msgpack_walk::take_bytes(std::uint64_t size, std::string_view& to) noexcept {
  if (static_cast<std::uint64_t>(end_ - at_) < size) return false;
  to = {at_, static_cast<std::size_t>(size)};
  at_ += size;
  return true;
}

bool msgpack_walk::take(walked_value& to) noexcept {
  msgpack_format head;
  if (!take_format(at_, end_, head)) return false;
  to = {};
  switch (head.kind) {
    case node_kind::nil:
      to.kind = walked_kind::nil;
      return true;
    case node_kind::boolean:
      to.kind = walked_kind::boolean;
      to.boolean = head.number != 0;
      return true;
    case node_kind::positive:
      to.kind = walked_kind::integer;
      to.integer = head.number;
      return true;
    case node_kind::negative:
      to.kind = walked_kind::integer;
      to.integer = static_cast<std::int64_t>(head.number);
      return true;
    case node_kind::float32:
      to.kind = walked_kind::real;
      to.real = static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(head.number)));
      return true;
    case node_kind::float64:
      to.kind = walked_kind::real;
      to.real = std::bit_cast<double>(head.number);
      return true;
    case node_kind::text:
    case node_kind::binary:
      to.kind = head.kind == node_kind::text ? walked_kind::text : walked_kind::binary;
      return take_bytes(head.number, to.text);
    case node_kind::array:
    case node_kind::map:
      to.kind = head.kind == node_kind::array ? walked_kind::array : walked_kind::map;
      to.count = static_cast<std::uint32_t>(head.number);
      return true;
    case node_kind::extension:
      break;
  }
  std::string_view type, data;
  if (!take_bytes(1, type) || !take_bytes(head.number, data)) return false;
  timestamp_parts time;
  bool const is_time = static_cast<signed char>(type.front()) == timestamp_type && read_timestamp(data, time);
  to.kind = is_time ? walked_kind::integer : walked_kind::other;
  if (is_time) to.integer = wide_int{time.seconds} * 1'000'000'000 + time.nanoseconds;
  return true;
}

bool msgpack_walk::skip(std::uint64_t count) noexcept {
  walked_value one;
  for (; count > 0; --count) {
    if (count > static_cast<std::uint64_t>(end_ - at_) || !take(one)) return false;   // every value takes a byte
    count += one.children();
  }
  return true;
}

}  // namespace skein::codec
