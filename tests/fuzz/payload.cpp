#include "check.hpp"
#include "targets.hpp"

#include <skein/artifact.hpp>
#include <skein/registry/json.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace skein::fuzz {

namespace {

enum class colour : std::uint8_t { red = 0, green, blue };

struct inner {
  std::string text;
  std::optional<double> weight;
  std::vector<inner> nested;
  SKEIN_FIELDS(text, weight, nested)
};

/// A field of every kind.
struct everything {
  bool flag = false;
  std::int8_t small = 0;
  std::int64_t big = 0;
  std::uint64_t natural = 0;
  float single = 0;
  double number = 0;
  std::string text;
  bytes raw;
  colour shade = colour::red;
  std::chrono::system_clock::time_point when;
  std::chrono::milliseconds wait{0};
  std::optional<std::int32_t> perhaps;
  std::vector<std::string> list;
  std::map<std::string, std::int32_t> by_name;
  std::map<std::int64_t, std::string> by_number;
  inner child;
  SKEIN_ARTIFACT("fuzz.everything", 1, flag, small, big, natural, single, number, text, raw, shade, when, wait, perhaps, list, by_name, by_number, child)
};

}  // namespace

void payload(bytes_in data) {
  auto const view = std::as_bytes(data);
  auto const value = value_of<everything>(skein::payload{bytes(view.begin(), view.end())});
  if (!value) return;
  auto const written = make_payload(everything{**value});
  auto const encoded = written.encoded();
  promise(encoded.ok(), "a value that was read can be written");
  auto const again = value_of<everything>(skein::payload{bytes(encoded->begin(), encoded->end())});
  promise(again.ok(), "a value that was written can be read");
  auto const twice = make_payload(everything{**again});
  auto const rewritten = twice.encoded();
  promise(rewritten.ok() && bytes(rewritten->begin(), rewritten->end()) == bytes(encoded->begin(), encoded->end()), "reading and writing settle after one round");
}

void msgpack_json(bytes_in data) {
  (void)msgpack_to_json(std::as_bytes(data));
}

void json(bytes_in data) {
  auto const read = payload_from_json(type_of<everything>(), {reinterpret_cast<char const*>(data.data()), data.size()});
  if (!read) return;
  auto const encoded = read->encoded();
  promise(encoded.ok(), "a payload made of JSON can be written");
  auto const text = msgpack_to_json(*encoded);
  promise(text.ok(), "a payload made of JSON can be shown");
}

}  // namespace skein::fuzz
