// Ids that are functions of what they name: the same after a crash, a retry, or on another host. Each kind hashes under a seed of its own.
#include "id_bytes.hpp"

#include <skein/registry/ids.hpp>

namespace skein {
namespace {

enum class kind : std::uint64_t { activation = 1, artifact, publish_span, invoke_span, run };

/// An id and up to two numbers as bytes to hash.
struct material {
  std::array<char, 32> bytes{};

  material(std::array<std::uint8_t, 16> const& id, std::uint64_t first, std::uint64_t second) noexcept {
    std::memcpy(bytes.data(), id.data(), 16);
    std::array<std::uint8_t, 16> numbers;
    put_big_endian(numbers.data(), first, 8);
    put_big_endian(numbers.data() + 8, second, 8);
    std::memcpy(bytes.data() + 16, numbers.data(), 16);
  }
  [[nodiscard]] std::uint64_t hash(kind k, std::uint64_t part) const noexcept {
    return stable_hash({bytes.data(), bytes.size()}, static_cast<std::uint64_t>(k) * 256 + part);
  }
};

/// A UUIDv8 (RFC 9562 §5.8): the leading 6 bytes of `from`, then 74 bits of hash.
std::array<std::uint8_t, 16> derive_uuid(std::array<std::uint8_t, 16> const& from, kind k, std::uint64_t first,
                                         std::uint64_t second) noexcept {
  material const hashed{from, first, second};
  std::array<std::uint8_t, 16> bytes = from;
  put_big_endian(bytes.data() + 6, hashed.hash(k, 0), 2);
  put_big_endian(bytes.data() + 8, hashed.hash(k, 1), 8);
  mark_uuid(bytes, 8);
  return bytes;
}

span_id derive_span(std::array<std::uint8_t, 16> const& from, kind k, std::uint64_t number) noexcept {
  std::uint64_t const hash = material{from, number, 0}.hash(k, 0);
  std::array<std::uint8_t, 8> bytes;
  put_big_endian(bytes.data(), hash != 0 ? hash : 1, 8);  // all zero means "none"
  return span_id{bytes};
}

}  // namespace

activation_id derive_activation_id(artifact_id const& newest, std::uint64_t subscription, std::uint64_t group_hash) noexcept {
  return activation_id{derive_uuid(newest.bytes(), kind::activation, subscription, group_hash)};
}

artifact_id derive_artifact_id(activation_id const& cause, std::uint64_t ordinal) noexcept {
  return artifact_id{derive_uuid(cause.bytes(), kind::artifact, ordinal, 0)};
}

run_id derive_run_id(std::uint64_t source, std::int64_t at_ns) noexcept {
  std::array<std::uint8_t, 16> bytes{};
  put_big_endian(bytes.data(), static_cast<std::uint64_t>(at_ns / 1'000'000), 6);
  material const hashed{bytes, source, static_cast<std::uint64_t>(at_ns)};
  put_big_endian(bytes.data() + 6, hashed.hash(kind::run, 0), 2);
  put_big_endian(bytes.data() + 8, hashed.hash(kind::run, 1), 8);
  mark_uuid(bytes, 7);
  return run_id{bytes};
}

span_id derive_publish_span_id(artifact_id const& artifact) noexcept { return derive_span(artifact.bytes(), kind::publish_span, 0); }

span_id derive_invoke_span_id(activation_id const& activation, std::uint32_t attempt) noexcept {
  return derive_span(activation.bytes(), kind::invoke_span, attempt);
}

}  // namespace skein
