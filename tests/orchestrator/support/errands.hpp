// What hub and workers of the tests of distributed agents speak about.
#pragma once

#include <skein/artifact.hpp>

#include <string>

namespace skein::testing {

/// Work for the agents of test_worker.
struct errand {
  int number = 0;
  std::string how;   ///< What the runner does besides: see worker/test_worker.cpp.
  std::string path;  ///< A FIFO, for those that tell where they are or wait.
  SKEIN_ARTIFACT("tests.errand", 1, number, how, path)
};
struct receipt {
  int number = 0;
  int pid = 0;
  std::string note;
  SKEIN_ARTIFACT("tests.receipt", 1, number, pid, note)
};

}  // namespace skein::testing
