# Keeps the glibc that the addon needs as old as the toolchain allows; glibc_floor.c says how.
if(NODECUDA_SANITIZE OR NOT CMAKE_SYSTEM_NAME STREQUAL "Linux"
   OR NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  return()
endif()
include(CheckSymbolExists)
set(CMAKE_REQUIRED_DEFINITIONS -D_GNU_SOURCE)
check_symbol_exists(_dl_find_object dlfcn.h NODECUDA_NEW_GLIBC)
if(NOT NODECUDA_NEW_GLIBC)
  return()  # built on a glibc below 2.35: its floor is low enough, or a container's was chosen
endif()

set(floor ${CMAKE_CURRENT_LIST_DIR}/glibc_floor.c)
file(STRINGS ${floor} definitions REGEX "^USE_OLD\\(|^[a-z0-9_]+ __wrap_")
foreach(definition IN LISTS definitions)
  string(REGEX MATCH "(USE_OLD\\(|__wrap_)([a-z0-9_]+)" matched "${definition}")
  target_link_options(nodecuda PRIVATE -Wl,--wrap=${CMAKE_MATCH_2})
endforeach()
target_sources(nodecuda PRIVATE ${floor})
set_source_files_properties(${floor} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)  # it is C
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${floor})
target_link_options(nodecuda PRIVATE
  -Wl,--push-state,--no-as-needed -l:libdl.so.2 -l:libpthread.so.0 -l:librt.so.1 -Wl,--pop-state)
