// Random trees of artifacts: the counts must be exact at the moment run_until_idle returns, whatever the threads, ledger and link.
#include "tracing/support/temporary_folder.hpp"

#include <skein/testing.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>

namespace {

struct node {
  std::uint64_t seed = 0;
  int depth = 0;
  SKEIN_ARTIFACT("tree.node", 1, seed, depth)
};

/// The children of a node, and the size of the tree below it, follow from its seed alone.
std::vector<node> children_of(node const& n) {
  std::vector<node> children;
  if (n.depth == 0) return children;
  std::mt19937_64 random{n.seed};
  auto const count = random() % 4;
  for (std::uint64_t i = 0; i < count; ++i) children.push_back({random(), n.depth - 1});
  return children;
}

std::uint64_t size_of(node const& n) {
  std::uint64_t size = 1;
  for (auto const& child : children_of(n)) size += size_of(child);
  return size;
}

struct setting {
  unsigned threads;
  bool durable;
  skein::local_link link;
};

std::string name_of(testing::TestParamInfo<setting> const& info) {
  auto const& s = info.param;
  return "threads_" + std::to_string(s.threads) + (s.durable ? "_sqlite" : "_memory") + (s.link == skein::local_link::inproc ? "_inproc" : "_direct");
}

class trees : public testing::TestWithParam<setting> {
 protected:
  skein::orchestrator_options options() const {
    auto const& s = GetParam();
    skein::orchestrator_options o;
    o.ledger = s.durable ? "sqlite:" + folder_ / "ledger.db" : "memory:";
    o.traces = "none";
    o.worker_threads = s.threads;
    o.local_link = s.link;
    return o;
  }

  skein::testing::temporary_folder folder_;
};

TEST_P(trees, are_complete_when_run_until_idle_returns) {
  std::atomic<std::uint64_t> handled = 0;
  skein::orchestrator hub{options()};
  auto const grow = [&](node const& n) {
    ++handled;
    return children_of(n);
  };
  // Two agents that feed each other: an agent does not trigger itself.
  hub.add(skein::agent{"left"}.on(skein::when<node>().self_trigger(), grow).publishes<node>().max_concurrency(4));

  std::mt19937_64 random{7};
  std::uint64_t expected = 0;
  for (int round = 0; round < 3; ++round) {
    std::vector<node> roots;
    for (int i = 0; i < 5; ++i) roots.push_back({random(), 6});
    for (auto const& root : roots) expected += size_of(root);
    hub.publish(roots[0]);
    hub.publish_all(std::vector<node>(roots.begin() + 1, roots.end()));
    auto const report = hub.run_until_idle();
    EXPECT_TRUE(report.ok()) << report;
    EXPECT_EQ(handled, expected);
    EXPECT_EQ(hub.artifacts<node>().size(), expected);
  }
}

TEST_P(trees, are_complete_when_foreign_threads_publish_during_the_wait) {
  std::atomic<std::uint64_t> handled = 0;
  skein::orchestrator hub{options()};
  hub.add(skein::agent{"grower"}
              .on(skein::when<node>().self_trigger(),
                  [&](node const& n) {
                    ++handled;
                    return children_of(n);
                  })
              .publishes<node>()
              .max_concurrency(3));
  std::atomic<std::uint64_t> expected = 0;
  std::vector<std::thread> publishers;
  for (std::uint64_t t = 0; t < 3; ++t) {
    publishers.emplace_back([&, t] {
      std::mt19937_64 random{t};
      for (int i = 0; i < 6; ++i) {
        node const root{random(), 5};
        expected += size_of(root);
        hub.publish(root);
      }
    });
  }
  while (hub.run_until_idle().activations.empty()) {
  }
  for (auto& thread : publishers) thread.join();
  hub.run_until_idle();
  EXPECT_EQ(handled, expected);
  EXPECT_EQ(hub.artifacts<node>().size(), expected);
}

std::vector<setting> settings() {
  std::vector<setting> all;
  for (unsigned threads : {0u, 1u, 2u, 8u}) {
    for (bool durable : {false, true}) {
      for (auto link : {skein::local_link::direct, skein::local_link::inproc}) all.push_back({threads, durable, link});
    }
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(every, trees, testing::ValuesIn(settings()), name_of);

}  // namespace
