// CURVE keys between hosts: who the hub is, and whom it lets in. `skein bus keygen DIR` writes the files.
//
//   keys/hub.key_secret         the hub's secret key, 0600
//   keys/hub.key                its public key, to be given to workers
//   keys/allowed/NAME.key       public keys of those who may connect; NAME is who they are then
//
// A key file is text: `public-key = Z85` and, in a .key_secret file, `secret-key = Z85` (40 characters each, ZeroMQ RFC 32); lines that
// start with # are comments.
#pragma once

#include <skein/registry/error.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace skein {

/// A pair of CURVE keys in Z85. A value; `secret_key` is empty where only the public half is known.
struct curve_key_pair {
  std::string public_key = {}, secret_key = {};   ///< Z85, 40 characters each.
  friend bool operator==(curve_key_pair const&, curve_key_pair const&) = default;

  /// A new pair from libsodium's or tweetnacl's generator, by way of libzmq. errc::io_failed where libzmq was built without CURVE.
  [[nodiscard]] static result<curve_key_pair> generate();
  /// Reads a key file. A file that holds a secret key and can be read by group or others is refused (errc::misuse, naming chmod 600).
  /// errc::not_found, io_failed, corrupt.
  [[nodiscard]] static result<curve_key_pair> read(std::string const& path);
  /// Writes a key file, 0600 when it holds the secret key, otherwise 0644; never replaces one that is there (errc::io_failed).
  [[nodiscard]] result<void> write(std::string const& path, std::string_view comment) const;
};

/// The keys of a hub: its own, and the folder of those that it lets in. A value, cheap to copy. The folder is read again when it changes,
/// while the hub runs.
class curve_keys {
 public:
  /// No keys: plaintext, which is refused off loopback.
  curve_keys() = default;
  /// Reads the secret key and looks at the folder once. Throws skein::error: not_found, misuse (a secret key that others can read), corrupt.
  [[nodiscard]] static curve_keys load(std::string const& secret_key_file, std::string const& allowed_folder);

  /// Whether there are none: plaintext.
  [[nodiscard]] bool empty() const noexcept { return own_.secret_key.empty(); }
  /// The hub's pair.
  [[nodiscard]] curve_key_pair const& own() const noexcept { return own_; }
  /// Where the public keys of those lie who may connect: NAME.key.
  [[nodiscard]] std::string const& allowed_folder() const noexcept { return allowed_; }

 private:
  curve_key_pair own_;
  std::string allowed_;
};

/// What a host needs to connect to a hub with CURVE.
struct curve_client {
  curve_key_pair own = {};       ///< The host's own pair.
  std::string server_key = {};   ///< The hub's public key, Z85.
};

namespace bus {

/// What `skein bus keygen` makes: hub.key_secret, hub.key, allowed/, and for each of `workers` NAME.key_secret and allowed/NAME.key. Keys that are
/// there stay. Returns the paths of the files written. errc::io_failed, invalid_argument (a worker's name).
[[nodiscard]] result<std::vector<std::string>> generate_keys(std::string const& folder, std::vector<std::string> const& workers);

/// Whether an endpoint may be bound (or connected to) without CURVE: ipc, inproc, and tcp on a loopback address written as a number or `localhost`.
/// errc::invalid_argument for what is no endpoint of these kinds.
[[nodiscard]] result<bool> is_local_endpoint(std::string_view endpoint);

}  // namespace bus
}  // namespace skein
