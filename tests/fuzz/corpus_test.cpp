// Every input that is kept is tried in every build: seeds, and what fuzzers found.
#include "targets.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

std::vector<std::uint8_t> read_all(fs::path const& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

class corpus : public testing::TestWithParam<skein::fuzz::target> {};

TEST_P(corpus, breaks_no_promise_of_its_decoder) {
  fs::path const folder = fs::path{SKEIN_FUZZ_CORPUS} / GetParam().name;
  std::size_t inputs = 0;
  for (auto const& entry : fs::directory_iterator{folder}) {
    SCOPED_TRACE(entry.path().filename().string());
    auto const input = read_all(entry.path());
    GetParam().run(input);
    ++inputs;
  }
  EXPECT_GT(inputs, 0u) << folder;
}

INSTANTIATE_TEST_SUITE_P(kept, corpus, testing::ValuesIn(skein::fuzz::targets), [](auto const& one) { return std::string{one.param.name}; });

}  // namespace
