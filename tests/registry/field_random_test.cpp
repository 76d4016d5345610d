// Random payloads: conditions on their bytes agree with a plain evaluator on a JSON tree, and damaged bytes do no harm.
#include <skein/registry/artifact_traits.hpp>
#include <skein/registry/field.hpp>
#include <skein/registry/fields.hpp>
#include <skein/registry/ids.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

namespace {

using namespace skein;
using nlohmann::json;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int rounds = 10'000;
#else
constexpr int rounds = 100'000;
#endif

struct maker {
  id_generator random;

  std::uint64_t below(std::uint64_t n) { return random.next() % n; }
  template <class T, std::size_t N>
  T pick(T const (&from)[N]) {
    return from[below(N)];
  }
  double real() {
    static double const reals[] = {0.0, -0.0, 1.0, 1.5, -7.0, 0x1p53, 0x1p63, -0x1p63, 0x1p64, 1e300, std::numeric_limits<double>::infinity(), std::nan("")};
    return pick(reals);
  }
  std::int64_t whole() {
    static std::int64_t const wholes[] = {0, 1, -1, -7, 200, 70'000, (std::int64_t{1} << 53) + 1, std::numeric_limits<std::int64_t>::min(),
                                          std::numeric_limits<std::int64_t>::max()};
    return pick(wholes);
  }
  std::string text() {
    static char const* const texts[] = {"", "a", "ab", "b", "0", "\xc3\xa9"};
    return pick(texts);
  }
  std::string key() {
    static char const* const keys[] = {"a", "b", "c", "0", "1"};
    return pick(keys);
  }
  json value(int depth) {
    switch (below(depth > 0 ? 9 : 6)) {
      case 0: return nullptr;
      case 1: return below(2) == 0;
      case 2: return whole();
      case 3: return std::numeric_limits<std::uint64_t>::max() - below(2);
      case 4: return real();
      case 5: return text();
      case 6: return list(depth);
      default: return map(depth);
    }
  }
  json list(int depth) {
    json made = json::array();
    for (auto left = below(4); left > 0; --left) made.push_back(value(depth - 1));
    return made;
  }
  json map(int depth) {
    json made = json::object();
    for (auto left = below(5); left > 0; --left) made[key()] = value(depth - 1);
    return made;
  }
  field_value constant() {
    switch (below(5)) {
      case 0: return below(2) == 0;
      case 1: return whole();
      case 2: return std::numeric_limits<std::uint64_t>::max() - below(2);
      case 3: return real();
      default: return text();
    }
  }
  field_expression condition(int depth) {
    field_expression made;
    made.op = static_cast<field_op>(below(depth > 0 ? 13 : 10));
    if (made.op >= field_op::all_of) {
      for (auto left = below(3); left > 0; --left) made.operands.push_back(condition(depth - 1));
      return made;
    }
    made.path = key();
    for (auto left = below(3); left > 0; --left) made.path += "." + key();
    if (made.op == field_op::starts_with) {
      made.values = {text()};
    } else if (made.op == field_op::in) {
      for (auto left = below(3); left > 0; --left) made.values.push_back(constant());
    } else if (made.op != field_op::exists) {
      made.values = {constant()};
    }
    return made;
  }
};

/// The same conditions on a tree, in the plainest way; long double holds every number of the test.
struct plain {
  static_assert(std::numeric_limits<long double>::digits >= 64);

  static long double number(json const& of) {
    if (of.is_number_float()) return of.get<double>();
    return of.is_number_unsigned() ? static_cast<long double>(of.get<std::uint64_t>()) : static_cast<long double>(of.get<std::int64_t>());
  }
  static json constant(field_value const& of) {
    return std::visit([](auto const& value) { return json(value); }, of);
  }
  template <class Relation>
  static bool relate(json const& left, json const& right, Relation relation, bool on_bools) {
    if (left.is_boolean() && right.is_boolean()) return on_bools && left == right;
    if (left.is_number() && right.is_number()) return relation(number(left), number(right));
    if (left.is_string() && right.is_string()) return relation(left.get_ref<std::string const&>(), right.get_ref<std::string const&>());
    return false;
  }
  static bool equal(json const& left, json const& right) { return relate(left, right, std::equal_to<>{}, true); }

