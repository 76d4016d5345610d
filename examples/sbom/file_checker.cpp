#include "file_checker.hpp"

#include "digest.hpp"
#include "text.hpp"

#include <algorithm>
#include <vector>

namespace sbom {
namespace {

using skein::errc;

constexpr std::size_t buffer_bytes = 256 * 1024;
constexpr std::size_t database_bytes_max = 256u << 20;

/// Every so-manieth element, so that at most `count_max` are left; the first is one of them.
void thin_out(std::vector<recorded_file>& files, std::size_t count_max) {
  auto const count = files.size();
  if (count_max == 0 || count <= count_max) return;
  for (std::size_t at = 0; at < count_max; ++at) {
    auto const from = at * count / count_max;
    if (from != at) files[at] = std::move(files[from]);
  }
  files.resize(count_max);
}

void drop_conffiles(std::vector<recorded_file>& files, std::vector<std::string> const& conffiles) {
  if (conffiles.empty()) return;
  std::erase_if(files,
                [&](auto const& file) { return std::find(conffiles.begin(), conffiles.end(), visible(file.path)) != conffiles.end(); });
}

finding not_readable(skein::error const& why, std::string const& path) {
  if (why.code() == errc::not_found) return {finding_kind::missing, visible(path), ""};
  return {finding_kind::unreadable, visible(path), why.message()};
}

/// Hashes the files of one package.
class comparison {
 public:
  comparison(file_check& into, std::uint64_t file_bytes_max, std::function<bool()> const& stopped)
      : into_(into), file_bytes_max_(file_bytes_max), stopped_(stopped), buffer_(buffer_bytes) {}

  /// False: stopped.
  bool add(root_folder const& root, recorded_file const& file, std::string const& place) {
    auto opened = root.open_regular(place);
    if (!opened) return into_.findings.push_back(not_readable(opened.error(), place)), true;
    if (file_bytes_max_ > 0 && opened->size() > file_bytes_max_) return true;
    digest sum{digest::algorithm::md5};
    for (;;) {
      if (stopped_()) return false;
      auto const count = opened->read(buffer_.data(), buffer_.size());
      if (!count) return into_.findings.push_back(not_readable(count.error(), place)), true;
      if (*count == 0) break;
      sum.update({buffer_.data(), *count});
      into_.bytes += *count;
    }
    ++into_.hashed;
    if (auto const is = sum.hex(); is != file.md5) {
      into_.findings.push_back({finding_kind::changed, visible(place), "md5 " + is + " instead of " + file.md5});
    }
    return true;
  }

 private:
  file_check& into_;
  std::uint64_t const file_bytes_max_;
  std::function<bool()> const& stopped_;
  std::vector<char> buffer_;
};

}  // namespace

file_checker::file_checker(root_folder root, sample which)
    : root_(std::move(root)),
      which_(which),
      // A system without the file has no diversions.
      diversions_(root_.read(diversions_path, database_bytes_max).value_or("")) {}

recorded_files file_checker::read_recorded(package const& of) const {
  finding unchecked{finding_kind::unchecked, md5sums_paths(of).back(), "there are no checksums"};
  for (auto const& path : md5sums_paths(of)) {
    auto const text = root_.read(path, database_bytes_max);
    if (text) return parse_md5sums(*text, path);
    if (text.error().code() == errc::not_found) continue;
    unchecked = {finding_kind::unchecked, path, text.error().message()};
    break;
  }
  return {{}, {unchecked}};
}

std::optional<file_check> file_checker::check(package const& of, std::function<bool()> const& stopped) const {
  auto recorded = read_recorded(of);
  drop_conffiles(recorded.files, of.conffiles);
  file_check made{of.id, of, recorded.files.size(), 0, 0, std::move(recorded.findings)};
  thin_out(recorded.files, which_.files_max);
  comparison comparing{made, which_.file_bytes_max, stopped};
  for (auto const& file : recorded.files) {
    if (!comparing.add(root_, file, diversions_.place_of(file.path, of.name))) return std::nullopt;
  }
  return made;
}

}  // namespace sbom
