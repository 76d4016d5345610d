// Ids that are functions of what they name: the same after a crash, a retry, or on another host. Each kind hashes under a seed of its own.
#include "id_bytes.hpp"
#include "stable_hash.hpp"

#include <skein/registry/ids.hpp>

#include <bit>

namespace skein {
namespace {

enum class kind : std::uint64_t { activation = 1, artifact, publish_span, invoke_span, run };

/// Eight bytes as the little-endian word that stable_hash reads them as.
std::uint64_t word_at(std::uint8_t const* from) noexcept {
  std::uint64_t word;
  std::memcpy(&word, from, 8);
  return std::endian::native == std::endian::little ? word : __builtin_bswap64(word);
}

/// The stable_hash of 32 bytes, an id and two big-endian numbers, for as many seeds as are asked for.
class material {
 public:
  material(std::array<std::uint8_t, 16> const& id, std::uint64_t first, std::uint64_t second) noexcept
      : words_{hashing::mix(word_at(id.data())), hashing::mix(word_at(id.data() + 8)), hashing::mix(__builtin_bswap64(first)),
               hashing::mix(__builtin_bswap64(second))} {}

  template <kind Kind, std::uint64_t Part>
  [[nodiscard]] std::uint64_t hash() const noexcept {
    constexpr std::uint64_t begin = hashing::begin(static_cast<std::uint64_t>(Kind) * 256 + Part, 32);
    std::uint64_t state = begin;
    for (auto const word : words_) state = hashing::absorb(state, word);
    return hashing::finish(state);
  }

 private:
  std::array<std::uint64_t, 4> words_;
};

/// A UUIDv8 (RFC 9562 §5.8): the leading 6 bytes of `from`, then 74 bits of hash.
template <kind Kind>
std::array<std::uint8_t, 16> derive_uuid(std::array<std::uint8_t, 16> const& from, std::uint64_t first, std::uint64_t second) noexcept {
  material const hashed{from, first, second};
  std::uint64_t const leading = __builtin_bswap64(word_at(from.data())) >> 16;
  return make_uuid(leading, 8, hashed.hash<Kind, 0>(), hashed.hash<Kind, 1>());
}

template <kind Kind>
span_id derive_span(std::array<std::uint8_t, 16> const& from, std::uint64_t number) noexcept {
  std::uint64_t const hash = material{from, number, 0}.hash<Kind, 0>();
  std::array<std::uint8_t, 8> bytes;
  put_big_endian(bytes.data(), hash != 0 ? hash : 1, 8);  // all zero means "none"
  return span_id{bytes};
}

}  // namespace

activation_id derive_activation_id(artifact_id const& newest, std::uint64_t subscription, std::uint64_t group_hash) noexcept {
  return activation_id{derive_uuid<kind::activation>(newest.bytes(), subscription, group_hash)};
}

artifact_id derive_artifact_id(activation_id const& cause, std::uint64_t ordinal) noexcept {
  return artifact_id{derive_uuid<kind::artifact>(cause.bytes(), ordinal, 0)};
}

run_id derive_run_id(std::uint64_t source, std::int64_t at_ns) noexcept {
  std::array<std::uint8_t, 16> bytes{};
  put_big_endian(bytes.data(), static_cast<std::uint64_t>(at_ns / 1'000'000), 6);
  material const hashed{bytes, source, static_cast<std::uint64_t>(at_ns)};
  return run_id{make_uuid(static_cast<std::uint64_t>(at_ns / 1'000'000), 7, hashed.hash<kind::run, 0>(), hashed.hash<kind::run, 1>())};
}

span_id derive_publish_span_id(artifact_id const& artifact) noexcept { return derive_span<kind::publish_span>(artifact.bytes(), 0); }

span_id derive_invoke_span_id(activation_id const& activation, std::uint32_t attempt) noexcept {
  return derive_span<kind::invoke_span>(activation.bytes(), attempt);
}

}  // namespace skein
