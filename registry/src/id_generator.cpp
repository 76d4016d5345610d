// Random ids. The generator is xoshiro256** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2018);
// ids need uniqueness, not secrecy.
#include "id_bytes.hpp"

#include <skein/registry/ids.hpp>

#include <sys/random.h>

#include <bit>
#include <cerrno>

namespace skein {
namespace {

constexpr std::uint32_t counter_max = 0xfff;  // rand_a of UUIDv7: 12 bits

std::array<std::uint64_t, 4> seed_from_system() {
  std::array<std::uint64_t, 4> seed{};
  ssize_t got;
  do {
    got = ::getrandom(seed.data(), sizeof seed, 0);
  } while (got < 0 && errno == EINTR);
  if (got != ssize_t{sizeof seed}) {
    throw error{errc::io_failed, std::string{"the system gives no random numbers: "} + std::strerror(errno), "getrandom"};
  }
  if (seed == std::array<std::uint64_t, 4>{}) seed[0] = 1;  // the one state that the generator cannot leave
  return seed;
}

}  // namespace

id_generator::id_generator() : state_(seed_from_system()) {}

id_generator::id_generator(std::uint64_t seed) {
  // The generator's authors advise to fill its state from another kind of generator; hashes of 0, 1, 2, 3 serve.
  for (std::uint64_t i = 0; i < state_.size(); ++i) {
    char const index = static_cast<char>(i);
    state_[i] = stable_hash({&index, 1}, seed);
  }
  if (state_ == std::array<std::uint64_t, 4>{}) state_[0] = 1;
}

std::uint64_t id_generator::next() noexcept {
  std::uint64_t const drawn = std::rotl(state_[1] * 5, 7) * 9;
  std::uint64_t const shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return drawn;
}

std::array<std::uint8_t, 16> id_generator::uuid_v7(std::int64_t now_ns) noexcept {
  std::uint64_t const now_ms = now_ns > 0 ? static_cast<std::uint64_t>(now_ns) / 1'000'000 : 0;
  if (now_ms > last_ms_) {
    last_ms_ = now_ms;
    in_ms_ = static_cast<std::uint32_t>(next() & (counter_max >> 1));  // the upper half stays free for increments
  } else if (++in_ms_ > counter_max) {
    ++last_ms_;  // RFC 9562 §6.2: a full counter borrows from the future; a clock that steps back stays here as well
    in_ms_ = 0;
  }
  return make_uuid(last_ms_, 7, in_ms_, next());
}

skein::span_id id_generator::span() noexcept {
  std::uint64_t drawn;
  do {
    drawn = next();
  } while (drawn == 0);
  std::array<std::uint8_t, 8> bytes;
  put_big_endian(bytes.data(), drawn, 8);
  return skein::span_id{bytes};
}

}  // namespace skein
