// What decode and encode refuse, and how they say so.
#include <skein/bus/codec.hpp>

#include "support/codec_frames.hpp"
#include "support/golden_frames.hpp"
#include "support/sample_messages.hpp"

#include <gtest/gtest.h>

namespace skein::bus {
namespace {

using namespace testing;

// ---- subscriptions and conditions that have no meaning ----

/// The refusal of a HELLO whose one agent has this one subscription (hex); without the place of the subscription.
std::string refusal_of(std::string const& subscription) {
  auto const all = refusal(frame("01", "970101a168010091" "96a161a091" + subscription + "90" "960101000100" "00" "01" "90"));
  constexpr std::string_view place = "HELLO: header[5][0][2][0]";
  return all.starts_with(place) ? all.substr(place.size()) : all;
}

TEST(codec, refuses_subscriptions_that_have_no_meaning) {
  std::string const plain = "9090c200c2";                // from, tagged, has_predicate, priority, self_trigger
  std::string const t = "91a174", ab = "92a161a162", tick = "91aa736b65696e2e7469636b";
  EXPECT_EQ(refusal_of("9800" + t + "00" + plain), "");
  EXPECT_EQ(refusal_of("9800" + ab + "00" + plain), "[2]: grouping single takes one type");
  EXPECT_EQ(refusal_of("98009001" + plain), "[1]: a subscription needs a type");
  EXPECT_EQ(refusal_of("98009002" + plain), "[1]: a subscription needs a type");
  EXPECT_EQ(refusal_of("9800" + t + "04" + plain), "[2]: must lie between 0 and 3");
  EXPECT_EQ(refusal_of("9a00" + ab + "02" + plain + "90" "91a178"), "[9]: a join has one key for each of its types");
  EXPECT_EQ(refusal_of("9a00" + ab + "02" + plain + "90" "92a178a179"), "");
  EXPECT_EQ(refusal_of("9a00" + ab + "01" + plain + "90" "92a178a179"), ": keys need grouping join");
  EXPECT_EQ(refusal_of("9b00" + ab + "01" + plain + "9090" "ff"), "[10]: must lie between 0 and 9223372036854775807");
  EXPECT_EQ(refusal_of("9b00" + t + "00" + plain + "9090" "05"), ": a limit of waiting needs grouping all or join");
  EXPECT_EQ(refusal_of("9e00" + t + "00" + plain + "90900000" "00" "05"), ": the age of a batch needs its size");
  EXPECT_EQ(refusal_of("dc001000" + ab + "01" + plain + "90900000" "00" "00" "c2" "a178"), ": only single artifacts can be competed for");
  EXPECT_EQ(refusal_of("dc001000" + t + "00" + plain + "90900000" "02" "00" "c2" "a178"), ": only single artifacts can be competed for");
  EXPECT_EQ(refusal_of("9800" + tick + "03" + plain), ": grouping timer needs a timer");
  EXPECT_EQ(refusal_of("9800" + t + "03" + plain), "[2]: grouping timer takes skein.tick alone");
}

TEST(codec, refuses_timers_that_have_no_meaning) {
  auto const timer = [](std::string const& grouping, std::string const& schedule) {
    return refusal_of("dc001100" "91aa736b65696e2e7469636b" + grouping + "9090c200c2" "90900000" "00" "00" "c2" "a0" + schedule);
  };
  EXPECT_EQ(timer("03", "93" "05" "00" "a0"), "");
  EXPECT_EQ(timer("03", "93" "05" "01" "a0"), "[16]: a timer has exactly one of an interval, a time and a cron text");
  EXPECT_EQ(timer("03", "93" "00" "00" "a0"), "[16]: a timer has exactly one of an interval, a time and a cron text");
  EXPECT_EQ(timer("03", "93" "ff" "00" "a0"), "[16][0]: must lie between 0 and 9223372036854775807");
  EXPECT_EQ(timer("03", "c0"), ": grouping timer needs a timer");
  EXPECT_EQ(timer("00", "93" "05" "00" "a0"), ": a timer needs grouping timer");
  EXPECT_EQ(timer("03", "93" "00" "00" "a36e6f77").find("[16][2]: "), 0u) << "what parse_cron says";
}

/// The same for the conditions (a list of nodes, hex) on the type of a subscription.
std::string refusal_of_condition(std::string const& nodes) {
  auto const all = refusal_of("9900" "91a174" "00" "9090c200c2" "91" "92a174" + nodes);
  constexpr std::string_view place = "[8][0][1]";
  return all.starts_with(place) ? all.substr(place.size()) : all;
}

TEST(codec, refuses_conditions_that_are_cut_deep_or_large) {
  std::string const leaf = "9409a1669000", exists_two = "94" "0a" "a0" "90" "02";
  EXPECT_EQ(refusal_of_condition("91" + leaf), "");
  EXPECT_EQ(refusal_of_condition("93" + exists_two + leaf + leaf), "");
  EXPECT_EQ(refusal_of_condition("90"), ": the condition ends before it is complete");
  EXPECT_EQ(refusal_of_condition("92" + exists_two + leaf), ": the condition ends before it is complete");
  EXPECT_EQ(refusal_of_condition("92" + leaf + leaf), "[1]: the condition is complete before this part");
  EXPECT_EQ(refusal_of_condition("91" "940da0" "9000"), "[0][0]: must lie between 0 and 12");
  EXPECT_EQ(refusal_of_condition("91" "9400a166" "91c0" "00"), "[0][2][0]: expected a bool, an integer, a float or a string");
  EXPECT_EQ(refusal_of_condition("91" "9409a1f8" "9000"), "[0][1]: the string is not UTF-8");
  // A chain of nodes with one operand each.
  std::string chain;
  for (std::size_t i = 0; i <= field_expression_depth_max; ++i) chain += "94" "0c" "a0" "90" "01";
  EXPECT_EQ(refusal_of_condition("dc0022" + chain + leaf), "[31][3]: the condition is nested deeper than 32");
  std::string many;
  for (std::size_t i = 0; i < field_expression_nodes_max; ++i) many += leaf;
  EXPECT_EQ(refusal_of_condition("dc0401" "94" "0a" "a0" "90" "cd0400" + many), "[0]: a condition of more than 1024 parts");
}

TEST(codec, refuses_a_condition_that_field_does_not_accept) {
  EXPECT_NE(refusal_of_condition("91" "9409a0" "9000"), "") << "no path";
  EXPECT_NE(refusal_of_condition("91" "9400a166" "90" "00"), "") << "a comparison with nothing";
  hello value{.host = "h", .instance = 1};
  value.agents.push_back({.name = "a", .subscriptions = {{.types = {"t"}, .filters = {{"t", {field_op::equal, "", {true}, {}}}}}}});
  auto const frame_bytes = encode(value);
  ASSERT_FALSE(frame_bytes);
  EXPECT_EQ(frame_bytes.error().code(), errc::invalid_argument);
}

TEST(codec, refuses_a_condition_on_a_type_that_the_subscription_does_not_take) {
  EXPECT_EQ(refusal_of("9900" "91a174" "00" "9090c200c2" "91" "92a175" "91" "9409a1669000"), "[8][0][0]: the subscription does not take artifacts of this type");
}

TEST(codec, refuses_rules_that_have_no_meaning) {
  auto const rules = [](std::string const& all) { return refusal(frame("01", "970101a168010091" "97a161a090" "90" "960101000100" "00" "01" + all + "90")); };
  EXPECT_EQ(rules("96" "90" "a0" "00" "920000" "920001" "00"), "");
  EXPECT_EQ(rules("96" "90" "a0" "ff" "920000" "920001" "00"), "HELLO: header[5][0][6][2]: must lie between 0 and 9223372036854775807");
  EXPECT_EQ(rules("96" "90" "a0" "00" "9200ff" "920001" "00"), "HELLO: header[5][0][6][3][1]: must lie between 0 and 9223372036854775807");
  EXPECT_EQ(rules("96" "90" "a0" "00" "920000" "920000" "00"), "HELLO: header[5][0][6][4][1]: must lie between 1 and 9223372036854775807");
}

TEST(codec, bounds_the_text_of_progress_on_both_sides) {
  progress value{{7, sample_id<activation_id>(0x10), 2}, "a", {}, 1, std::string(progress_text_bytes_max, 'x')};
  EXPECT_TRUE(decode(encode(value).value()));
  value.text += 'x';
  EXPECT_EQ(encode(value).error().code(), errc::too_large);
  std::string hex = "95" + attempt_of(some_id) + "a161c001" "db00010001";
  for (std::size_t i = 0; i <= progress_text_bytes_max; ++i) hex += "78";
  EXPECT_EQ(refusal(frame("15", hex)), "PROGRESS: header[4]: a text of 65537 bytes is over the limit of 65536");
  EXPECT_EQ(refusal(frame("15", "95" + attempt_of(some_id) + "a161c000" "a0")), "PROGRESS: header[3]: must lie between 1 and 18446744073709551615");
}

TEST(codec, refuses_a_nack_that_asks_for_the_past) {
  EXPECT_EQ(refusal(frame("10", "95" + attempt_of(some_id) + "c2ffa0a0")), "NACK: header[2]: must lie between 0 and 9223372036854775807");
}

TEST(codec, refuses_a_frame_that_is_cut_anywhere) {
  for (auto const& one : golden_frames()) {
    auto const whole = from_hex(one.hex);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_FALSE(decode(bytes_view{whole}.first(size))) << one.name << " cut to " << size;
    }
  }
}

TEST(codec, refuses_trailing_bytes) {
  for (auto const& one : golden_frames()) {
    auto longer = from_hex(one.hex);
    longer.push_back(std::byte{0});
    auto const value = decode(longer);
    ASSERT_FALSE(value) << one.name;
    EXPECT_EQ(value.error().code(), errc::bad_message);
  }
}

TEST(codec, refuses_what_is_no_frame) {
  EXPECT_EQ(refusal(""), "a frame of 0 bytes is shorter than its preamble");
  EXPECT_EQ(refusal("474554202f20485454502f312e310d0a"), "preamble: the peer does not speak the Skein protocol");
  EXPECT_EQ(refusal(frame("63", "90")), "preamble: unknown kind 99");
  EXPECT_EQ(refusal(frame("00", "90")), "preamble: unknown kind 0");
  EXPECT_EQ(refusal("534b4e1a0001090190"), "HELLO_AGAIN: unknown flags 1");
}

TEST(codec, refuses_a_newer_frame_version_as_such) {
  auto const value = decode(from_hex("534b4e1a0002090090"));
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code(), errc::unsupported_version);
}

