// Runs: everything that a scope causes, in whatever thread, hangs on one trace.
#include <skein/skein.hpp>

#include <algorithm>
#include <functional>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>

struct page {
  std::string title, text;
  SKEIN_ARTIFACT("search.page", 1, title, text)
};

struct index_entry {
  std::string title;
  std::size_t words = 0, fingerprint = 0;
  SKEIN_ARTIFACT("search.index_entry", 1, title, words, fingerprint)
};

index_entry make_entry(page const& from) {
  index_entry made{from.title};

  skein::span count{"count_words", {.type = skein::span_type::parser}};  // A child of the agent's span; ends with its scope, or by end().
  made.words = static_cast<std::size_t>(std::ranges::count(from.text, ' ')) + 1;
  count.set_inputs(from.text).set_outputs(made.words);
  count.end();

  // A thread starts without a trace, unless it is handed one.
  std::thread worker{skein::trace_context::current().bind([&] {
    skein::span hash{"fingerprint"};
    made.fingerprint = std::hash<std::string>{}(from.text);
  })};
  worker.join();

  skein::current_span().add_event("indexed", {{"words", made.words}});
  return made;
}

int main() {
  skein::orchestrator hub;
  hub.add(skein::agent{"indexer"}.on<page>(make_entry).publishes<index_entry>());

  // The scoped form. Attributes describe this run; tags, session and user are what runs are later grouped and searched by.
  {
    skein::traced_run nightly{hub, "nightly_index", {.tags = {{"team", "search"}}, .session = "week-47", .user = "ada"}};
    nightly.set_attribute("index.version", 3);
    hub.publish(page{"Geese", "geese fly in a skein"});
    hub.run_until_idle();
    {
      skein::traced_run late{hub, "late_pages"};  // Inside another run: a span of that run, not a run of its own.
      hub.publish(page{"Yarn", "a skein is a length of yarn"});
      hub.run_until_idle();
    }
  }

  // The callable form returns what its body returns, and knows what it throws.
  auto const entries = skein::traced_run::call(hub, "count_entries", [&] { return hub.artifacts<index_entry>().size(); });
  std::cout << entries << " pages are indexed\n";
  try {
    skein::traced_run::call(hub, "publish_index", [](skein::traced_run& run) {
      run.set_attribute("target", "/srv/index");
      throw std::runtime_error{"no space left on the target"};
    });
  } catch (std::runtime_error const& e) {
    std::cout << "publish_index failed: " << e.what() << '\n';
  }

  auto const traces = hub.traces();
  for (auto const& run : traces.runs()) {
    std::cout << '\n' << run.name << ": " << to_string(run.status) << ", attributes " << run.attributes << ", tags " << run.tags << '\n';
    std::cout << traces.tree(run.id) << '\n';
  }
}
