// Message digests, by OpenSSL's libcrypto.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace sbom {

/// Bytes in, lower-case hex digits out. For one thread.
class digest {
 public:
  enum class algorithm { md5, sha256 };

  /// Throws std::runtime_error when this libcrypto refuses the algorithm (MD5 in FIPS mode, say).
  explicit digest(algorithm which);
  digest(digest&&) noexcept;
  ~digest();

  void update(std::string_view bytes);
  /// The digest of everything so far; to be called once, last.
  [[nodiscard]] std::string hex();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace sbom
