#include <skein/bus/codec.hpp>

#include "support/golden_frames.hpp"
#include "support/sample_messages.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace skein::bus {
namespace {

using namespace testing;

bytes golden(std::string_view name) {
  for (auto const& one : golden_frames()) {
    if (one.name == name) return from_hex(one.hex);
  }
  throw std::logic_error{"no such golden frame"};
}

/// The message that decode refuses `hex` with; empty when it accepts.
std::string refusal(std::string_view hex, codec_limits const& limits = {}) {
  auto const decoded = decode(from_hex(hex), limits);
  return decoded ? std::string{} : decoded.error().message();
}

/// A frame of a kind around a header in hex.
std::string frame(std::string_view kind, std::string_view header) { return "534b4e1a0001" + std::string{kind} + "00" + std::string{header}; }

constexpr std::string_view some_id = "c410101112131415161718191a1b1c1d1e1f";
std::string attempt_of(std::string_view id) { return "9307" + std::string{id} + "02"; }

template <class Message>
Message decoded(bytes_view frame_bytes) {
  auto value = decode(frame_bytes);
  return std::get<Message>(value.value());
}

TEST(codec, encodes_the_golden_bytes) {
  auto const samples = sample_messages();
  auto const frames = golden_frames();
  ASSERT_EQ(samples.size(), frames.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    auto const encoded = encode(samples[i].value);
    ASSERT_TRUE(encoded) << samples[i].name << encoded.error().what();
    EXPECT_EQ(samples[i].name, frames[i].name);
    EXPECT_EQ(to_hex(*encoded), frames[i].hex) << samples[i].name;
  }
}

TEST(codec, decodes_what_it_encoded_to_the_same_bytes) {
  for (auto const& one : golden_frames()) {
    auto const value = decode(from_hex(one.hex));
    ASSERT_TRUE(value) << one.name << ": " << value.error().what();
    EXPECT_EQ(to_hex(encode(*value).value()), one.hex) << one.name;
  }
}

TEST(codec, keeps_every_field_of_a_hello) {
  auto const value = decoded<hello>(golden("hello"));
  auto const sample = std::get<hello>(sample_messages().front().value);
  EXPECT_EQ(value.host, sample.host);
  EXPECT_EQ(value.instance, sample.instance);
  EXPECT_EQ(value.credit, sample.credit);
  EXPECT_EQ(value.agents, sample.agents);
  EXPECT_EQ(value.held, sample.held);
  EXPECT_EQ(value.version_max, sample.version_max);
}

TEST(codec, keeps_every_field_of_a_delivery) {
  auto const value = decoded<deliver>(golden("deliver"));
  EXPECT_EQ(value.number, 300u);
  ASSERT_EQ(value.deliveries.size(), 2u);
  auto const& first = value.deliveries.front();
  EXPECT_EQ(first.activation, (attempt_ref{7, sample_id<activation_id>(0x10), 2}));
  EXPECT_EQ(first.agent, "pizza_master");
  EXPECT_EQ(first.ordinal, 1u);
  EXPECT_EQ(first.priority, -7);
  ASSERT_EQ(first.inputs.size(), 2u);
  auto const& artifact = *first.inputs.front();
  EXPECT_EQ(artifact.id, sample_id<artifact_id>(0x20));
  EXPECT_EQ(artifact.run, sample_id<run_id>(0x30));
  EXPECT_EQ(artifact.cause, sample_id<activation_id>(0x40));
  EXPECT_EQ(artifact.context, (span_context{sample_id<trace_id>(0x50), sample_id<span_id>(0x50), 0x03}));
  EXPECT_EQ(artifact.correlation, "order 17");
  EXPECT_EQ(artifact.visible_to->labels, (std::vector<std::string>{"gpu", "eu"}));
  EXPECT_EQ(artifact.headers->baggage, "user=42");
  EXPECT_EQ(artifact.created_at.time_since_epoch().count(), 1'700'000'000'000'000'000);
  EXPECT_FALSE(artifact.routed);
  EXPECT_EQ(to_hex(artifact.payload.encoded().value()), "81a16e05");
  EXPECT_EQ(to_hex(first.inputs.back()->payload.encoded().value()), "81a16e06");
}

TEST(codec, sends_an_artifact_of_several_deliveries_once) {
  auto const value = decoded<deliver>(golden("deliver"));
  EXPECT_EQ(value.deliveries[0].inputs[0].get(), value.deliveries[1].inputs[0].get());
}

TEST(codec, keeps_every_field_of_a_done) {
  auto const value = decoded<done>(golden("done"));
  EXPECT_EQ(value.outcome, outcome::failed);
  EXPECT_EQ(value.error_type, "std::runtime_error");
  EXPECT_EQ(value.what, "no cheese");
  EXPECT_EQ(value.duration_ns, 1'234'567);
  ASSERT_EQ(value.children.size(), 2u);
  auto const& child = value.children.front();
  EXPECT_EQ(child.type, "pizza.pizza");
  EXPECT_EQ(child.version, 2u);
  EXPECT_EQ(child.tags, (std::vector<std::string>{"hot", "new"}));
  EXPECT_EQ(child.visible_to->tenant, "acme");
  EXPECT_EQ(child.headers->tracestate, "vendor=1");
  EXPECT_EQ(to_hex(child.payload.encoded().value()), "81a16e07");
  EXPECT_TRUE(value.children.back().payload.empty());
  auto const samples = sample_messages();
  auto const sample = std::ranges::find(samples, "done", &sample_message::name);
  EXPECT_EQ(value.spans, std::get<done>(sample->value).spans);
}

TEST(codec, keeps_every_field_of_a_nack) {
  auto const value = decoded<nack>(golden("nack"));
  EXPECT_EQ(value.activation, (attempt_ref{7, sample_id<activation_id>(0x10), 2}));
  EXPECT_TRUE(value.fatal);
  EXPECT_EQ(value.retry_after, std::chrono::seconds{5});
  EXPECT_EQ(value.error_type, "rate_limited");
  EXPECT_EQ(value.what, "later");
  EXPECT_EQ(value.duration_ns, 1'234'567);
  EXPECT_EQ(value.spans.size(), 1u);
  auto const samples = sample_messages();
  EXPECT_EQ(value.runs, std::get<nack>(std::ranges::find(samples, "nack", &sample_message::name)->value).runs);
  EXPECT_EQ(value.sent_at.time_since_epoch().count(), 1'700'000'000'000'000'003);
}

TEST(codec, keeps_what_was_added_to_the_ends_of_messages) {
  EXPECT_EQ(decoded<hello>(golden("hello_with_time")).sent_at.time_since_epoch().count(), 1'700'000'000'000'000'003);
  auto const beating = decoded<beat>(golden("beat_with_spans"));
  EXPECT_EQ(beating.spans.size(), 1u);
  EXPECT_EQ(beating.sent_at.time_since_epoch().count(), 1'700'000'000'000'000'003);
  auto const ended = decoded<done>(golden("done_with_runs"));
  ASSERT_EQ(ended.runs.size(), 1u);
  EXPECT_EQ(ended.runs.front().user, "42");
  EXPECT_EQ(ended.sent_at.time_since_epoch().count(), 1'700'000'000'000'000'003);
}

TEST(codec, keeps_every_field_of_a_question_and_its_answer) {
  auto const asked = decoded<query>(golden("query"));
  EXPECT_EQ(asked.number, 9u);
  EXPECT_EQ(asked.type, "pizza.pizza");
  EXPECT_EQ(asked.produced_by, "pizza_master");
  EXPECT_EQ(asked.correlation, "order 17");
  EXPECT_EQ(asked.run, sample_id<run_id>(0x30));
  EXPECT_EQ(asked.tagged, std::vector<std::string>{"hot"});
  EXPECT_EQ(asked.limit, 100u);
  EXPECT_TRUE(asked.all_sessions);
  auto const answer = decoded<query_result>(golden("query_result"));
  EXPECT_EQ(answer.number, 9u);
  ASSERT_EQ(answer.artifacts.size(), 2u);
  EXPECT_EQ(to_hex(answer.artifacts[0]->payload.encoded().value()), "81a16e05");
  EXPECT_EQ(to_hex(answer.artifacts[1]->payload.encoded().value()), "81a16e06");
  EXPECT_TRUE(answer.truncated);
  EXPECT_EQ(answer.error, "some are older");
}

TEST(codec, reads_the_examples_of_the_specification) {
  EXPECT_EQ(decoded<hello>(from_hex("534b4e1a000101009701" "01a16801009090")).host, "h");
  auto const value = decoded<done>(from_hex("534b4e1a00010400" "919196" + attempt_of(some_id) + "00a0a0cd03e8" "9193a1740104" "81a16e05"));
  EXPECT_EQ(value.duration_ns, 1'000);
  ASSERT_EQ(value.children.size(), 1u);
  EXPECT_EQ(to_hex(value.children.front().payload.encoded().value()), "81a16e05");
}

TEST(codec, reads_the_examples_of_questions_and_failures_in_the_specification) {
  auto const failed = decoded<nack>(from_hex("534b4e1a00011000" "95" + attempt_of(some_id) + "c2cf000000012a05f200a462757379a56c61746572"));
  EXPECT_EQ(failed.retry_after, std::chrono::seconds{5});
  EXPECT_EQ(failed.error_type, "busy");
  EXPECT_EQ(failed.what, "later");
  auto const asked = decoded<query>(from_hex("534b4e1a00011800" "9205a174"));
  EXPECT_EQ(asked.number, 5u);
  EXPECT_EQ(asked.type, "t");
  EXPECT_FALSE(asked.all_sessions);
  auto const answer = decoded<query_result>(from_hex("534b4e1a00011900" "920590"));
  EXPECT_EQ(answer.number, 5u);
  EXPECT_TRUE(answer.artifacts.empty());
}

TEST(codec, derives_span_ids_as_the_specification_says) {
  EXPECT_EQ(derive_invoke_span_id(sample_id<activation_id>(0x10), 2).to_string(), "feed625b34ea475f");
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
  EXPECT_EQ(refusal(frame("0a", "9200a0")), "REFUSED: header[0]: must lie between 1 and 21");
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

TEST(codec, skips_elements_that_a_newer_sender_appended) {
  for (auto const& extra : {"01", "a3616263", "93010203", "82a16101a16290", "c70501aabbccddee", "d80100112233445566778899aabbccddeeff", "c403010203",
                            "cb3ff0000000000000", "c0", "c3", "c8000201aabb"}) {
    auto const value = decode(from_hex(frame("08", std::string{"9205"} + extra)));
    ASSERT_TRUE(value) << extra << value.error().what();
    EXPECT_EQ(std::get<goodbye>(*value).instance, 5u);
  }
  EXPECT_EQ(refusal(frame("08", "9205c1")), "GOODBYE: header[1]: expected a value, found the unused byte c1");
  EXPECT_EQ(refusal(frame("08", "9205c40301")), "GOODBYE: header[1]: the frame ends inside it");
}

TEST(codec, reads_a_missing_optional_element_as_its_default) {
  auto const value = decode(from_hex(frame("04", "919195" + attempt_of(some_id) + "00a0a000")));
  ASSERT_TRUE(value) << value.error().what();
  EXPECT_TRUE(std::get<done>(*value).children.empty());
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

TEST(codec, repairs_text_that_is_not_utf8_when_it_sends_it) {
  done value;
  value.activation = {1, sample_id<activation_id>(1), 1};
  value.what = "caf\xe9 \xf0\x9f\x8d\x95 \xed\xa0\x80";
  EXPECT_EQ(decoded<done>(encode(value).value()).what, "caf\xef\xbf\xbd \xf0\x9f\x8d\x95 \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(codec, reads_every_width_of_integers) {
  for (auto const& five : {"05", "cc05", "cd0005", "ce00000005", "cf0000000000000005", "d005", "d10005", "d200000005", "d30000000000000005"}) {
    auto const value = decode(from_hex(frame("08", std::string{"91"} + five)));
    ASSERT_TRUE(value) << five << value.error().what();
    EXPECT_EQ(std::get<goodbye>(*value).instance, 5u) << five;
  }
}

TEST(codec, keeps_integers_at_the_edges_of_every_width) {
  for (long long const edge : {0ll, 127ll, 128ll, 255ll, 256ll, 65'535ll, 65'536ll, 4'294'967'295ll, 4'294'967'296ll, 9'223'372'036'854'775'807ll, -1ll, -32ll,
                                  -33ll, -128ll, -129ll, -32'768ll, -32'769ll, -2'147'483'648ll, -2'147'483'649ll,
                               -9'223'372'036'854'775'807ll - 1}) {
    done value;
    value.activation = {static_cast<std::uint64_t>(edge), sample_id<activation_id>(1), 1};
    value.duration_ns = edge;
    auto const back = decoded<done>(encode(value).value());
    EXPECT_EQ(back.duration_ns, edge);
    EXPECT_EQ(back.activation.no, static_cast<std::uint64_t>(edge));
  }
}

TEST(codec, keeps_text_at_the_edges_of_every_width) {
  for (std::size_t const size : {0u, 31u, 32u, 255u, 256u, 65'535u, 65'536u}) {
    auto const back = decoded<refused>(encode(refused{errc::busy, std::string(size, 'x')}).value());
    EXPECT_EQ(back.what.size(), size);
  }
}

}  // namespace
}  // namespace skein::bus
