// What when<…>() and the builder turn into data and code, and what they refuse.
#include <skein/agents/agent.hpp>
#include <skein/agents/check_agent.hpp>
#include <skein/agents/worker.hpp>

#include <gtest/gtest.h>

#include <span>
#include <tuple>

namespace {

using namespace std::chrono_literals;
using skein::field;
using skein::grouping;
using skein::when;

struct place {
  std::string ward;
  SKEIN_FIELDS(ward)
};
struct xray {
  std::string patient, finding;
  int number = 0;
  place where;
  bool unlisted = false;
  SKEIN_ARTIFACT("subscription.xray", 1, patient, finding, number, where)
};
struct lab {
  std::string patient;
  int number = 0;
  SKEIN_ARTIFACT("subscription.lab", 1, patient, number)
};

template <class T>
skein::bus::artifact_data holding(T value) {
  skein::bus::artifact_data made;
  made.type = std::string{skein::type_of<T>().name};
  made.payload = skein::make_payload(std::move(value));
  return made;
}

/// Why an agent with that subscription is refused; empty when it is not.
template <class Subscription, class Handler>
std::string refusal(Subscription const& which, Handler handler) {
  auto const ok = skein::agents::check_agent(skein::agent{"a"}.on(which, handler));
  if (ok) return {};
  EXPECT_EQ(ok.error().code(), skein::errc::invalid_argument);
  EXPECT_EQ(ok.error().where(), "a");
  EXPECT_NE(ok.error().message().find("subscription 0 ("), std::string::npos) << ok.error().message();
  return ok.error().message();
}
auto const pair_handler = [](xray const&, lab const&) {};
auto const batch_handler = [](std::span<xray const>) {};

TEST(when, is_single_for_one_type_and_a_group_for_several) {
  EXPECT_EQ(when<xray>().descriptor().grouping, grouping::single);
  EXPECT_EQ(when<xray>().descriptor().types, std::vector<std::string>{"subscription.xray"});
  auto const pair = when<xray, lab>();
  EXPECT_EQ(pair.descriptor().grouping, grouping::all);
  EXPECT_EQ(pair.descriptor().types, (std::vector<std::string>{"subscription.xray", "subscription.lab"}));
  EXPECT_EQ((when<xray, xray>().descriptor().types), (std::vector<std::string>{"subscription.xray", "subscription.xray"}));
}

TEST(when, accepts_everything_without_a_predicate) { EXPECT_TRUE(when<xray>().plan().code.empty()); }

TEST(when, combines_predicates_by_and) {
  auto const which = when<lab>().where([](lab const& l) { return l.number > 2; }).where([](lab const& l) { return l.number < 5; });
  EXPECT_TRUE(which.descriptor().has_predicate);
  auto const& code = which.plan().code;
  ASSERT_EQ(code.size(), 1u);
  EXPECT_FALSE(code[0].accepts(holding(lab{{}, 2})));
  EXPECT_TRUE(code[0].accepts(holding(lab{{}, 3})));
  EXPECT_FALSE(code[0].accepts(holding(lab{{}, 5})));
}

TEST(when, does_not_want_what_it_cannot_read) {
  auto const which = when<lab>().where([](lab const&) { return true; });
  skein::bus::artifact_data broken;
  broken.payload = skein::payload{skein::bytes{static_cast<skein::bytes::value_type>(0xC1)}};
  EXPECT_FALSE(which.plan().code.at(0).accepts(broken));
}

TEST(when, has_conditions_for_each_type_of_a_group) {
  auto const which = when<xray, lab>().where<lab>([](lab const& l) { return l.number > 2; }).where<xray>(field("number") > 1);
  ASSERT_EQ(which.plan().code.size(), 1u);
  EXPECT_EQ(which.plan().code[0].type, "subscription.lab");
  ASSERT_EQ(which.descriptor().filters.size(), 1u);
  EXPECT_EQ(which.descriptor().filters[0].type, "subscription.xray");
  EXPECT_EQ(which.descriptor().filters[0].where, field("number") > 1);
}

TEST(when, turns_a_condition_on_fields_into_data) {
  auto const which = when<lab>().where(field("number") > 1);
  EXPECT_FALSE(which.descriptor().has_predicate);
  EXPECT_TRUE(which.plan().code.empty());
  EXPECT_EQ(which.descriptor().filters.at(0).type, "subscription.lab");
}

TEST(join_by, turns_members_and_fields_into_paths) {
  auto const joined = when<xray, lab>().join_by(&xray::patient, &lab::patient);
  EXPECT_EQ(joined.descriptor().grouping, grouping::join);
  EXPECT_EQ(joined.descriptor().keys, (std::vector<std::string>{"patient", "patient"}));
  EXPECT_TRUE(joined.plan().code.empty());
  EXPECT_EQ((when<xray, lab>().join_by(field("where.ward"), &lab::patient).descriptor().keys), (std::vector<std::string>{"where.ward", "patient"}));
  EXPECT_EQ((when<xray, xray>().join_by(&xray::number, &xray::number).descriptor().keys), (std::vector<std::string>{"number", "number"}));
}

TEST(join_by, keeps_lambdas_as_code_for_all_types) {
  auto const joined = when<xray, lab>().join_by([](xray const& x) { return x.number + 1; }, &lab::number);
  EXPECT_TRUE(joined.descriptor().keys.empty());
  ASSERT_EQ(joined.plan().code.size(), 2u);
  EXPECT_EQ(joined.plan().code[0].key(holding(xray{{}, {}, 6, {}})), "7");
  EXPECT_EQ(joined.plan().code[1].key(holding(lab{{}, 7})), "7");
}

TEST(join_by, takes_lambdas_that_make_text_integers_or_enums) {
  enum class ward { north = 4 };
  auto const joined = when<xray, lab>().join_by([](xray const& x) { return x.patient; }, [](lab const&) { return ward::north; });
  EXPECT_EQ(joined.plan().code[0].key(holding(xray{"p1", {}, 0, {}})), "p1");
  EXPECT_EQ(joined.plan().code[1].key(holding(lab{})), "4");
}

TEST(join_by, refuses_members_that_do_not_travel) {
  EXPECT_NE(refusal(when<xray, lab>().join_by(&xray::unlisted, &lab::number), pair_handler).find("does not list"), std::string::npos);
}

TEST(join_by, refuses_two_keys_for_one_type) {
  EXPECT_NE(refusal(when<xray, xray>().join_by(&xray::patient, &xray::finding), [](xray const&, xray const&) {}).find("two keys"), std::string::npos);
}

TEST(when, describes_windows_batches_and_competition) {
  auto const joined = when<xray, lab>().join_by(&xray::patient, &lab::patient).within(5min).within(100).batch(10, 1s).across_runs();
  auto const& d = joined.descriptor();
  EXPECT_EQ(d.within, 5min);
  EXPECT_EQ(d.within_count, 100u);
  EXPECT_EQ(d.batch_max, 10u);
  EXPECT_EQ(d.batch_age, 1s);
  EXPECT_TRUE(d.across_runs);
  EXPECT_EQ(when<xray>().exclusive("pool").descriptor().exclusive, "pool");
  EXPECT_EQ(when<xray>().batch(3).descriptor().batch_age, 0s);
}

template <class Subscription>
concept has_window = requires(Subscription s) { s.within(5min); };
template <class Subscription>
concept can_compete = requires(Subscription s) { s.exclusive("pool"); };
template <class Subscription>
concept joins_by_one = requires(Subscription s) { s.join_by(&xray::patient); };
template <class Subscription>
concept filters_labs = requires(Subscription s) { s.template where<lab>(field("a").exists()); };

TEST(when, does_not_compile_what_makes_no_sense) {
  EXPECT_TRUE((has_window<skein::subscription<xray, lab>>));
  EXPECT_FALSE(has_window<skein::subscription<xray>>);
  EXPECT_FALSE((can_compete<skein::subscription<xray, lab>>));
  EXPECT_FALSE((joins_by_one<skein::subscription<xray, lab>>));
  EXPECT_FALSE(joins_by_one<skein::subscription<xray>>);
  EXPECT_FALSE(filters_labs<skein::subscription<xray>>);
}

TEST(an_agent_that_cannot_be, is_refused_with_the_way_out) {
  EXPECT_EQ(refusal(when<xray, lab>().within(5min), pair_handler), "");
  EXPECT_NE(refusal(when<xray, lab>().within(0s), pair_handler).find("above 0"), std::string::npos);
  EXPECT_NE(refusal(when<xray, lab>().within(std::uint64_t{0}), pair_handler).find("count above 0"), std::string::npos);
  EXPECT_NE(refusal(when<xray>().batch(0, 1s), batch_handler).find("size above 0"), std::string::npos);
  EXPECT_NE(refusal(when<xray>().batch(2, -1s), batch_handler).find("below 0"), std::string::npos);
  EXPECT_NE(refusal(when<xray>().batch(2).exclusive("pool"), batch_handler).find("exclusive() is for single artifacts"), std::string::npos);
  EXPECT_NE(refusal(when<xray>().exclusive(""), [](xray const&) {}).find("word"), std::string::npos);
  EXPECT_NE(refusal(when<xray>(), batch_handler).find("add .batch("), std::string::npos);
  EXPECT_NE(refusal(when<xray>().batch(2), [](xray const&) {}).find("std::span"), std::string::npos);
}

TEST(an_agent_that_cannot_be, has_lambdas_about_groups_of_what_the_board_publishes) {
  auto const handler = [](skein::failure const&, xray const&) {};
  auto const text = refusal(when<skein::failure, xray>().where<xray>([](xray const&) { return true; }), handler);
  EXPECT_NE(text.find("skein.failure"), std::string::npos) << text;
  EXPECT_NE(text.find("skein::field"), std::string::npos) << text;
  EXPECT_NE(refusal(when<skein::expired>().where([](skein::expired const&) { return true; }).batch(2), [](std::span<skein::expired const>) {}), "");
  EXPECT_EQ(refusal(when<skein::failure, xray>().where<xray>(field("number") > 1), handler), "");
  EXPECT_EQ(refusal(when<skein::failure>().where([](skein::failure const&) { return true; }), [](skein::failure const&) {}), "");
}

/// Why a descriptor is refused, however it was made.
std::string refusal_of(skein::subscription_descriptor one) {
  skein::agent_descriptor what;
  what.name = "a";
  what.subscriptions = {std::move(one)};
  auto const ok = skein::agents::check_agent(what);
  return ok ? std::string{} : ok.error().message();
}

TEST(a_descriptor_that_cannot_be, is_refused_too) {
  auto single = when<xray>().descriptor(), pair = when<xray, lab>().descriptor();
  auto changed = [](auto what, auto change) {
    change(what);
    return refusal_of(what);
  };
  EXPECT_EQ(refusal_of(single), "");
  EXPECT_NE(changed(single, [](auto& d) { d.types.clear(); }).find("no type"), std::string::npos);
  EXPECT_NE(changed(single, [](auto& d) { d.types.push_back("x"); }).find("when<A, B>"), std::string::npos);
  EXPECT_NE(changed(pair, [](auto& d) { d.types.pop_back(); }).find("two types"), std::string::npos);
  EXPECT_NE(changed(single, [](auto& d) { d.within = 1s; }).find("within()"), std::string::npos);
  EXPECT_NE(changed(single, [](auto& d) { d.within_count = 1; }).find("within()"), std::string::npos);
  EXPECT_NE(changed(pair, [](auto& d) { d.within = -1s; }).find("below 0"), std::string::npos);
  EXPECT_NE(changed(pair, [](auto& d) { d.exclusive = "pool"; }).find("exclusive()"), std::string::npos);
  EXPECT_NE(changed(pair, [](auto& d) { d.keys = {"a", "b"}; }).find("join_by"), std::string::npos);
  EXPECT_NE(changed(single, [](auto& d) { d.batch_age = 1s; }).find("batch(size, age)"), std::string::npos);
  EXPECT_NE(changed(single, [](auto& d) { d.filters = {{"other", field("a").exists()}}; }).find("other"), std::string::npos);
  EXPECT_NE(changed(single, [](auto& d) { d.timer.every = 1s; }).find("only timers"), std::string::npos);
  EXPECT_NE(changed(single, [](auto& d) { d.grouping = grouping::timer; }).find("every()"), std::string::npos);
}

TEST(an_agent_for_a_worker, has_no_lambdas_in_groups_and_batches) {
  auto const refused = [](skein::agent const& what) { return !skein::agents::check_remote_agent(what); };
  EXPECT_FALSE(refused(skein::agent{"a"}.on(when<xray>().where([](xray const&) { return true; }), [](xray const&) {})));
  EXPECT_FALSE(refused(skein::agent{"a"}.on(when<xray, lab>().join_by(&xray::patient, &lab::patient).where<lab>(field("number") > 1), pair_handler)));
  EXPECT_TRUE(refused(skein::agent{"a"}.on(when<xray, lab>().where<lab>([](lab const&) { return true; }), pair_handler)));
  EXPECT_TRUE(refused(skein::agent{"a"}.on(when<xray>().where([](xray const&) { return true; }).batch(2), batch_handler)));
  auto const keys = skein::agents::check_remote_agent(
      skein::agent{"a"}.on(when<xray, lab>().join_by([](xray const& x) { return x.patient; }, [](lab const& l) { return l.patient; }), pair_handler));
  ASSERT_FALSE(keys);
  EXPECT_NE(keys.error().message().find("join_by()"), std::string::npos);
}

TEST(an_agent_for_a_worker, is_refused_when_the_worker_starts) {
  auto const started = skein::agents::worker::start({.name = "w"}, {skein::agent{"a"}.on(when<xray, lab>().where<lab>([](lab const&) { return true; }), pair_handler)},
                                                    skein::system_clock(), {}, [] {});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), skein::errc::invalid_argument);
}

}  // namespace
