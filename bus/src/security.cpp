#include <skein/bus/security.hpp>

#include "allow_list.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace skein {

namespace {

constexpr std::size_t key_chars = 40, key_file_bytes_max = 16'384;

std::string reason() { return std::system_category().message(errno); }

struct open_file {
  int fd = -1;
  ~open_file() {
    if (fd >= 0) ::close(fd);
  }
};

bool is_key(std::string const& text) {
  std::array<std::uint8_t, 32> raw{};
  return text.size() == key_chars && ::zmq_z85_decode(raw.data(), text.c_str()) != nullptr;
}

result<std::string> read_text(int fd, std::string const& path) {
  std::string text(key_file_bytes_max + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    auto const got = ::read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return error{errc::io_failed, "the key file cannot be read: " + reason(), path};
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > key_file_bytes_max) return error{errc::corrupt, "this is too long for a key file", path};
  text.resize(size);
  return text;
}

std::string_view trimmed(std::string_view text) {
  auto const first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

result<curve_key_pair> parse_key_file(std::string_view text, std::string const& path) {
  curve_key_pair out;
  auto const broken = [&](std::string_view why) {
    return error{errc::corrupt, "this is no key file: " + std::string{why} + "; `skein bus keygen DIR` writes good ones", path};
  };
  while (!text.empty()) {
    auto const end = std::min(text.find('\n'), text.size());
    auto const line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    auto const equals = line.find('=');
    if (equals == std::string_view::npos) return broken("a line is neither NAME = KEY nor a comment");
    auto const name = trimmed(line.substr(0, equals));
    if (name != "public-key" && name != "secret-key") continue;  // written by a newer skein
    std::string& key = name == "public-key" ? out.public_key : out.secret_key;
    if (!key.empty()) return broken("a key stands in it twice");
    key = trimmed(line.substr(equals + 1));
    if (!is_key(key)) return broken("a key is not 40 characters of Z85");
  }
  if (out.public_key.empty()) return broken("its public-key is missing");
  if (!out.secret_key.empty()) {
    std::array<char, key_chars + 1> derived{};
    if (::zmq_curve_public(derived.data(), out.secret_key.c_str()) != 0) return broken("libzmq cannot use its secret-key");
    if (out.public_key != derived.data()) return broken("its public-key does not belong to its secret-key");
  }
  return out;
}

result<void> make_folder(std::filesystem::path const& path, ::mode_t mode) {
  if (::mkdir(path.c_str(), mode) == 0 || (errno == EEXIST && std::filesystem::is_directory(path))) return {};
  return error{errc::io_failed, "the folder cannot be made: " + reason(), path.string()};
}

bool is_worker_name(std::string const& name) {
  return !name.empty() && name.size() <= 200 && name != "hub" && name.front() != '.' && name.front() != '-' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
         });
}

/// Where the two files of one pair stand.
struct pair_files {
  std::string secret, open, comment;
};

/// Makes what is missing of a pair: a secret key that is there keeps its public half, a public key that came alone stays alone.
result<void> complete_pair(pair_files const& files, std::vector<std::string>& written) {
  bool const has_secret = std::filesystem::exists(files.secret), has_open = std::filesystem::exists(files.open);
  if (has_open) return {};
  auto const pair = has_secret ? curve_key_pair::read(files.secret) : curve_key_pair::generate();
  if (!pair) return pair.error();
  if (pair->secret_key.empty()) return error{errc::corrupt, "its secret-key is missing", files.secret};
  if (!has_secret) {
    if (auto done = pair->write(files.secret, files.comment + " secret key: leave it on its machine"); !done) return done;
    written.push_back(files.secret);
  }
  if (auto done = curve_key_pair{pair->public_key, {}}.write(files.open, files.comment + " public key"); !done) return done;
  written.push_back(files.open);
  return {};
}

}  // namespace

result<curve_key_pair> curve_key_pair::generate() {
  std::array<char, key_chars + 1> open{}, secret{};
  if (::zmq_curve_keypair(open.data(), secret.data()) != 0) {
    return error{errc::io_failed, "no key can be made: libzmq was built without CURVE; install one with libsodium"};
  }
  return curve_key_pair{open.data(), secret.data()};
}

result<curve_key_pair> curve_key_pair::read(std::string const& path) {
  open_file const file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.fd < 0) {
    if (errno == ENOENT) return error{errc::not_found, "there is no such key file; `skein bus keygen DIR` makes keys", path};
    return error{errc::io_failed, "the key file cannot be opened: " + reason(), path};
  }
  struct ::stat about {};
  if (::fstat(file.fd, &about) != 0) return error{errc::io_failed, "the key file cannot be looked at: " + reason(), path};
  if (!S_ISREG(about.st_mode)) return error{errc::corrupt, "this is no key file: it is no regular file", path};
  auto const text = read_text(file.fd, path);
  if (!text) return text.error();
  auto pair = parse_key_file(*text, path);
  if (pair && !pair->secret_key.empty() && (about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return error{errc::misuse,
                 "the secret key can be read by others; `chmod 600 " + path + "`, and make a new one if somebody may have read it", path};
  }
  return pair;
}

result<void> curve_key_pair::write(std::string const& path, std::string_view comment) const {
  ::mode_t const mode = secret_key.empty() ? 0644 : 0600;
  open_file const file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)};
  if (file.fd < 0) return error{errc::io_failed, "the key file cannot be made: " + reason(), path};
  std::string text;
  if (!comment.empty()) {
    text = "# " + std::string{comment} + "\n";
    std::replace(text.begin(), text.end() - 1, '\n', ' ');
  }
  text += "public-key = " + public_key + "\n";
  if (!secret_key.empty()) text += "secret-key = " + secret_key + "\n";
  bool const whole = ::fchmod(file.fd, mode) == 0 && ::write(file.fd, text.data(), text.size()) == static_cast<::ssize_t>(text.size()) &&
                     ::fsync(file.fd) == 0;
  if (whole) return {};
  error failure{errc::io_failed, "the key file cannot be written: " + reason(), path};
  ::unlink(path.c_str());
  return failure;
}

curve_keys curve_keys::load(std::string const& secret_key_file, std::string const& allowed_folder) {
  curve_keys out;
  out.own_ = curve_key_pair::read(secret_key_file).value();
  if (out.own_.secret_key.empty()) {
    throw error{errc::corrupt, "its secret-key is missing: is this the public half (hub.key) of the pair?", secret_key_file};
  }
  (void)bus::allow_list::read(allowed_folder).value();
  out.allowed_ = allowed_folder;
  return out;
}

namespace bus {

result<std::vector<std::string>> generate_keys(std::string const& folder, std::vector<std::string> const& workers) {
  for (auto const& name : workers) {
    if (is_worker_name(name)) continue;
    return error{errc::invalid_argument,
                 "`" + name + "` cannot name a key: letters, digits, dots, dashes and underscores can, `hub` is taken"};
  }
  std::filesystem::path const root{folder}, allowed = root / "allowed";
  std::error_code ignored;
  if (root.has_parent_path()) std::filesystem::create_directories(root.parent_path(), ignored);
  for (auto const& path : {root, allowed}) {
    if (auto made = make_folder(path, 0700); !made) return made.error();
  }
  std::vector<std::string> written;
  auto made = complete_pair({(root / "hub.key_secret").string(), (root / "hub.key").string(), "hub"}, written);
  for (auto const& name : workers) {
    if (made) made = complete_pair({(root / (name + ".key_secret")).string(), (allowed / (name + ".key")).string(), name}, written);
  }
  if (!made) return made.error();
  return written;
}

}  // namespace bus
}  // namespace skein
