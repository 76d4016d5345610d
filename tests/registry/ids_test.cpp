#include <skein/registry/ids.hpp>

#include <gtest/gtest.h>

#include <sstream>
#include <type_traits>
#include <unordered_set>

namespace {

using namespace skein;

constexpr std::array<std::uint8_t, 16> sixteen{0x01, 0x98, 0xc7, 0xf0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 0xab};

TEST(ids, print_uuids_with_36_characters) {
  run_id const id{sixteen};
  EXPECT_EQ(id.to_string(), "0198c7f0-0000-7000-8000-0000000000ab");
  std::ostringstream out;
  out << id;
  EXPECT_EQ(out.str(), id.to_string());
}

TEST(ids, print_trace_and_span_ids_as_plain_hex) {
  EXPECT_EQ(trace_id{sixteen}.to_string(), "0198c7f00000700080000000000000ab");
  EXPECT_EQ((span_id{std::array<std::uint8_t, 8>{0, 1, 2, 3, 0xfc, 0xfd, 0xfe, 0xff}}.to_string()), "00010203fcfdfeff");
}

TEST(ids, parse_what_they_print) {
  EXPECT_EQ(run_id::parse("0198c7f0-0000-7000-8000-0000000000ab").value(), run_id{sixteen});
  EXPECT_EQ(trace_id::parse("0198c7f00000700080000000000000ab").value(), trace_id{sixteen});
}

TEST(ids, refuse_every_other_form) {
  for (auto text :
       {"", "0198c7f0", "0198c7f00000700080000000000000ab", "0198C7F0-0000-7000-8000-0000000000AB", "0198c7f0-0000-7000-8000-0000000000a",
        "0198c7f0-0000-7000-8000-0000000000abc", "0198c7f0x0000-7000-8000-0000000000ab", "0198c7f0-0000-7000-8000-00000000-0ab",
        "g198c7f0-0000-7000-8000-0000000000ab", "00000000-0000-0000-0000-000000000000"}) {
    auto const parsed = run_id::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code(), errc::invalid_argument);
    EXPECT_NE(parsed.error().message().find(text), std::string::npos);
  }
  EXPECT_FALSE(span_id::parse("0000000000000000"));
  EXPECT_FALSE(trace_id::parse("0198c7f0-0000-7000-8000-0000000000ab"));
}

TEST(ids, order_by_their_bytes_and_know_none) {
  run_id const smaller{{1}}, larger{{2}};
  EXPECT_LT(smaller, larger);
  EXPECT_LT(smaller.to_string(), larger.to_string());
  EXPECT_TRUE(run_id{}.empty());
  EXPECT_FALSE(run_id{});
  EXPECT_TRUE(larger);
}

TEST(ids, compare_as_their_bytes_do) {
  static_assert(run_id{{1}} > run_id{{0, 9}} && run_id{{1}} == run_id{{1}} && !run_id{{1}}.empty() && run_id{}.empty());
  run_id const middle{{8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8}};
  for (std::size_t at = 0; at < run_id::size_bytes; ++at) {
    auto less = middle.bytes();
    less[at] = 7;
    if (at + 1 < less.size()) less[at + 1] = 200;
    EXPECT_LT(run_id{less}, middle) << at;
    EXPECT_GT(middle, run_id{less}) << at;
    EXPECT_NE(run_id{less}, middle) << at;
  }
}

TEST(ids, are_types_of_their_own_and_hashable) {
  static_assert(!std::is_convertible_v<run_id, trace_id>);
  static_assert(!std::is_convertible_v<artifact_id, activation_id>);
  static_assert(std::is_trivially_copyable_v<span_id>);
  id_generator random{1};
  std::unordered_set<artifact_id> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(artifact_id{random.uuid_v7(5'000'000)});
  EXPECT_EQ(seen.size(), 1000u);
}

TEST(ids, give_a_run_its_trace_id) { EXPECT_EQ(trace_of(run_id{sixteen}), trace_id{sixteen}); }

}  // namespace
