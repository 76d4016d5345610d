# cmake -DPROGRAM=<file> -DFOLDER=<path> -P run_in_empty_folder.cmake: empties FOLDER, runs PROGRAM in it, fails when it fails.
file(REMOVE_RECURSE "${FOLDER}")
file(MAKE_DIRECTORY "${FOLDER}")
execute_process(COMMAND "${PROGRAM}" WORKING_DIRECTORY "${FOLDER}" COMMAND_ERROR_IS_FATAL ANY)
