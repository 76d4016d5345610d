#include "summary.hpp"

#include "text.hpp"

#include <array>
#include <cstdio>
#include <map>

namespace sbom {
namespace {

/// Of each kind; the document has them all.
constexpr std::size_t shown_max = 5;

struct totals {
  std::uint64_t recorded = 0, hashed = 0, bytes = 0, with_licence = 0, findings = 0;
  std::map<finding_kind, std::vector<std::string>> shown;
  std::map<finding_kind, std::uint64_t> counts;

  void add(std::string const& owner, finding const& one) {
    ++findings;
    if (++counts[one.kind] > shown_max) return;
    // Of a changed file its sums are of no use to people; the document has them.
    bool const short_enough = one.kind != finding_kind::changed && !one.what.empty();
    shown[one.kind].push_back(owner + one.where + (short_enough ? " (" + one.what + ')' : ""));
  }
  void add(component const& one) {
    recorded += one.recorded;
    hashed += one.hashed;
    bytes += one.bytes;
    with_licence += one.licence.empty() ? 0 : 1;
    for (auto const& each : one.findings) add(one.subject.id + "  ", each);
  }
};

std::string findings_text(totals const& of) {
  std::string out = "  findings  " + std::to_string(of.findings) + '\n';
  for (auto const& [kind, lines] : of.shown) {
    auto const count = of.counts.at(kind);
    out += "    " + std::to_string(count) + ' ' + std::string{to_string(kind)} + '\n';
    for (auto const& line : lines) out += "      " + line + '\n';
    if (count > lines.size()) out += "      and " + std::to_string(count - lines.size()) + " more\n";
  }
  return out;
}

}  // namespace

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array units{"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < units.size(); ++unit) value /= 1000;
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return text.data();
}

std::string to_string(sample const& of) {
  if (of.is_everything()) return "every recorded file";
  std::string out = of.files_max == 0 ? "files" : "at most " + counted(of.files_max, "file");
  out += " of each package";
  if (of.file_bytes_max > 0) out += ", none over " + bytes_text(of.file_bytes_max);
  return out;
}

std::string summary(document_order const& order, std::vector<component> const& components) {
  totals all;
  for (auto const& one : order.findings) all.add("", one);
  for (auto const& one : components) all.add(one);
  std::string out = order.system + '\n';
  out += "  packages  " + std::to_string(components.size()) + " installed, " + std::to_string(order.not_installed) +
         " known but not installed\n";
  out += "  files     " + std::to_string(all.hashed) + " of " + std::to_string(all.recorded) + " hashed, " + bytes_text(all.bytes);
  if (!order.hashed.is_everything()) out += " (" + to_string(order.hashed) + "; --all hashes every one)";
  out += "\n  licences  " + std::to_string(all.with_licence) + " of the packages say theirs, " +
         std::to_string(components.size() - all.with_licence) + " do not\n";
  return out + findings_text(all);
}

}  // namespace sbom
