// One message of every kind with every field set, and small ones: the subjects of the codec's tests.
#pragma once

#include <skein/bus/message.hpp>

#include <string>
#include <vector>

namespace skein::bus::testing {

struct sample_message {
  std::string name;
  message value;
};

/// Fixed content, the same on every machine.
[[nodiscard]] std::vector<sample_message> sample_messages();

/// An id whose bytes count up from `first`.
template <class Id>
[[nodiscard]] Id sample_id(std::uint8_t first) {
  std::array<std::uint8_t, Id::size_bytes> raw{};
  for (auto& one : raw) one = first++;
  return Id{raw};
}

/// Bytes of a payload that reads as msgpack {"n": number}.
[[nodiscard]] payload sample_payload(std::uint8_t number);

}  // namespace skein::bus::testing
