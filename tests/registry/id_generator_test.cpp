#include <skein/registry/ids.hpp>

#include <gtest/gtest.h>

namespace {

using namespace skein;

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t today = 1'700'000'000'000 * ms;

TEST(id_generator, repeats_a_seeded_stream_and_differs_between_seeds) {
  id_generator a{7}, b{7}, c{8};
  auto const first = a.next();
  EXPECT_EQ(first, b.next());
  EXPECT_NE(first, c.next());
  EXPECT_NE(first, a.next());
}

TEST(id_generator, is_seeded_differently_by_the_system_each_time) {
  id_generator a, b;
  EXPECT_NE(a.next(), b.next());
}

TEST(id_generator, puts_milliseconds_version_and_variant_into_uuids) {
  id_generator random{1};
  auto const bytes = random.uuid_v7(today + 999'999);
  EXPECT_EQ(run_id{bytes}.to_string().substr(0, 13), "018bcfe5-6800");  // 1 700 000 000 000 ms
  EXPECT_EQ(bytes[6] >> 4, 7);
  EXPECT_EQ(bytes[8] >> 6, 2);
}

TEST(id_generator, uuids_grow_strictly_within_a_millisecond) {
  id_generator random{1};
  run_id last;
  for (int i = 0; i < 20'000; ++i) {  // more than the 12 bits of the counter
    run_id const next{random.uuid_v7(today)};
    ASSERT_LT(last, next) << i;
    last = next;
  }
}

TEST(id_generator, uuids_grow_strictly_when_the_clock_steps_back) {
  id_generator random{1};
  run_id const before{random.uuid_v7(today)};
  run_id const after{random.uuid_v7(today - 3'600'000 * ms)};
  EXPECT_LT(before, after);
  EXPECT_LT(after, run_id{random.uuid_v7(today + ms)});
}

TEST(id_generator, takes_times_before_the_epoch_as_the_epoch) {
  id_generator random{1};
  auto const bytes = random.uuid_v7(-5);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(bytes[static_cast<std::size_t>(i)], 0);
}

TEST(id_generator, makes_span_ids_that_differ) {
  id_generator random{1};
  EXPECT_NE(random.span(), random.span());
  EXPECT_FALSE(random.span().empty());
}

}  // namespace
