#include "allow_list.hpp"

#include <skein/bus/security.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace skein::bus {

namespace {

std::vector<std::filesystem::path> key_files(std::string const& folder, std::error_code& failure) {
  std::vector<std::filesystem::path> files;
  for (std::filesystem::directory_iterator at{folder, failure}, end; !failure && at != end; at.increment(failure)) {
    auto const& path = at->path();
    if (path.extension() == ".key" && !path.stem().empty() && path.filename().native().front() != '.') files.push_back(path);
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

result<allow_list> allow_list::read(std::string folder) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) {
    return error{errc::not_found, "there is no such folder of allowed keys; `skein bus keygen DIR` makes DIR/allowed", folder};
  }
  allow_list out{std::move(folder)};
  auto const problems = out.scan();
  if (!problems.empty()) return problems.front();
  return out;
}

std::string const* allow_list::name_of(std::string_view public_key) const {
  auto const found = keys_.find(public_key);
  return found == keys_.end() ? nullptr : &found->second;
}

std::vector<error> allow_list::scan() {
  std::vector<error> problems;
  seen_ = fingerprint();  // before reading: what changes in between is seen next time
  keys_.clear();
  std::error_code failure;
  for (auto const& path : key_files(folder_, failure)) {
    auto const pair = curve_key_pair::read(path.string());
    if (!pair) {
      problems.push_back(pair.error());
      continue;
    }
    auto const [slot, added] = keys_.try_emplace(pair->public_key, path.stem().string());
    if (!added)
      problems.emplace_back(errc::corrupt, "the same key is allowed as `" + slot->second + "`; each name needs its own", path.string());
  }
  if (failure) problems.emplace_back(errc::io_failed, "the folder of allowed keys cannot be read: " + failure.message(), folder_);
  return problems;
}

bool allow_list::changed() const { return fingerprint() != seen_; }

std::vector<std::string> allow_list::fingerprint() const {
  std::vector<std::string> out;
  std::error_code failure;
  for (auto const& path : key_files(folder_, failure)) {
    struct ::stat about {};
    if (::stat(path.c_str(), &about) != 0) continue;
    out.push_back(path.filename().string() + '/' + std::to_string(about.st_ino) + '/' + std::to_string(about.st_size) + '/' +
                  std::to_string(about.st_mtim.tv_sec) + '.' + std::to_string(about.st_mtim.tv_nsec) + '/' + std::to_string(about.st_mode));
  }
  if (failure) out.push_back(failure.message());
  return out;
}

}  // namespace skein::bus
