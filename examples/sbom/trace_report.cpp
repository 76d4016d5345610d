#include "trace_report.hpp"

#include <skein/tracing/folded_tree.hpp>

#include <chrono>
#include <iomanip>
#include <ostream>

namespace sbom {
namespace {

std::string time_text(double milliseconds) { return skein::elapsed{std::chrono::duration<double, std::milli>{milliseconds}}.to_string(); }

}  // namespace

void print_trace(std::ostream& out, skein::trace_store const& traces, skein::run_id const& run) {
  // With max(), SQLite takes the other columns of a group from the row that has the maximum.
  auto const slowest =
      "SELECT attributes ->> '$.\"gen_ai.agent.name\"' AS agent, count(*), sum(duration_ms), max(duration_ms),"
      " coalesce(attributes ->> '$.\"sbom.package\"', '') FROM spans WHERE type = 'agent' AND run_id = '" +
      run.to_string() + "' GROUP BY agent ORDER BY 3 DESC";
  out << "\nslowest agents     calls       total     slowest\n";
  for (auto const& row : traces.sql(slowest)) {
    out << "  " << std::left << std::setw(16) << row[0].text() << std::right << std::setw(6) << row[1].text() << std::setw(12)
        << time_text(row[2].real()) << std::setw(12) << time_text(row[3].real()) << "  " << row[4].text() << '\n';
  }
  out << "\ntrace " << run.to_string() << " in " << traces.path() << '\n' << skein::fold(traces.tree(run)) << '\n';
}

}  // namespace sbom