  static json const* find(json const& in, std::string const& path) {
    json const* at = &in;
    std::size_t from = 0;
    while (from <= path.size()) {
      std::size_t const dot = std::min(path.find('.', from), path.size());
      std::string const part = path.substr(from, dot - from);
      if (at->is_object() && at->contains(part)) {
        at = &(*at)[part];
      } else if (at->is_array() && (part == "0" || part == "1") && at->size() > (part == "1" ? 1u : 0u)) {
        at = &(*at)[part == "1" ? 1 : 0];
      } else {
        return nullptr;
      }
      from = dot + 1;
    }
    return at;
  }
  static bool leaf(field_expression const& one, json const& in) {
    static json const nothing;
    json const* found = find(in, one.path);
    json const& value = found == nullptr ? nothing : *found;
    json const wanted = one.values.empty() ? nothing : constant(one.values.front());
    switch (one.op) {
      case field_op::equal: return equal(value, wanted);
      case field_op::not_equal: return !equal(value, wanted);
      case field_op::less: return relate(value, wanted, std::less<>{}, false);
      case field_op::less_equal: return relate(value, wanted, std::less_equal<>{}, true);
      case field_op::greater: return relate(value, wanted, std::greater<>{}, false);
      case field_op::greater_equal: return relate(value, wanted, std::greater_equal<>{}, true);
      case field_op::in: return std::any_of(one.values.begin(), one.values.end(), [&](auto const& each) { return equal(value, constant(each)); });
      case field_op::contains:
        if (value.is_string()) return wanted.is_string() && value.get<std::string>().find(wanted.get<std::string>()) != std::string::npos;
        if (value.is_object()) return wanted.is_string() && value.contains(wanted.get<std::string>());
        return value.is_array() && std::any_of(value.begin(), value.end(), [&](json const& each) { return equal(each, wanted); });
      case field_op::starts_with: return value.is_string() && value.get<std::string>().starts_with(wanted.get<std::string>());
      default: return !value.is_null();
    }
  }
  static bool holds(field_expression const& one, json const& in) {
    auto const each = [&](field_expression const& operand) { return holds(operand, in); };
    if (one.op == field_op::all_of) return std::all_of(one.operands.begin(), one.operands.end(), each);
    if (one.op == field_op::any_of) return std::any_of(one.operands.begin(), one.operands.end(), each);
    if (one.op == field_op::none_of) return std::none_of(one.operands.begin(), one.operands.end(), each);
    return leaf(one, in);
  }
};

bytes packed(json const& value) {
  auto const raw = json::to_msgpack(value);
  auto const view = std::as_bytes(std::span{raw});
  return {view.begin(), view.end()};
}

TEST(field_random, agrees_with_a_plain_evaluator) {
  maker make{id_generator{7}};
  int held = 0;
  for (int i = 0; i < rounds; ++i) {
    json const value = make.map(3);
    field_expression const one = make.condition(2);
    ASSERT_TRUE(check(one).ok()) << to_string(one);
    bool const expected = plain::holds(one, value);
    held += expected ? 1 : 0;
    ASSERT_EQ(holds(one, packed(value)), expected) << to_string(one) << " of " << value;
  }
  EXPECT_GT(held, rounds / 10);
  EXPECT_LT(held, rounds - rounds / 10);
}

struct inner {
  std::optional<std::int64_t> a;
  std::vector<double> b;
  std::map<std::string, bool> c;
  SKEIN_FIELDS(a, b, c)
};
struct outer {
  std::int64_t a = 0;
  std::string b;
  std::optional<inner> c;
  SKEIN_ARTIFACT("test.outer", 1, a, b, c)
};

outer typed(maker& make) {
  outer made{make.whole(), make.text(), std::nullopt};
  if (make.below(4) == 0) return made;
  inner in;
  if (make.below(2) == 0) in.a = make.whole();
  for (auto left = make.below(3); left > 0; --left) in.b.push_back(make.real());
  for (auto left = make.below(3); left > 0; --left) in.c[make.key()] = make.below(2) == 0;
  made.c = std::move(in);
  return made;
}

TEST(field_random, reads_a_typed_value_as_its_bytes) {
  maker make{id_generator{10}};
  int held = 0;
  for (int i = 0; i < rounds / 4; ++i) {
    payload const value = make_payload(typed(make)), same = make_payload(*value_of<outer>(value).value());
    bytes_view const encoded = same.encoded().value();
    field_expression const one = make.condition(2);
    bool const expected = holds(one, encoded);
    held += expected ? 1 : 0;
    ASSERT_EQ(holds(one, value), expected) << to_string(one);
    for (char const* path : {"a", "b", "c", "c.a", "c.b.0", "c.c.b", "a.", "d", ""}) ASSERT_EQ(field_key(path, value), field_key(path, same)) << path;
    ASSERT_EQ(value.encoded_size_if_known(), 0u) << "it was encoded as a whole";
  }
  EXPECT_GT(held, rounds / 40);
}

TEST(field_random, has_equal_keys_for_exactly_the_scalars_that_are_equal) {
  maker make{id_generator{8}};
  for (int i = 0; i < rounds / 4; ++i) {
    json const left = make.value(0), right = make.value(0);
    auto const left_key = field_key("a", payload{packed({{"a", left}})});
    auto const right_key = field_key("a", payload{packed({{"a", right}})});
    bool const is_nan = left.is_number_float() && std::isnan(left.get<double>());
    ASSERT_EQ(left_key.has_value(), !left.is_null() && !is_nan) << left;
    ASSERT_EQ(left_key && left_key == right_key, plain::equal(left, right)) << left << ' ' << right;
  }
}

TEST(field_random, survives_damaged_bytes) {
  maker make{id_generator{9}};
  for (int i = 0; i < rounds; ++i) {
    bytes data = packed(make.map(3));
    for (auto left = 1 + make.below(3); left > 0 && !data.empty(); --left) data[make.below(data.size())] = static_cast<std::byte>(make.below(256));
    data.resize(make.below(2) == 0 ? data.size() : make.below(data.size() + 1));
    bytes const exact{data.begin(), data.end()};   // no room behind the end: a sanitizer sees every step past it
    field_expression const one = make.condition(2);
    EXPECT_NE(holds(one, exact), holds(!one, exact)) << to_string(one);
    (void)field_key(one.path, payload{exact});
  }
}

}  // namespace
