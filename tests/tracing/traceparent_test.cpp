// The cases of the Trace Context specification (§3.2) and of its test suite.
#include <skein/tracing/trace_context.hpp>

#include <gtest/gtest.h>

namespace skein {
namespace {

constexpr char const* valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

errc refused(std::string_view header) {
  auto const parsed = parse_traceparent(header);
  return parsed ? errc{} : parsed.error().code();
}

TEST(traceparent, reads_and_writes_the_example_of_the_specification) {
  auto const context = parse_traceparent(valid).value();
  EXPECT_EQ(context.trace.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(context.span.to_string(), "00f067aa0ba902b7");
  EXPECT_TRUE(context.is_sampled());
  EXPECT_EQ(to_traceparent(context), valid);
}

TEST(traceparent, keeps_the_sampled_and_the_random_flag_and_drops_others) {
  auto const flags_of = [](std::string const& flags) {
    return int{parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-" + flags).value().flags};
  };
  EXPECT_EQ(flags_of("00"), 0);
  EXPECT_EQ(flags_of("01"), 1);
  EXPECT_EQ(flags_of("02"), 2);
  EXPECT_EQ(flags_of("03"), 3);
  EXPECT_EQ(flags_of("ff"), 3);
  EXPECT_EQ(flags_of("08"), 0);
}

TEST(traceparent, refuses_version_ff) {
  EXPECT_EQ(refused("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), errc::bad_context);
}

TEST(traceparent, reads_higher_versions_by_their_first_four_fields) {
  auto const expected = parse_traceparent(valid).value();
  EXPECT_EQ(parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").value(), expected);
  EXPECT_EQ(parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-will-be-like").value(), expected);
  EXPECT_EQ(parse_traceparent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-").value(), expected);
  EXPECT_EQ(refused("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.what-the-future-will-be-like"), errc::bad_context);
  EXPECT_EQ(refused("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-011"), errc::bad_context);
}

TEST(traceparent, of_version_00_has_nothing_after_the_flags) {
  EXPECT_EQ(refused(std::string{valid} + "-"), errc::bad_context);
  EXPECT_EQ(refused(std::string{valid} + "-what-the-future-will-be-like"), errc::bad_context);
  EXPECT_EQ(refused(std::string{valid} + "1"), errc::bad_context);
}

TEST(traceparent, refuses_zero_ids) {
  EXPECT_EQ(refused("00-00000000000000000000000000000000-00f067aa0ba902b7-01"), errc::bad_context);
  EXPECT_EQ(refused("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"), errc::bad_context);
}

TEST(traceparent, refuses_upper_case) {
  EXPECT_EQ(refused("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"), errc::bad_context);
  EXPECT_EQ(refused("00-4bf92f3577b34da6a3ce929d0e0e4736-00F067AA0BA902B7-01"), errc::bad_context);
  EXPECT_EQ(refused("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0A"), errc::bad_context);
  EXPECT_EQ(refused("CC-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), errc::bad_context);
}

TEST(traceparent, refuses_fields_of_a_wrong_length_or_with_wrong_characters) {
  for (std::string_view const header : {
           "", "0", "00", "00-", "-", "---",
           "0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "000-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e47366-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b77-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-.1",
           ".0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-.bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-.0f067aa0ba902b7-01",
           "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
           " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
       }) {
    EXPECT_EQ(refused(header), errc::bad_context) << header;
  }
}

TEST(traceparent, no_mutation_of_it_crashes) {
  std::string const original = valid;
  for (std::size_t at = 0; at < original.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string mutated = original;
      mutated[at] = static_cast<char>(value);
      if (auto const context = parse_traceparent(mutated)) {
        EXPECT_TRUE(context->valid());
      }
    }
    EXPECT_FALSE(parse_traceparent(std::string_view{original}.substr(0, at)).ok());
  }
}

}  // namespace
}  // namespace skein
