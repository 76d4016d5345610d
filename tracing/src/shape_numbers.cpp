#include "shape_numbers.hpp"

#include <skein/registry/ids.hpp>

#include <utility>

namespace skein {
namespace {

// Programs have tens of names. One that makes a name per request must not fill the memory.
constexpr std::size_t known_max = 16'384;

}  // namespace

result<shape_numbers> shape_numbers::make(sqlite::database& file, std::string service) {
  shape_numbers made;
  made.file_ = &file;
  made.service_ = std::move(service);
  auto const prepared = file.prepare_all({
      {made.find_, "SELECT no FROM shapes WHERE name = ? AND kind = ? AND type = ? AND service = ? AND scope = ?"},
      {made.insert_, "INSERT INTO shapes(name, kind, type, service, scope) VALUES(?, ?, ?, ?, ?)"},
  });
  if (!prepared) return prepared.error();
  return made;
}

// A span mostly looks like a recent one: comparing is cheaper than a key and its hash.
result<shape_numbers::shape> shape_numbers::of(span_view span) {
  auto const name = span.name();
  auto const place = name.empty() ? 0 : name.size() * 31 + static_cast<unsigned char>(name.back());
  auto& recent = recent_[place % recent_.size()];
  if (recent.no != 0 && recent.kind == span.kind() && recent.type == span.type() && recent.name == name &&
      recent.service == span.service() && recent.scope == span.scope()) {
    return recent;
  }
  auto const found = find(span);
  if (!found) return found.error();
  static_cast<shape&>(recent) = *found;
  recent.kind = span.kind();
  recent.type = span.type();
  recent.name = name;
  recent.service = span.service();
  recent.scope = span.scope();
  return *found;
}

result<shape_numbers::shape> shape_numbers::find(span_view span) {
  auto const service = span.service().empty() ? std::string_view{service_} : span.service();
  key_.assign(span.name());
  key_ += '\0';
  key_ += service;
  key_ += '\0';
  key_ += span.scope();
  key_ += '\0';
  key_ += static_cast<char>(span.kind());
  key_ += static_cast<char>(span.type());
  if (auto const found = known_.find(key_); found != known_.end()) return found->second;
  auto const no = store(span, service);
  if (!no) return no.error();
  if (known_.size() >= known_max) known_.clear();
  return known_.emplace(key_, shape{*no, stable_hash(span.name())}).first->second;
}

result<std::int64_t> shape_numbers::store(span_view span, std::string_view service) {
  auto const bind = [&](sqlite::statement& statement) {
    statement.bind(1, span.name()).bind(2, to_string(span.kind())).bind(3, to_string(span.type()));
    statement.bind(4, service).bind(5, span.scope());
  };
  bind(find_);
  auto const found = find_.step();
  if (!found) return found.error();
  if (*found) {
    auto const no = find_.integer(0);
    find_.reset();
    return no;
  }
  bind(insert_);
  if (auto stored = insert_.run(); !stored) return stored.error();
  return file_->last_row();
}

}  // namespace skein
