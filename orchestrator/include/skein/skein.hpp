// Everything that a program with agents needs.
#pragma once

#include <skein/agents/command_engine.hpp>
#include <skein/agents/components.hpp>
#include <skein/agents/engine.hpp>
#include <skein/agents/serve.hpp>
#include <skein/artifact.hpp>
#include <skein/orchestrator/orchestrator.hpp>
#include <skein/orchestrator/traced_run.hpp>
#include <skein/registry/failure.hpp>
#include <skein/tracing/propagation.hpp>
#include <skein/tracing/span.hpp>
