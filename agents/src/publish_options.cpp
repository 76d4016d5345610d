#include <skein/agents/publish_options.hpp>

#include <skein/registry/error.hpp>

namespace skein {

std::shared_ptr<visibility const> visibility_choice::get(timestamp now) const {
  if (after_.count() == 0) return choice_;
  visibility timed = choice_ ? *choice_ : visibility{};
  // A time that no clock reaches is the end of time.
  timed.not_before = after_ > timestamp::max() - now ? timestamp::max() : now + after_;
  return make(std::move(timed));
}

visibility_choice visibility_choice::both(visibility_choice const& left, visibility_choice const& right) {
  visibility_choice made = left;
  made.after_ = std::max(left.after_, right.after_);
  if (!right.choice_) return made;
  if (!left.choice_) {
    made.choice_ = right.choice_;
    return made;
  }
  auto all = *left.choice_;
  auto const& more = *right.choice_;
  if (!all.agents.empty() && !more.agents.empty()) {
    throw error{errc::invalid_argument, "two visible_to_agents in one visibility; name the agents that may see it in one of them"};
  }
  if (!all.tenant.empty() && !more.tenant.empty() && all.tenant != more.tenant) {
    throw error{errc::invalid_argument, "an artifact cannot be visible to the tenants " + all.tenant + " and " + more.tenant + " only; nobody would be both"};
  }
  all.agents.insert(all.agents.end(), more.agents.begin(), more.agents.end());
  all.labels.insert(all.labels.end(), more.labels.begin(), more.labels.end());
  if (all.tenant.empty()) all.tenant = more.tenant;
  made.choice_ = make(std::move(all));
  return made;
}

bool artifact_filter::accepts(bus::artifact_data const& meta) const {
  if (!produced_by.empty() && meta.produced_by != produced_by) return false;
  if (!correlation_id.empty() && meta.correlation != correlation_id) return false;
  if (!run.empty() && meta.run != run) return false;
  if (tagged.empty()) return true;
  return std::any_of(tagged.begin(), tagged.end(),
                     [&](auto const& tag) { return std::find(meta.tags.begin(), meta.tags.end(), tag) != meta.tags.end(); });
}

}  // namespace skein
