#include <skein/tracing/exception_text.hpp>

#include <skein/registry/artifact_type.hpp>

#include <cxxabi.h>

#include <typeinfo>

namespace skein {

exception_text describe_exception(std::exception const& exception) {
  return {cpp_name(typeid(exception)), exception.what()};
}

exception_text describe_exception(std::exception_ptr exception) {
  if (!exception) return {};
  try {
    std::rethrow_exception(exception);
  } catch (std::exception const& known) {
    return describe_exception(known);
  } catch (std::string const& text) {
    return {"std::string", text};
  } catch (char const* text) {
    return {"char const*", text == nullptr ? "" : text};
  } catch (...) {
    std::type_info const* const type = abi::__cxa_current_exception_type();
    if (type == nullptr) return {"unknown", "an exception that is not of C++"};
    return {cpp_name(*type), "an exception of type " + cpp_name(*type)};
  }
}

}  // namespace skein
