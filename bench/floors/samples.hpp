// The values that are encoded and decoded, by us and by the floor.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace floors {

/// An order of about 200 bytes: three texts, two integers, a float, a bool and a list of four texts.
template <class Order>
Order sample_order() {
  return {"Ada Lovelace",
          "12 St James's Square, second floor",
          "London",
          123'456,
          2.75,
          true,
          {"punched cards", "a difference engine, used", "tea", "a book on poetical science"},
          1'234'567'890'123};
}

/// What stands in the messages of one hop.
inline constexpr std::string_view sample_type = "bench.summary", sample_agent = "summarizer", sample_next_type = "bench.insight",
                                  sample_run = "01932f7e-6b1a-7c3d-8e4f-5a6b7c8d9e0f";
inline constexpr std::int64_t sample_time_ns = 1'790'000'000'000'000'000;
inline constexpr std::size_t sample_payload_bytes = 200;

/// Bytes of an id.
template <std::size_t Size>
constexpr std::array<std::uint8_t, Size> sample_id(std::uint8_t first) {
  std::array<std::uint8_t, Size> bytes{};
  for (auto& one : bytes) one = first++;
  return bytes;
}

}  // namespace floors
