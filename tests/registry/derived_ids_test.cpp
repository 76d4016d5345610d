#include <skein/registry/agent_descriptor.hpp>
#include <skein/registry/ids.hpp>

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <set>

namespace {

using namespace skein;

artifact_id an_artifact() { return artifact_id{id_generator{1}.uuid_v7(1'700'000'000'000'000'000)}; }

template <class Id>
std::string time_part(Id const& id) {
  return id.to_string().substr(0, 13);
}

// Stored ids and hashes are made of this function: these numbers never change.
TEST(stable_hash, is_pinned) {
  EXPECT_EQ(stable_hash(""), 5197578548964807871u);
  EXPECT_EQ(stable_hash("a"), 12385901686642846523u);
  EXPECT_EQ(stable_hash("piz"), 6385849286723049188u);
  EXPECT_EQ(stable_hash("pizz"), 9806718940459463250u);
  EXPECT_EQ(stable_hash("pizza"), 14553427413094653588u);
  EXPECT_EQ(stable_hash("pizza.p"), 6234141578854126319u);
  EXPECT_EQ(stable_hash("pizza.pi"), 13750396123672806554u);
  EXPECT_EQ(stable_hash("pizza.pizza"), 9016376957003738113u);
  EXPECT_EQ(stable_hash("pizza.pizza", 1), 8928621719125929261u);
}

TEST(stable_hash, of_an_id_is_that_of_its_bytes) {
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(17 * i);
  EXPECT_EQ(stable_hash(bytes, 5), stable_hash({reinterpret_cast<char const*>(bytes.data()), bytes.size()}, 5));
}

TEST(stable_hash, depends_on_every_bit_length_and_seed) {
  std::string text(40, 'x');
  std::set<std::uint64_t> seen{stable_hash(text)};
  for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
    std::string other = text;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << bit % 8));
    auto const hash = stable_hash(other);
    EXPECT_TRUE(seen.insert(hash).second) << bit;
    auto const changed = std::popcount(hash ^ stable_hash(text));
    EXPECT_GT(changed, 10) << bit;
    EXPECT_LT(changed, 54) << bit;
  }
  EXPECT_NE(stable_hash(std::string_view{"\0", 1}), stable_hash(""));
  EXPECT_NE(stable_hash(std::string_view{"a\0", 2}), stable_hash("a"));
  EXPECT_NE(stable_hash("a", 1), stable_hash("a", 2));
}

// They are stored, too.
TEST(derived_ids, are_pinned) {
  auto const artifact = an_artifact();
  auto const activation = derive_activation_id(artifact, 0x0102030405060708, 0xf1f2f3f4f5f6f7f8);
  EXPECT_EQ(activation.to_string(), "018bcfe5-6800-8abf-a32d-87578804d19c");
  EXPECT_EQ(derive_artifact_id(activation, 3).to_string(), "018bcfe5-6800-8059-9594-4e181fa1b9d2");
  EXPECT_EQ(derive_run_id(7, 1'700'000'000'123'456'789).to_string(), "018bcfe5-687b-7f3d-b2da-1f8ac7114200");
  EXPECT_EQ(derive_publish_span_id(artifact).to_string(), "9f16952878ee9a16");
  EXPECT_EQ(derive_invoke_span_id(activation, 2).to_string(), "44e46ea45b74d4fd");
}

TEST(derived_ids, keep_the_time_of_their_cause_and_are_uuid_version_8) {
  auto const newest = an_artifact();
  auto const activation = derive_activation_id(newest, 1, 2);
  auto const child = derive_artifact_id(activation, 0);
  EXPECT_EQ(time_part(activation), time_part(newest));
  EXPECT_EQ(time_part(child), time_part(newest));
  for (auto const& bytes : {activation.bytes(), child.bytes()}) {
    EXPECT_EQ(bytes[6] >> 4, 8);
    EXPECT_EQ(bytes[8] >> 6, 2);
  }
}

TEST(derived_ids, are_functions_of_what_they_name) {
  auto const newest = an_artifact();
  auto const activation = derive_activation_id(newest, 1, 2);
  EXPECT_EQ(activation, derive_activation_id(newest, 1, 2));
  EXPECT_EQ(derive_artifact_id(activation, 3), derive_artifact_id(activation, 3));
  EXPECT_EQ(derive_invoke_span_id(activation, 1), derive_invoke_span_id(activation, 1));
  EXPECT_EQ(derive_publish_span_id(newest), derive_publish_span_id(newest));
}

TEST(derived_ids, of_runs_are_uuid_version_7_of_their_time) {
  auto const run = derive_run_id(5, 1'700'000'000'123'456'789);
  EXPECT_EQ(time_part(run), "018bcfe5-687b");
  EXPECT_EQ(run.to_string()[14], '7');
  EXPECT_EQ(run, derive_run_id(5, 1'700'000'000'123'456'789));
  EXPECT_NE(run, derive_run_id(6, 1'700'000'000'123'456'789));
  EXPECT_NE(run, derive_run_id(5, 1'700'000'000'123'456'790)) << "within a millisecond too";
}

TEST(derived_ids, differ_by_every_argument_and_kind) {
  auto const newest = an_artifact();
  std::set<std::string> ids;
  std::size_t made = 0;
  for (std::uint64_t a = 0; a < 30; ++a) {
    for (std::uint64_t b = 0; b < 30; ++b, ++made) ids.insert(derive_activation_id(newest, a, b).to_string());
  }
  auto const activation = derive_activation_id(newest, 0, 0);
  for (std::uint32_t i = 0; i < 1000; ++i, made += 2) {
    ids.insert(derive_artifact_id(activation, i).to_string());
    ids.insert(derive_invoke_span_id(activation, i).to_string());
  }
  artifact_id const same_bytes{activation.bytes()};
  ids.insert(derive_publish_span_id(same_bytes).to_string());
  EXPECT_EQ(ids.size(), made + 1);
}

TEST(agent_descriptor, fingerprint_covers_all_but_the_ordinal) {
  subscription_descriptor const base{.ordinal = 1, .types = {"a"}, .from = {"x"}, .tagged = {"t"}, .has_predicate = true, .priority = 3};
  auto changed = [&](auto&& change) {
    auto copy = base;
    change(copy);
    return copy.fingerprint();
  };
  EXPECT_EQ(base.fingerprint(), changed([](auto& s) { s.ordinal = 9; }));
  std::set<std::uint64_t> const all{base.fingerprint(),
                                    changed([](auto& s) { s.types = {"b"}; }),
                                    changed([](auto& s) {
                                      s.types = {"a", "x"}, s.from = {};
                                    }),
                                    changed([](auto& s) { s.from = {}; }),
                                    changed([](auto& s) {
                                      s.tagged = {"t", "u"};
                                    }),
                                    changed([](auto& s) { s.tagged = {"tu"}; }),
                                    changed([](auto& s) { s.has_predicate = false; }), changed([](auto& s) { s.self_trigger = true; }),
                                    changed([](auto& s) { s.priority = -3; })};
  EXPECT_EQ(all.size(), 9u);
}

// Stored with open groups: a restarted hub compares it.
TEST(agent_descriptor, fingerprint_is_pinned) {
  EXPECT_EQ((subscription_descriptor{.types = {"pizza.idea"}}.fingerprint()), 13315977552418977152u);
}

}  // namespace