TEST(codec, answers_reserved_kinds_as_unsupported) {
  EXPECT_EQ(refusal(frame("13", "90")), "PUBLISH: unsupported kind; it is reserved");
  EXPECT_EQ(refusal(frame("17", "90")), "CHECKPOINT_PUT: unsupported kind; it is reserved");
  EXPECT_EQ(refusal(frame("1a", "90")), "preamble: unknown kind 26");
}

TEST(codec, says_where_a_type_is_wrong) {
  EXPECT_EQ(refusal(frame("03", "80")), "DELIVER: header: expected an array, found a map");
  EXPECT_EQ(refusal(frame("03", "930190a0")), "DELIVER: header[2]: expected an array, found a string");
  EXPECT_EQ(refusal(frame("03", "93a09090")), "DELIVER: header[0]: expected an unsigned integer, found a string");
  EXPECT_EQ(refusal(frame("06", "91" + attempt_of("a0"))), "STALE: header[0][1]: expected bin, found a string");
  EXPECT_EQ(refusal(frame("07", "930100919207c0")), "BEAT: header[2]: 1 elements do not fit into the rest of the frame");
  EXPECT_EQ(refusal(frame("08", "91c1")), "GOODBYE: header[0]: expected an unsigned integer, found the unused byte c1");
  EXPECT_EQ(refusal(frame("08", "90")), "GOODBYE: header: expected at least 1 elements, found 0");
}

