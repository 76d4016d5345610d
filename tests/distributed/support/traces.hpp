// What must be true of every traces file, and numbers out of it.
#pragma once

#include <skein/tracing/trace_store.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace skein::testing {

inline std::int64_t count(trace_store const& traces, std::string const& query) {
  for (auto const& row : traces.sql(query)) return row[0].integer();
  return -1;
}

/// Every parent is there, nothing is running, and no span starts before what caused it.
inline void expect_whole(trace_store const& traces) {
  for (auto const& row : traces.sql("SELECT c.name, c.service, c.status_code FROM spans c WHERE c.parent_id IS NOT NULL AND NOT EXISTS "
                                    "(SELECT 1 FROM spans p WHERE p.trace_id = c.trace_id AND p.span_id = c.parent_id) LIMIT 3")) {
    ADD_FAILURE() << row[0].text() << " of " << row[1].text() << " (" << row[2].text() << ") is an orphan";
  }
  EXPECT_EQ(count(traces, "SELECT count(*) FROM spans WHERE status_code = 'running'"), 0);
  for (auto const& row : traces.sql("SELECT c.name, c.service, c.status_code, p.name, p.service, p.status_code, p.start_time - c.start_time FROM spans c JOIN spans p "
                                    "ON p.trace_id = c.trace_id AND p.span_id = c.parent_id WHERE c.start_time < p.start_time LIMIT 3")) {
    ADD_FAILURE() << row[0].text() << " of " << row[1].text() << " (" << row[2].text() << ") starts " << row[6].integer() << " ns before " << row[3].text() << " of "
                  << row[4].text() << " (" << row[5].text() << ")";
  }
}

}  // namespace skein::testing
