# Compiles exec/isa/*.cc once per instruction set, each into a namespace of its own. The objects
# join nodecuda_simulator; exec/arithmetic/alu.cc chooses between them at run time.
include(CheckCXXSourceCompiles)
check_cxx_source_compiles("
  #ifndef __x86_64__
  #error
  #endif
  int main() {}" NODECUDA_X86_64)

file(GLOB isa_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/isa/*.cc
     ${CMAKE_CURRENT_LIST_DIR}/isa/*/*.cc)
function(nodecuda_add_isa isa)
  set(target nodecuda_alu_${isa})
  add_library(${target} OBJECT ${isa_sources})
  target_compile_features(${target} PRIVATE cxx_std_20)
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../..)
  target_compile_definitions(${target} PRIVATE NODECUDA_ISA=${isa})
  # A register slot is read as whatever type an instruction says: no aliasing by type. Nobody reads
  # the exception flags: lanes may be computed that a branch would have skipped.
  target_compile_options(${target} PRIVATE -fPIC -fvisibility=hidden -Wall -Wextra
    -ffp-contract=off -fno-math-errno -fno-strict-aliasing
    -fno-trapping-math ${ARGN})
  target_sources(nodecuda_simulator PRIVATE $<TARGET_OBJECTS:${target}>)
endfunction()

if(NODECUDA_SANITIZE)
  # Once, as fast as it goes on this machine: the sources are the same, and so is what sanitizers see.
  nodecuda_add_isa(baseline -march=native)
  return()
endif()
nodecuda_add_isa(baseline)
if(NODECUDA_X86_64)
  target_compile_definitions(nodecuda_simulator PRIVATE NODECUDA_X86_ISAS)
  nodecuda_add_isa(avx2 -mavx2 -mfma)
  nodecuda_add_isa(avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma)
endif()

# cmake --build ... --target nodecuda_check_alu_linkage
set(isa_objects $<TARGET_OBJECTS:nodecuda_alu_baseline>)
if(NODECUDA_X86_64)
  list(APPEND isa_objects $<TARGET_OBJECTS:nodecuda_alu_avx2> $<TARGET_OBJECTS:nodecuda_alu_avx512>)
endif()
add_custom_target(nodecuda_check_alu_linkage
  COMMAND sh ${CMAKE_CURRENT_LIST_DIR}/../../../test/native/check-alu-linkage.sh ${isa_objects}
  COMMAND_EXPAND_LISTS VERBATIM)
