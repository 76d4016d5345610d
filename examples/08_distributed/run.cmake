# cmake -DHUB= -DCRITIC= -DSKEIN= -DFOLDER= -P run.cmake: makes keys, runs the hub beside its critic in an empty folder, and looks at the trace.
file(REMOVE_RECURSE "${FOLDER}")
file(MAKE_DIRECTORY "${FOLDER}")
file(CREATE_LINK "${CRITIC}" "${FOLDER}/critic" SYMBOLIC)
foreach(command "${SKEIN};bus;keygen;keys" "${HUB}")
  execute_process(COMMAND ${command} WORKING_DIRECTORY "${FOLDER}" COMMAND_ERROR_IS_FATAL ANY)
endforeach()

# Two pizzas were published in the run, judged in other processes, and each judgement hangs on its pizza.
execute_process(WORKING_DIRECTORY "${FOLDER}" OUTPUT_VARIABLE chains OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY
  COMMAND "${SKEIN}" traces sql --json "SELECT count(*) AS n FROM spans AS root JOIN spans AS given ON given.trace_id = root.trace_id AND given.parent_id = root.span_id
    JOIN spans AS judged ON judged.trace_id = given.trace_id AND judged.parent_id = given.span_id
    JOIN spans AS made ON made.trace_id = judged.trace_id AND made.parent_id = judged.span_id
    WHERE root.name = 'tasting' AND given.name = 'publish pizza.pizza' AND judged.name = 'invoke_agent critic'
    AND judged.service LIKE 'critic-%' AND judged.status_code = 'unset' AND made.name = 'publish pizza.review'")
if(NOT chains MATCHES [["n": *2 *}]])
  execute_process(WORKING_DIRECTORY "${FOLDER}" COMMAND "${SKEIN}" traces list)
  message(FATAL_ERROR "the trace has ${chains} of pizzas, not 2")
endif()
