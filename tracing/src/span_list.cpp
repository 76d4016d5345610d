#include <skein/tracing/span_list.hpp>

#include <algorithm>
#include <iterator>

namespace skein {
namespace {

template <class Predicate>
span_list where(span_list const& all, Predicate&& matches) {
  std::vector<span_record> found;
  std::copy_if(all.begin(), all.end(), std::back_inserter(found), matches);
  return span_list{std::move(found)};
}

}  // namespace

span_list span_list::find(std::string_view name) const {
  return where(*this, [&](span_record const& span) { return span.name == name; });
}

span_list span_list::children_of(span_id const& parent) const {
  return where(*this, [&](span_record const& span) { return span.parent == parent; });
}

span_list span_list::of(run_id const& run) const {
  return where(*this, [&](span_record const& span) { return span.run == run; });
}

}  // namespace skein
