// What the tests were built with: sanitizers make everything slower, and memory says nothing.
#pragma once

namespace skein::testing {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

}  // namespace skein::testing
