// The ready-made components; docs/components.md says what each is for.
#pragma once

#include <skein/agents/agent_metrics.hpp>
#include <skein/agents/deduplicate.hpp>
#include <skein/agents/limit_by_key.hpp>
#include <skein/agents/output_guard.hpp>
