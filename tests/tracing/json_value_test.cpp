#include <skein/tracing/attribute.hpp>
#include <skein/tracing/json_value.hpp>
#include <skein/tracing/span_batch.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <optional>

namespace skein {
namespace {

struct point {
  int x = 0;
  double y = 0;
  SKEIN_FIELDS(x, y)
};

struct streamed {
  friend std::ostream& operator<<(std::ostream& out, streamed const&) { return out << "a \"b\""; }
};

enum class color { red = 1, green };

TEST(json_value, shows_numbers_and_text) {
  EXPECT_EQ(json::text_of(true), "true");
  EXPECT_EQ(json::text_of(-3), "-3");
  EXPECT_EQ(json::text_of(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(json::text_of(1.0), "1.0");
  EXPECT_EQ(json::text_of(0.1), "0.1");
  EXPECT_EQ(json::text_of(1e300), "1e+300");
  EXPECT_EQ(json::text_of('c'), "\"c\"");
  EXPECT_EQ(json::text_of("text"), "\"text\"");
  EXPECT_EQ(json::text_of(std::string{"text"}), "\"text\"");
}

TEST(json_value, shows_numbers_that_json_lacks_as_text) {
  EXPECT_EQ(json::text_of(std::numeric_limits<double>::quiet_NaN()), "\"NaN\"");
  EXPECT_EQ(json::text_of(std::numeric_limits<double>::infinity()), "\"Infinity\"");
  EXPECT_EQ(json::text_of(-std::numeric_limits<float>::infinity()), "\"-Infinity\"");
}

TEST(json_value, shows_containers_and_what_is_in_them) {
  EXPECT_EQ(json::text_of(std::vector<std::string>{"a", "b"}), R"(["a","b"])");
  EXPECT_EQ(json::text_of(std::vector<bool>{true, false}), "[true,false]");
  EXPECT_EQ(json::text_of(std::map<std::string, std::vector<int>>{{"a", {1, 2}}, {"b", {}}}), R"({"a":[1,2],"b":[]})");
  EXPECT_EQ(json::text_of(std::map<int, bool>{{1, true}}), R"({"1":true})");
  EXPECT_EQ(json::text_of(std::tuple{1, "x", 2.5}), R"([1,"x",2.5])");
  EXPECT_EQ(json::text_of(std::pair{1, std::optional<int>{}}), "[1,null]");
  EXPECT_EQ(json::text_of(std::make_shared<int>(4)), "4");
  EXPECT_EQ(json::text_of(std::chrono::milliseconds{2}), "2000000");
  EXPECT_EQ(json::text_of(color::green), "2");
}

TEST(json_value, shows_declared_structs_by_their_fields) {
  EXPECT_EQ(json::text_of(std::vector<point>{{1, 2.5}}), R"([{"x":1,"y":2.5}])");
}

struct document {
  std::string dump() const { return R"({"a":1})"; }
};

TEST(json_value, takes_paths_as_text_and_documents_as_they_write_themselves) {
  EXPECT_EQ(json::text_of(std::filesystem::path{"/tmp/a b"}), R"("/tmp/a b")");
  EXPECT_EQ(json::text_of(std::vector<document>(2)), R"([{"a":1},{"a":1}])");
}

TEST(json_value, shows_what_can_be_streamed_as_text) { EXPECT_EQ(json::text_of(streamed{}), R"("a \"b\"")"); }

TEST(json_value, escapes_text_and_repairs_what_is_no_utf8) {
  EXPECT_EQ(json::text_of("a\"b\\c\n\r\t\x01\x7F"), R"("a\"b\\c\n\r\t\u0001)" "\x7F\"");
  EXPECT_EQ(json::text_of("Amélie 🍕"), "\"Amélie 🍕\"");
  EXPECT_EQ(json::text_of("\xFF"), "\"\xEF\xBF\xBD\"");
  EXPECT_EQ(json::text_of("\xC0\xAF"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");            // overlong
  EXPECT_EQ(json::text_of("\xED\xA0\x80").size(), 11u);                            // a surrogate: three bytes that belong to nothing
  EXPECT_EQ(json::text_of("\xE2\x82"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");            // cut short
}

TEST(json_value, escapes_wherever_in_a_long_text_the_character_stands) {
  for (auto const& [raw, escaped] : {std::pair{"\"", "\\\""}, {"\\", "\\\\"}, {"\x1f", "\\u001f"}, {"é", "é"}, {"\x7f", "\x7f"}, {" ", " "}, {"~", "~"}}) {
    for (std::size_t before = 0; before < 17; ++before) {
      std::string const left(before, 'a'), right(16 - before, 'z');
      EXPECT_EQ(json::text_of(left + raw + right), '"' + left + escaped + right + '"');
    }
  }
}

TEST(json_value, cuts_long_text_to_a_marked_string_of_valid_json) {
  EXPECT_EQ(json::cut("[1,2]", 5), "[1,2]");
  EXPECT_EQ(json::cut("[1,2,3]", 5), "\"[1,2,…[cut, 7 bytes]\"");
  EXPECT_EQ(json::cut("\"ééé\"", 4), "\"\\\"é…[cut, 8 bytes]\"");
}

TEST(attributes_as_json, keep_their_order_and_kinds) {
  attributes all;
  set_attribute(all, "b", true);
  set_attribute(all, "a", 1);
  set_attribute(all, "d", 2.0);
  set_attribute(all, "s", "text");
  set_attribute(all, "l", std::vector<std::string>{"x", "y"});
  set_attribute(all, "n", std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(to_json(all), R"({"b":true,"a":1,"d":2.0,"s":"text","l":["x","y"],"n":"NaN"})");
  EXPECT_EQ(to_json({}), "{}");
}

TEST(attributes_as_json, are_the_same_from_the_bytes_of_a_span) {
  std::vector<std::string> texts{"", "\"", "\x01", "\xFF", "é", std::string(300, '\n')};
  for (std::size_t size = 1; size < 20; ++size) texts.push_back(std::string(size, 'a'));
  attributes all{{"no", false}, {"lowest", std::numeric_limits<std::int64_t>::min()}, {"list", texts}, {"none", std::vector<std::string>{}}};
  for (std::size_t at = 0; at < texts.size(); ++at) {
    set_attribute(all, texts[at], static_cast<std::int64_t>(at));
    set_attribute(all, "text" + std::to_string(at), texts[at]);
    set_attribute(all, "real" + std::to_string(at), -1.0 / static_cast<double>(at));
  }
  for (auto count = all.size(); count > 0; --count) {
    all.resize(count);
    span_record span;
    span.attributes = all;
    span_batch const batch{span};
    std::string made = "before";
    (*batch.views().begin()).attributes().append_json(made);
    EXPECT_EQ(made, "before" + to_json(all));
  }
}

TEST(attributes, hold_each_key_once) {
  attributes all{{"a", 1}};
  set_attribute(all, "a", "two");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(*find_attribute(all, "a"), attribute_value{"two"});
  EXPECT_EQ(find_attribute(all, "b"), nullptr);
}

}  // namespace
}  // namespace skein
