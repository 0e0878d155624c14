# Plays the demo with one wrong expectation: it must end with exit code 1 and name the destination, what was expected
# and what was. DEMO: the program; EXPECTED: the right expectations; WORK: a folder to write to.
file(READ ${EXPECTED} expected)
string(JSON name GET "${expected}" destinations 0 name)
string(JSON tenant GET "${expected}" destinations 0 tenant_id)
string(JSON delivered GET "${expected}" destinations 0 delivered)
math(EXPR wrong "${delivered} + 1")
string(JSON expected SET "${expected}" destinations 0 delivered ${wrong})
file(WRITE ${WORK}/wrong_expected.json "${expected}")
file(REMOVE_RECURSE ${WORK}/wrong_expected_state)

execute_process(
  COMMAND ${DEMO} --once --expected ${WORK}/wrong_expected.json --state ${WORK}/wrong_expected_state
  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE errors)
set(difference "${tenant} / ${name}: delivered: expected ${wrong}, actual ${delivered}\n")
string(FIND "${output}" "${difference}" found)
string(REGEX MATCHALL "expected [0-9]+, actual [0-9]+" all "${output}")
list(LENGTH all count)
if(NOT result EQUAL 1 OR found EQUAL -1 OR NOT count EQUAL 1)
  message(FATAL_ERROR "Wanted exit code 1 and this one difference:\n${difference}Got ${result} and\n${output}${errors}")
endif()
if(NOT EXISTS ${WORK}/wrong_expected_state/integrationsd.log)
  message(FATAL_ERROR "A failed run must keep its files, the log among them")
endif()
file(REMOVE_RECURSE ${WORK}/wrong_expected_state)