TEST(codec, refuses_ids_of_zeros_and_of_other_sizes) {
  EXPECT_EQ(refusal(frame("05", "91" + attempt_of("c410" + std::string(32, '0')))), "DONE_OK: header[0][1]: an id may not be all zero");
  EXPECT_EQ(refusal(frame("05", "91" + attempt_of("c4020102"))), "DONE_OK: header[0][1]: expected 16 bytes, found 2");
}

TEST(codec, refuses_numbers_out_of_range) {
  EXPECT_EQ(refusal(frame("08", "91ff")), "GOODBYE: header[0]: must lie between 0 and 18446744073709551615");
  EXPECT_EQ(refusal(frame("02", "92ce0001000001")), "WELCOME: header[0]: must lie between 1 and 65535");
  EXPECT_EQ(refusal(frame("05", "919307" + std::string{some_id} + "00")), "DONE_OK: header[0][2]: must lie between 1 and 4294967295");
}

TEST(codec, refuses_enumerators_that_do_not_exist) {
  EXPECT_EQ(refusal(frame("04", "919195" + attempt_of(some_id) + "05a0a000")), "DONE: header[0][0][1]: must lie between 0 and 4");
  EXPECT_EQ(refusal(frame("0a", "9200a0")), "REFUSED: header[0]: must lie between 1 and 22");
}

