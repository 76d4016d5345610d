// What the user has to change before a command can work: exit code 2.
#pragma once

#include <skein/registry/error.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace skein::cli {

/// What is shown of an error: the place and the sentence. Its code is for programs.
inline std::string shown(error const& e) { return e.where().empty() ? e.message() : e.where() + ": " + e.message(); }

class wrong_setup : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Runs `call`; errors that its caller has to mend (an address or a key that can't be right, plaintext off loopback) become wrong_setup.
template <class Call>
decltype(auto) checked_setup(Call&& call) {
  try {
    return std::forward<Call>(call)();
  } catch (error const& e) {
    if (e.code() == errc::misuse || e.code() == errc::invalid_argument) throw wrong_setup{shown(e)};
    throw;
  }
}

}  // namespace skein::cli
