// skein_sim --seeds 1..1000 | --seed K [--log] [--steps N]: exits 1 when a promise was broken, naming the seed and how to run it again.
#include "simulator.hpp"

#include <charconv>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>

namespace {

struct arguments {
  std::uint64_t first = 1, last = 100;
  skein::sim::seed_options options;
};

bool read_number(std::string_view text, std::uint64_t& into) {
  auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), into);
  return failed == std::errc{} && end == text.data() + text.size();
}

std::optional<arguments> read(int argc, char** argv) {
  arguments given;
  for (int i = 1; i < argc; ++i) {
    std::string_view const flag = argv[i];
    if (flag == "--log") {
      given.options.log = true;
      continue;
    }
    if (i + 1 == argc) return std::nullopt;
    std::string_view const value = argv[++i];
    if (flag == "--seed" && read_number(value, given.first)) {
      given.last = given.first;
    } else if (flag == "--seeds") {
      auto const dots = value.find("..");
      if (dots == value.npos || !read_number(value.substr(0, dots), given.first) || !read_number(value.substr(dots + 2), given.last)) return std::nullopt;
    } else if (flag != "--steps" || !read_number(value, given.options.steps)) {
      return std::nullopt;
    }
  }
  return given;
}

}  // namespace

int main(int argc, char** argv) {
  auto const given = read(argc, argv);
  if (!given) {
    std::fprintf(stderr, "usage: %s [--seeds FIRST..LAST | --seed N] [--steps N] [--log]\n", argv[0]);
    return 2;
  }
  std::uint64_t steps = 0, activations = 0;
  for (std::uint64_t seed = given->first; seed <= given->last; ++seed) {
    auto const result = skein::sim::simulate(seed, given->options);
    steps += result.steps;
    activations += result.activations;
    if (!result.broken.empty()) {
      std::printf("seed %llu broke a promise after %llu steps: %s\n(%s)\nagain: %s\n", static_cast<unsigned long long>(seed),
                  static_cast<unsigned long long>(result.steps), result.broken.c_str(), result.rates.c_str(),
                  skein::sim::replay_command(seed, given->options).c_str());
      return 1;
    }
    if (seed % 1000 == 0) std::printf("%llu seeds\n", static_cast<unsigned long long>(seed));
  }
  std::printf("seeds %llu..%llu: %llu steps, %llu activations, every promise held\n", static_cast<unsigned long long>(given->first),
              static_cast<unsigned long long>(given->last), static_cast<unsigned long long>(steps), static_cast<unsigned long long>(activations));
  return 0;
}