TEST(codec, refuses_text_that_is_not_utf8) {
  EXPECT_EQ(refusal(frame("0a", "9201a2c328")), "REFUSED: header[1]: the string is not UTF-8");
  EXPECT_EQ(refusal(frame("0a", "9201a3eda080")), "REFUSED: header[1]: the string is not UTF-8");
  EXPECT_EQ(refusal(frame("0a", "9201a2c080")), "REFUSED: header[1]: the string is not UTF-8");
  EXPECT_EQ(refusal(frame("0a", "9201a4f4908080")), "REFUSED: header[1]: the string is not UTF-8");
  EXPECT_EQ(refusal(frame("0a", "9201a4f09f8d95")), "");
}

TEST(codec, refuses_several_attempts_in_one_done) {
  auto const one = "95" + attempt_of(some_id) + "00a0a000";
  EXPECT_EQ(refusal(frame("04", "9191" + one)), "");
  EXPECT_EQ(refusal(frame("04", "9192" + one + one)), "DONE: header[0][0]: a DONE of this version reports one attempt, not 2");
}

TEST(codec, refuses_deliveries_that_a_host_could_not_run) {
  auto const with_inputs = [](std::string_view inputs) {
    return refusal(frame("03", "93019091" "95" + attempt_of(some_id) + "a161" "00" + std::string{inputs} + "00"));
  };
  EXPECT_EQ(with_inputs("90"), "DELIVER: header[2][0][3]: a delivery needs an input");
  EXPECT_EQ(with_inputs("9100"), "DELIVER: header[2][0][3][0]: names artifact 0 of 0");
}

TEST(codec, lets_no_count_ask_for_more_memory_than_the_frame_has) {
  EXPECT_EQ(refusal(frame("03", "9301ddffffffff")), "DELIVER: header[1]: 4294967295 elements are more than list_items_max");
  codec_limits const wide{.list_items_max = std::size_t{1} << 40};
  EXPECT_EQ(refusal(frame("03", "9301ddffffffff"), wide), "DELIVER: header[1]: 4294967295 elements do not fit into the rest of the frame");
  EXPECT_EQ(refusal(frame("0a", "9201dbffffffff")), "REFUSED: header[1]: the frame ends inside it");
}

TEST(codec, refuses_nesting_past_the_limit) {
  std::string nested;
  for (int i = 0; i < 15; ++i) nested += "91";
  EXPECT_EQ(refusal(frame("08", "9205" + nested + "00")), "");
  EXPECT_EQ(refusal(frame("08", "9205" + nested + "9100")), "GOODBYE: header[1]: nested deeper than depth_max");
}

TEST(codec, refuses_lengths_that_do_not_meet_the_payloads) {
  // One artifact that announces 5 bytes, as the payload of a frame that has 4.
  auto const artifact = "9b" + std::string{some_id} + "01a1740105a0c0a0c0c000";
  EXPECT_EQ(refusal(frame("03", "930191" + artifact + "90" "01020304")),
            "DELIVER: the header announces 5 bytes of payload, 4 follow it");
  EXPECT_EQ(refusal(frame("03", "930191" + artifact + "90" "0102030405")), "");
}

TEST(codec, refuses_lists_over_the_limit_on_both_sides) {
  beat value{.instance = 1};
  value.held.assign(3, {1, sample_id<activation_id>(1), 1});
  codec_limits const two{.list_items_max = 2};
  auto const encoded = encode(value, two);
  ASSERT_FALSE(encoded);
  EXPECT_EQ(encoded.error().code(), errc::too_large);
  auto const refused = decode(encode(value).value(), two);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), errc::too_large);
}

TEST(codec, refuses_frames_over_the_limit_on_both_sides) {
  codec_limits const small{.message_bytes_max = 16};
  auto const encoded = encode(refused{errc::busy, "a long explanation"}, small);
  ASSERT_FALSE(encoded);
  EXPECT_EQ(encoded.error().code(), errc::too_large);
  auto const whole = encode(refused{errc::busy, "a long explanation"}).value();
  auto const back = decode(whole, small);
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code(), errc::too_large);
}

}  // namespace
}  // namespace skein::bus
