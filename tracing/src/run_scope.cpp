#include <skein/tracing/run_scope.hpp>

namespace skein {

template <class Change>
void run_scope::change(Change&& apply) {
  // The lock is held while the record is handed over, so that the newest is the last one there.
  std::lock_guard const lock{mutex_};
  apply(record_);
  if (begun_ && recording && recorder) recorder->record(run_record{record_});
}

void run_scope::begin(std::string_view name, timestamp start) {
  change([&](run_record& record) {
    record.run = id;
    record.trace = trace;
    record.name = name;
    record.start = start;
    record.status = run_status::running;
    record.end = {};
    begun_ = true;
  });
}

void run_scope::end(run_status status, timestamp end) {
  change([&](run_record& record) {
    record.status = status;
    record.end = end;
  });
}

void run_scope::set_tag(std::string_view key, attribute_value value) {
  change([&](run_record& record) { skein::set_attribute(record.tags, key, std::move(value)); });
}

void run_scope::set_attribute(std::string_view key, attribute_value value) {
  change([&](run_record& record) { skein::set_attribute(record.attributes, key, std::move(value)); });
}

void run_scope::set_session(std::string_view session) {
  change([&](run_record& record) { record.session = session; });
}

void run_scope::set_user(std::string_view user) {
  change([&](run_record& record) { record.user = user; });
}

void run_scope::set_request_preview(std::string_view preview) {
  change([&](run_record& record) { record.request_preview = preview; });
}

void run_scope::set_response_preview(std::string_view preview) {
  change([&](run_record& record) { record.response_preview = preview; });
}

void run_scope::add_failure() {
  change([](run_record& record) { ++record.failures; });
}

run_record run_scope::record() const {
  std::lock_guard const lock{mutex_};
  return record_;
}

}  // namespace skein
