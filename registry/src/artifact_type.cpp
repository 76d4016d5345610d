#include <skein/registry/artifact_type.hpp>

#include <cxxabi.h>

#include <cstdlib>

namespace skein {

std::string cpp_name(std::type_info const& type) {
  int status = 0;
  std::unique_ptr<char, void (*)(void*)> const readable{abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), std::free};
  return status == 0 && readable ? std::string{readable.get()} : std::string{type.name()};
}

}  // namespace skein
