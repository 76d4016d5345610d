#include "support/codec.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

namespace {

using namespace skein;

struct pizza {
  std::string name;
  double price_eur = 0;
  SKEIN_ARTIFACT("pizza.pizza", 1, name, price_eur)
};
struct same_pizza {
  std::string name;
  double price_eur = 0;
  SKEIN_ARTIFACT("pizza.pizza", 1, name, price_eur)
};

/// A type whose codec counts.
std::atomic<int> encodings{0}, decodings{0};
artifact_type counting_type() {
  artifact_type type = type_of<pizza>();
  type.encode = [](void const* value, bytes& out) { return ++encodings, type_of<pizza>().encode(value, out); };
  type.decode = [](bytes_view from) { return ++decodings, type_of<pizza>().decode(from); };
  return type;
}

bytes copy_of(bytes_view view) { return {view.begin(), view.end()}; }

TEST(payload, shares_the_value_it_was_made_of) {
  auto const made = make_payload(pizza{"x", 9});
  auto const copy = made;
  EXPECT_EQ(value_of<pizza>(made).value().get(), value_of<pizza>(copy).value().get());
  EXPECT_EQ(value_of<pizza>(made).value()->price_eur, 9);
  EXPECT_EQ(made.native_type(), &type_of<pizza>());
  EXPECT_EQ(made.encoded_size_if_known(), 0u);
}

TEST(payload, encodes_on_demand_and_knows_its_size_then) {
  auto const made = make_payload(pizza{"x", 9});
  auto const view = made.encoded().value();
  EXPECT_EQ(view.size(), made.encoded_size_if_known());
  EXPECT_EQ(view.data(), payload{made}.encoded().value().data());
}

TEST(payload, counts_its_bytes_without_making_them) {
  for (std::size_t const size : {0u, 31u, 300u, 600u, 70'000u}) {
    auto const made = make_payload(pizza{std::string(size, 'x'), 9});
    auto const counted = made.encoded_size();
    EXPECT_EQ(made.encoded_size_if_known(), 0u);
    EXPECT_EQ(counted, made.encoded().value().size());
  }
}

TEST(payload, counts_scalars_as_long_as_the_writer_makes_them) {
  struct scalars {
    std::int64_t whole = 0;
    std::uint64_t natural = 0;
    float real = 0;
    double wide = 0;
    bool yes = false;
    std::string text;
    SKEIN_ARTIFACT("payload.scalars", 1, whole, natural, real, wide, yes, text)
  };
  std::string text;
  for (int bit = 0; bit < 63; ++bit) {
    for (std::int64_t const step : {-1, 0, 1}) {
      std::int64_t const number = (std::int64_t{1} << bit) + step;
      text.resize(static_cast<std::size_t>(std::min<std::int64_t>(number, 70'000)), 'x');
      for (std::int64_t const whole : {number, -number}) {
        auto const made = make_payload(scalars{whole, static_cast<std::uint64_t>(number) * 2, 0.5f, 1.0, true, text});
        auto const counted = made.encoded_size();
        ASSERT_EQ(counted, made.encoded().value().size()) << whole;
      }
    }
  }
}

TEST(payload, decodes_bytes_once_for_all_copies) {
  payload const received{copy_of(make_payload(pizza{"x", 9}).encoded().value())};
  EXPECT_EQ(received.native_type(), nullptr);
  EXPECT_GT(received.encoded_size_if_known(), 0u);
  auto const first = value_of<pizza>(received).value();
  EXPECT_EQ(first->name, "x");
  EXPECT_EQ(first.get(), value_of<pizza>(payload{received}).value().get());
}

TEST(payload, converts_between_cpp_types_through_bytes) {
  auto const made = make_payload(pizza{"x", 9});
  EXPECT_EQ(value_of<same_pizza>(made).value()->name, "x");
  EXPECT_EQ(value_of<same_pizza>(made).value().get(), value_of<same_pizza>(made).value().get());
  EXPECT_EQ(value_of<pizza>(made).value()->name, "x");
}

TEST(payload, repeats_its_errors) {
  payload const broken{bytes{std::byte{0xc1}}};
  for (int i = 0; i < 2; ++i) EXPECT_EQ(value_of<pizza>(broken).error().code(), errc::bad_payload);
  auto const unwritable = make_payload(pizza{"\xff"});
  for (int i = 0; i < 2; ++i) EXPECT_EQ(unwritable.encoded().error().code(), errc::bad_payload);
  EXPECT_EQ(unwritable.encoded_size_if_known(), 0u);
  EXPECT_TRUE(value_of<pizza>(unwritable));
}

TEST(payload, may_be_empty) {
  payload const none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.encoded().error().code(), errc::bad_payload);
  EXPECT_EQ(value_of<pizza>(none).error().code(), errc::bad_payload);
  EXPECT_EQ(none.native_type(), nullptr);
  EXPECT_EQ(none.encoded_size_if_known(), 0u);
}

TEST(payload, encodes_and_decodes_once_whoever_asks_first) {
  auto const type = counting_type();
  encodings = decodings = 0;
  payload const typed{type, std::make_shared<pizza>(pizza{"x", 9})};
  payload const received{copy_of(make_payload(pizza{"x", 9}).encoded().value())};
  std::latch start{4};
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        if (typed.encoded().value().size() == typed.encoded_size_if_known()) ++good;
        auto const value = std::static_pointer_cast<pizza const>(received.as(type).value());
        if (value->name == "x") ++good;
      });
    }
  }
  EXPECT_EQ(good, 8);
  EXPECT_EQ(encodings, 1);
  EXPECT_EQ(decodings, 1);
}

}  // namespace
