#include "private_folder.hpp"

#include <cerrno>
#include <string>
#include <system_error>

#include <stdlib.h>
#include <sys/un.h>

namespace sbom {
namespace {

/// For the name of a file in the folder.
constexpr std::size_t name_bytes_max = 16;

std::string pattern() {
  constexpr auto path_bytes_max = sizeof(sockaddr_un::sun_path) - 1 - name_bytes_max;
  constexpr auto name = "sbom-XXXXXX";
  auto wanted = (std::filesystem::temp_directory_path() / name).string();
  return wanted.size() <= path_bytes_max ? wanted : std::string{"/tmp/"} + name;
}

}  // namespace

private_folder::private_folder() {
  auto path = pattern();
  if (::mkdtemp(path.data()) == nullptr) {
    throw std::system_error{errno, std::generic_category(), path + ": no folder for the workers' socket can be made"};
  }
  path_ = path;
}

private_folder::~private_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace sbom
