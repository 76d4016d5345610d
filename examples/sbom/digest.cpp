#include "digest.hpp"

#include <array>
#include <new>
#include <stdexcept>

#include <openssl/evp.h>

namespace sbom {

struct digest::state {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~state() { EVP_MD_CTX_free(context); }
};

digest::digest(algorithm which) : state_(std::make_unique<state>()) {
  if (!state_->context) throw std::bad_alloc{};
  if (EVP_DigestInit_ex(state_->context, which == algorithm::md5 ? EVP_md5() : EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error{which == algorithm::md5 ? "libcrypto refuses MD5 (FIPS mode?), and dpkg records nothing else"
                                                     : "libcrypto refuses SHA-256"};
  }
}
digest::digest(digest&&) noexcept = default;
digest::~digest() = default;

void digest::update(std::string_view bytes) {
  if (EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) != 1) throw std::runtime_error{"libcrypto failed to digest"};
}

std::string digest::hex() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  if (EVP_DigestFinal_ex(state_->context, bytes.data(), &size) != 1) throw std::runtime_error{"libcrypto failed to digest"};
  std::string out;
  for (unsigned at = 0; at < size; ++at) {
    out += digits[bytes[at] >> 4];
    out += digits[bytes[at] & 15];
  }
  return out;
}

}  // namespace sbom
