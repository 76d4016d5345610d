#include <skein/bus/blackboard_io.hpp>
#include <skein/bus/codec.hpp>

#include "support/codec_frames.hpp"
#include "support/golden_frames.hpp"
#include "support/sample_messages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace skein::bus {
namespace {

using namespace testing;

bytes golden(std::string_view name) {
  for (auto const& one : golden_frames()) {
    if (one.name == name) return from_hex(one.hex);
  }
  throw std::logic_error{"no such golden frame"};
}

template <class Message>
Message decoded(bytes_view frame_bytes) {
  auto value = decode(frame_bytes);
  return std::get<Message>(value.value());
}

std::vector<span_record> records_of(span_batch const& spans) { return {spans.begin(), spans.end()}; }

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

TEST(codec, encodes_the_same_into_memory_of_another_frame) {
  bytes frame(3'000, std::byte{0xff});
  for (auto const& one : golden_frames()) {
    auto const golden = from_hex(one.hex);
    auto const what = decode(golden);
    ASSERT_TRUE(what);
    auto const expected = encode(*what, {}, protocol_max).value();
    ASSERT_TRUE(encode(*what, {}, protocol_max, frame));
    EXPECT_EQ(frame, expected);
    auto const* const ended = std::get_if<done>(&*what);
    auto const* const work = std::get_if<deliver>(&*what);
    EXPECT_TRUE(ended == nullptr || encode(*ended, {}, protocol_max, frame));
    EXPECT_TRUE(work == nullptr || encode(*work, {}, protocol_max, frame));
    EXPECT_EQ(frame, expected);
  }
}

TEST(codec, reads_a_result_into_memory_of_another) {
  done before;
  before.outcome = outcome::permanent;
  before.error_type = before.what = "a text that needs memory of its own";
  before.duration_ns = 5;
  before.children.resize(3);
  before.children[0].tags = {"old"};
  before.spans.push_back(span_record{});
  before.runs.resize(2);
  before.sent_at = timestamp{std::chrono::seconds{1}};
  before.retry_after = std::chrono::seconds{1};
  spare_deliveries none;
  for (auto const& one : golden_frames()) {
    message value = before;
    ASSERT_TRUE(decode(from_hex(one.hex), {}, none, value)) << one.name;
    EXPECT_EQ(to_hex(encode(value).value()), one.hex);
    auto const* const read = std::get_if<done>(&value);
    EXPECT_TRUE(read == nullptr || read->retry_after.count() < 0);
  }
}

TEST(codec, reads_deliveries_into_memory_of_others) {
  for (auto const name : {"deliver", "deliver_with_deadline"}) {
    auto const from = golden(name);
    spare_deliveries spare;
    std::vector<delivery> gone(3);
    for (auto& one : gone) {
      one.agent = "another agent, with a long name";
      one.ordinal = 9;
      one.priority = 5;
      one.deadline = std::chrono::seconds{1};
      one.unasked = true;
    }
    spare.take(gone);
    message value;
    ASSERT_TRUE(decode(from, {}, spare, value));
    EXPECT_EQ(encode(value).value(), from);
    for (auto const& one : std::get<deliver>(value).deliveries) EXPECT_FALSE(one.unasked);
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

TEST(codec, sends_each_of_many_artifacts_once_whatever_their_order) {
  std::vector<std::shared_ptr<artifact_data>> all;
  for (std::uint64_t i = 0; i < 20; ++i) {
    auto& made = *all.emplace_back(std::make_shared<artifact_data>());
    made.id = sample_id<artifact_id>(static_cast<std::uint8_t>(i + 1));
    made.seq = i;
    made.type = "idea";
  }
  // Younger and younger, all of them again, and some of each age at once.
  deliver sent{1, {}};
  auto const add = [&](std::initializer_list<std::size_t> inputs) {
    auto& one = sent.deliveries.emplace_back();
    one.activation = {sent.deliveries.size(), sample_id<activation_id>(static_cast<std::uint8_t>(sent.deliveries.size())), 1};
    one.agent = "cook";
    for (auto const i : inputs) one.inputs.push_back(all[i]);
  };
  for (std::size_t i = 0; i < 10; ++i) add({i});
  for (std::size_t i = 0; i < 10; ++i) add({9 - i});
  add({19, 3, 12, 19, 11});
  auto const came = decoded<deliver>(encode(message{sent}).value());
  ASSERT_EQ(came.deliveries.size(), sent.deliveries.size());
  std::set<artifact_data const*> distinct;
  for (std::size_t i = 0; i < sent.deliveries.size(); ++i) {
    auto const &expected = sent.deliveries[i].inputs, &inputs = came.deliveries[i].inputs;
    ASSERT_EQ(inputs.size(), expected.size());
    for (std::size_t j = 0; j < inputs.size(); ++j) {
      EXPECT_EQ(inputs[j]->id, expected[j]->id);
      distinct.insert(inputs[j].get());
    }
  }
  EXPECT_EQ(distinct.size(), 13u);
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
  EXPECT_EQ(records_of(value.spans), records_of(std::get<done>(sample->value).spans));
}

TEST(codec, packs_spans_for_those_who_read_them) {
  for (auto const& one : sample_messages()) {
    auto const* const ended = std::get_if<done>(&one.value);
    if (ended == nullptr || ended->spans.empty()) continue;
    auto const frame_bytes = encode(one.value, {}, protocol_packed_spans).value();
    EXPECT_NE(to_hex(frame_bytes), to_hex(encode(one.value).value())) << one.name;
    EXPECT_EQ(records_of(decoded<done>(frame_bytes).spans), records_of(ended->spans)) << one.name;
    EXPECT_EQ(decoded<done>(frame_bytes).runs, ended->runs) << one.name;
    EXPECT_EQ(encode(decoded<done>(frame_bytes)).value(), encode(one.value).value()) << one.name << ": for others as before";
  }
}

TEST(codec, sends_spans_that_cannot_be_packed_one_by_one) {
  done ended;
  ended.activation = {7, sample_id<activation_id>(0x10), 2};
  span_record linked;
  linked.context = {trace_id{{1}}, span_id{{2}}, 1};
  linked.links.resize(1);
  ended.spans = {linked};
  EXPECT_TRUE(decoded<done>(encode(ended, {}, protocol_packed_spans).value()).spans[0].links.empty());
}

TEST(codec, refuses_packed_spans_of_another_shape) {
  // As elements of a BEAT: instance, last number, nothing held, then one byte that no span begins with.
  EXPECT_EQ(refusal(frame("07", "94010190c40100")), "BEAT: header[3]: packed spans: at byte 0: they end inside a span");
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

TEST(codec, keeps_every_field_of_groups_timers_and_rules) {
  auto const samples = sample_messages();
  auto const& sample = std::get<hello>(std::ranges::find(samples, "hello_with_groups", &sample_message::name)->value);
  auto const value = decoded<hello>(golden("hello_with_groups"));
  ASSERT_EQ(value.agents.size(), 1u);
  ASSERT_EQ(value.agents[0].subscriptions.size(), sample.agents[0].subscriptions.size());
  for (std::size_t i = 0; i < sample.agents[0].subscriptions.size(); ++i) EXPECT_EQ(value.agents[0].subscriptions[i], sample.agents[0].subscriptions[i]) << i;
  EXPECT_EQ(value.agents[0].rules, sample.agents[0].rules);
}

TEST(codec, keeps_the_fingerprint_of_conditions_on_unsigned_numbers) {
  hello value{.host = "h", .instance = 1};
  value.agents.push_back({.name = "a", .subscriptions = {{.types = {"t"}, .filters = {{"t", field("n") >= 5u && field("n") < UINT64_MAX}}}}});
  auto const back = decoded<hello>(encode(value).value());
  EXPECT_EQ(back.agents.at(0).subscriptions.at(0).fingerprint(), value.agents[0].subscriptions[0].fingerprint());
}

TEST(codec, keeps_the_deadline_of_a_delivery_the_agent_of_a_question_and_progress) {
  EXPECT_EQ(decoded<deliver>(golden("deliver_with_deadline")).deliveries.front().deadline, std::chrono::seconds{5});
  EXPECT_EQ(decoded<deliver>(golden("deliver")).deliveries.front().deadline, std::chrono::seconds{0});
  EXPECT_EQ(decoded<query>(golden("query_of_an_agent")).agent, "pizza_master");
  EXPECT_EQ(decoded<query>(golden("query")).agent, "");
  auto const said = decoded<progress>(golden("progress"));
  EXPECT_EQ(said.activation, (attempt_ref{7, sample_id<activation_id>(0x10), 2}));
  EXPECT_EQ(said.agent, "pizza_master");
  EXPECT_EQ(said.run, sample_id<run_id>(0x30));
  EXPECT_EQ(said.number, 17u);
  EXPECT_EQ(said.text, "40 % \xf0\x9f\x8d\x95");
}

TEST(codec, sends_plain_subscriptions_as_peers_of_before_read_them) {
  hello value{.host = "h", .instance = 1};
  value.agents.push_back({.name = "a", .subscriptions = {{.types = {"t"}}}});
  auto const frame_bytes = to_hex(encode(value).value());
  EXPECT_NE(frame_bytes.find("96a161a091980091a174009090c200c290"), std::string::npos) << frame_bytes;
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

TEST(codec, reads_the_examples_of_conditions_and_progress_in_the_specification) {
  std::string const subscription = "99009" "1a17400" "9090c200c2" "9192a174" "93" "940aa09002" "9405a16e910500" "9409a376697090" "00";
  auto const asked = decoded<hello>(from_hex(frame("01", "970101a168010091" "96a161a091" + subscription + "90" "960101000100" "00" "01" "90")));
  auto const& filters = asked.agents.at(0).subscriptions.at(0).filters;
  ASSERT_EQ(filters.size(), 1u);
  EXPECT_EQ(filters[0], (type_condition{"t", field("n") >= 5 && field("vip").exists()}));
  auto const said = decoded<progress>(from_hex(frame("15", "95" + attempt_of(some_id) + "a161c001" "a3343025")));
  EXPECT_EQ(said.number, 1u);
  EXPECT_EQ(said.text, "40%");
}

TEST(codec, derives_span_ids_as_the_specification_says) {
  EXPECT_EQ(derive_invoke_span_id(sample_id<activation_id>(0x10), 2).to_string(), "feed625b34ea475f");
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
