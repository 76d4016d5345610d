#include <skein/orchestrator/run_report.hpp>

#include <algorithm>
#include <ostream>

namespace skein {

std::ostream& operator<<(std::ostream& out, run_report const& report) {
  auto const succeeded = std::count_if(report.activations.begin(), report.activations.end(), [](auto const& a) { return a.ok; });
  out << report.reason << ": " << succeeded << (succeeded == 1 ? " activation" : " activations") << " done, " << report.failures.size() << " failed";
  if (report.mismatches > 0) out << ", " << report.mismatches << " not wanted";
  if (report.batches_flushed > 0) out << ", " << report.batches_flushed << (report.batches_flushed == 1 ? " batch" : " batches") << " started early";
  if (report.omitted > 0) out << ", " << report.omitted << " more not listed";
  for (auto const& f : report.failures) {
    out << "\n  failed   " << f.agent << " (attempt " << f.attempt << "): " << f.error_type << ": " << f.what;
  }
  for (auto const& s : report.stranded) {
    out << "\n  stranded " << s.agent << " waits for " << s.missing;
    if (s.count > 1) out << ", " << s.count << " times";
  }
  for (auto const& b : report.blocked) out << "\n  blocked  " << b.agent << ": " << b.count << ", " << b.reason;
  for (auto const& o : report.open) out << "\n  open     " << o.agent << ": " << o.count << ' ' << o.state;
  for (auto const& n : report.notices) {
    out << "\n  notice   " << n.kind << ": " << n.agent << (n.agent.empty() ? "" : ": ") << n.what;
    if (n.count > 1) out << " (the last of " << n.count << ")";
  }
  return out;
}

}  // namespace skein
