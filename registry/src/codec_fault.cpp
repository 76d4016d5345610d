#include <skein/registry/codec_fault.hpp>

#include "join.hpp"

namespace skein::codec {
namespace {

constexpr std::size_t key_shown_max = 64;     // of a hostile key
constexpr std::size_t path_shown_max = 1000;  // a path of 64 such keys helps nobody

std::string printable(std::string_view text) {
  std::string shown;
  for (char c : text.substr(0, key_shown_max)) shown.push_back(c >= ' ' && c <= '~' ? c : '?');
  if (text.size() > key_shown_max) shown += "...";
  return shown;
}

}  // namespace

bool codec_fault::fail(std::string message) {
  message_ = std::move(message);
  path_.clear();
  return false;
}

bool codec_fault::at_field(std::string_view name) {
  path_ = join({".", printable(name), path_});
  return false;
}

bool codec_fault::at_index(std::size_t index) { return at_key(std::uint64_t{index}); }

bool codec_fault::at_key(std::string_view key) {
  path_ = join({"[\"", printable(key), "\"]", path_});
  return false;
}

bool codec_fault::at_key(std::int64_t key) {
  path_ = join({"[", std::to_string(key), "]", path_});
  return false;
}

bool codec_fault::at_key(std::uint64_t key) {
  path_ = join({"[", std::to_string(key), "]", path_});
  return false;
}

error codec_fault::to_error(std::string_view type) const {
  std::string text{type};
  text.append(path_, 0, path_shown_max);
  if (path_.size() > path_shown_max) text += "...";
  return error{errc::bad_payload, text.append(": ").append(message_)};
}

}  // namespace skein::codec
