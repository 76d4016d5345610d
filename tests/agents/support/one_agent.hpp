// A host with one agent, run by the test's thread: a group of inputs in, the result out.
#pragma once

#include "fake_hub.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace skein::testing {

struct one_agent {
  explicit one_agent(agent const& what) : name(what.descriptor().name) { host->add(what).value(); }

  /// Hands over one group and runs it; its result. `change` has the delivery before the host has.
  bus::done run_group(std::vector<bus::artifact_ptr> inputs, std::uint32_t ordinal = 0, std::function<void(bus::delivery&)> const& change = {}) {
    auto work = hub.deliver(name, std::move(inputs));
    work.ordinal = ordinal;
    if (change) change(work);
    host->enqueue({std::move(work)});
    EXPECT_TRUE(host->run_one());
    return hub.results(++runs).back();
  }
  /// The same with values of one artifact each.
  template <class... T>
  bus::done run(T... values) {
    return run_group({hub.make(std::move(values))...});
  }
  /// The names of the spans under the attempt, in order.
  std::vector<std::string> spans_inside() const {
    auto const all = hub.spans();
    auto const attempt = all.find("invoke_agent " + name).back().context.span;
    std::vector<std::string> names;
    for (auto const& one : all) {
      if (one.parent == attempt) names.push_back(one.name);
    }
    return names;
  }

  std::string const name;
  fake_hub hub;
  std::unique_ptr<agents::local_host> host = agents::local_host::make(hub);
  std::size_t runs = 0;
};

/// The values of type T that an attempt has published.
template <class T>
std::vector<T> values_of(bus::done const& result) {
  std::vector<T> all;
  for (auto const& value : outputs{result.children}.get<T>()) all.push_back(*value);
  return all;
}

}  // namespace skein::testing
