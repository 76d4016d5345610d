// What most tests have done, and what comes of it.
#pragma once

#include <skein/registry/fields.hpp>

#include <string>

namespace skein::testing {

struct task {
  int number = 0;
  friend bool operator==(task const&, task const&) = default;
  SKEIN_ARTIFACT("test.task", 1, number)
};

struct answer {
  int number = 0;
  friend bool operator==(answer const&, answer const&) = default;
  SKEIN_ARTIFACT("test.answer", 1, number)
};

struct remark {
  std::string text;
  SKEIN_ARTIFACT("test.remark", 1, text)
};

}  // namespace skein::testing
