// Spans as bytes for another process: they come back as they were, and of bytes from outside nothing is believed.
#include <skein/tracing/packed_spans.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <random>

namespace skein {
namespace {

span_context context_of(std::uint8_t number) { return {trace_id{{number, 1}}, span_id{{number, 2}}, span_context::sampled}; }

span_record full_span() {
  span_record span;
  span.context = context_of(1);
  span.parent = span_id{{9}};
  span.run = run_id{{3}};
  span.name = "invoke_agent critic";
  span.kind = span_kind::consumer;
  span.type = span_type::agent;
  span.status = status_code::error;
  span.status_message = "burnt";
  span.start = timestamp{std::chrono::nanoseconds{1'000}};
  span.end = timestamp{std::chrono::nanoseconds{2'000}};
  span.service = "kitchen";
  span.scope = "skein";
  span.attributes = {{"b", true}, {"i", -70'000}, {"d", 0.5}, {"s", "Käse"}, {"l", std::vector<std::string>{"x", ""}}};
  span.events = {{timestamp{std::chrono::nanoseconds{1'500}}, "exception", {{"exception.type", "std::runtime_error"}}}};
  span.links = {{context_of(7), {{"messaging.message.id", "m"}}}};
  span.inputs = R"({"n":5})";
  span.outputs = "[]";
  return span;
}

span_record named(std::string name) {
  span_record span;
  span.context = context_of(2);
  span.name = std::move(name);
  return span;
}

bytes packed(span_batch const& spans) {
  bytes out(packed_bytes(spans));
  if (!out.empty()) pack(spans, out.data());
  return out;
}

std::vector<span_record> records_of(span_batch const& spans) { return {spans.begin(), spans.end()}; }

errc refusal(bytes const& from, std::size_t spans_max = 100) {
  auto const read = unpack_spans(from, spans_max);
  return read ? errc{} : read.error().code();
}

/// Writes `value` at a byte of what was packed.
template <class T>
bytes changed(bytes from, std::size_t at, T value) {
  std::memcpy(from.data() + at, &value, sizeof value);
  return from;
}

constexpr std::size_t head_bytes = 80, status_at = 75, first_word_at = head_bytes;

TEST(packed_spans, come_back_as_they_were) {
  span_batch const spans{full_span(), named("second")};
  auto const bytes_of = packed(spans);
  EXPECT_EQ(bytes_of.size(), packed_bytes(spans));
  EXPECT_EQ(bytes_of.size() % 8, 0u);
  auto const read = unpack_spans(bytes_of, 2);
  ASSERT_TRUE(read) << read.error().what();
  EXPECT_EQ(records_of(*read), records_of(spans));
  EXPECT_EQ(packed(*read), bytes_of);
}

TEST(packed_spans, come_into_memory_of_others) {
  span_batch const spans{full_span(), named("second")};
  for (std::size_t others : {0u, 1u, 20u}) {
    span_batch into;
    for (std::size_t i = 0; i < others; ++i) into.push_back(full_span());
    ASSERT_TRUE(unpack_spans(packed(spans), 2, into));
    EXPECT_EQ(records_of(into), records_of(spans));
    EXPECT_EQ(into.size(), 2u);
    ASSERT_FALSE(unpack_spans(packed(spans), 1, into));
    EXPECT_TRUE(into.empty());
  }
}

TEST(packed_spans, have_no_service_where_it_is_empty) {
  auto const good = packed({full_span(), named("second")});
  auto const read = unpack_spans(good, 2).value();
  auto const all = read.views();
  EXPECT_TRUE((*all.begin()).has_service());
  EXPECT_FALSE((*++all.begin()).has_service());
  // A name, and a service without a character behind it.
  auto named_only = packed({named("12345678" "12345678")});
  auto const empty_service = changed(named_only, first_word_at, std::uint64_t{9 | 8ull << 30});
  auto const with_service = changed(empty_service, first_word_at + 16, std::uint64_t{12});
  auto const spans = unpack_spans(with_service, 1);
  ASSERT_TRUE(spans) << spans.error().what();
  EXPECT_FALSE((*spans->views().begin()).has_service());
}

TEST(packed_spans, have_texts_that_are_not_utf8_repaired_where_they_come_in) {
  auto broken = full_span();
  broken.outputs = "\xff";
  broken.attributes[3].value = "K\xc3";
  broken.attributes[4].value = std::vector<std::string>{"x", "\x80"};
  broken.events[0].attributes[0].key = "\xfe";
  auto const read = unpack_spans(packed({broken, named("fine")}), 2);
  ASSERT_TRUE(read) << read.error().what();
  auto const mended = (*read)[0];
  EXPECT_EQ(mended.outputs, "\xef\xbf\xbd");
  EXPECT_EQ(mended.attributes[3].value, attribute_value{"K\xef\xbf\xbd"});
  EXPECT_EQ(mended.attributes[4].value, (attribute_value{std::vector<std::string>{"x", "\xef\xbf\xbd"}}));
  EXPECT_EQ(mended.events[0].attributes[0].key, "\xef\xbf\xbd");
  EXPECT_EQ(mended.links, broken.links);
  EXPECT_EQ((*read)[1], named("fine"));
}

TEST(packed_spans, are_none_where_an_id_is_missing) {
  auto linked = full_span();
  linked.links[0].target = {};
  EXPECT_EQ(packed_bytes(span_batch{named("fine"), linked}), 0u);
  EXPECT_EQ(packed_bytes(span_batch{span_record{}}), 0u);
  EXPECT_EQ(packed_bytes(span_batch{}), 0u);
}

TEST(packed_spans, of_another_shape_are_refused) {
  auto const good = packed({named("name")});
  ASSERT_EQ(refusal(good), errc{});
  EXPECT_EQ(refusal(bytes(good.begin(), good.end() - 1)), errc::bad_message) << "they end early";
  EXPECT_EQ(refusal(changed(good, 0, std::uint64_t{head_bytes - 1})), errc::bad_message) << "shorter than its head";
  EXPECT_EQ(refusal(changed(good, 0, ~std::uint64_t{0})), errc::bad_message) << "longer than all";
  EXPECT_EQ(refusal(changed(good, status_at, std::uint8_t{99})), errc::bad_message) << "an unknown status";
  EXPECT_EQ(refusal(changed(good, 24, std::uint64_t{0})), errc::bad_message) << "no span id";
  EXPECT_EQ(refusal(changed(good, first_word_at, std::uint64_t{3 | 4ull << 30})), errc::bad_message) << "does not begin with its name";
  EXPECT_EQ(refusal(changed(good, first_word_at, std::uint64_t{15 | 4ull << 30})), errc::bad_message) << "an unknown kind of entry";
  EXPECT_EQ(refusal(changed(good, first_word_at, ~std::uint64_t{0} - 6)), errc::bad_message) << "an entry longer than the span";
  EXPECT_EQ(refusal(packed({named("a"), named("b")}), 1), errc::too_large);
}

TEST(packed_spans, can_be_anything_without_harm) {
  auto const good = packed({full_span(), named("second")});
  std::mt19937 random{42};
  std::size_t accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    auto bad = good;
    for (auto edits = 1 + random() % 3; edits > 0; --edits) bad[random() % bad.size()] ^= std::byte{1} << static_cast<int>(random() % 8);
    auto const read = unpack_spans(bad, 100);
    if (!read) continue;
    ++accepted;
    auto const again = packed(*read);
    ASSERT_EQ(packed(unpack_spans(again, 100).value()), again);
    ASSERT_EQ(records_of(*read).size(), 2u);
  }
  EXPECT_GT(accepted, 0u);
}

TEST(a_span_batch, moves_a_span_with_its_events) {
  auto second = full_span();
  second.context = context_of(2);
  span_batch spans{full_span(), second};
  auto const at = [](std::int64_t ns) { return timestamp{std::chrono::nanoseconds{ns}}; };
  spans.move_to(*++spans.views().begin(), at(1'200), at(1'650));
  EXPECT_EQ(spans[0], full_span());
  EXPECT_EQ(spans[1].start, at(1'200));
  EXPECT_EQ(spans[1].end, at(1'650)) << "not past the latest";
  EXPECT_EQ(spans[1].events[0].time, at(1'650));
  spans.move_to(*spans.views().begin(), at(2'500), at(2'400));
  EXPECT_EQ(spans[0].end, at(2'500)) << "not before its start";
}

}  // namespace
}  // namespace skein
