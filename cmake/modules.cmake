# nodecuda_module_reader: the reader of users' module images. LZ4 and zstd, with which nvcc compresses
# parts of fatbins, are linked statically as zlib is; where one is missing, a part that needs it is
# refused in words. Debian: liblz4-dev, libzstd-dev.
include_guard(GLOBAL)
include(${CMAKE_CURRENT_LIST_DIR}/precompile.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/ptx.cmake)

set(nodecuda_native ${CMAKE_CURRENT_LIST_DIR}/../native)
file(GLOB nodecuda_module_reader_sources CONFIGURE_DEPENDS ${nodecuda_native}/modules/*.cc)
add_library(nodecuda_module_reader STATIC ${nodecuda_module_reader_sources})
target_compile_options(nodecuda_module_reader PRIVATE -fPIC -fvisibility=hidden -Wall -Wextra)
nodecuda_precompile(nodecuda_module_reader)
target_link_libraries(nodecuda_module_reader PUBLIC nodecuda_ptx)

foreach(library IN ITEMS LZ4 ZSTD)
  string(TOLOWER ${library} name)
  find_path(NODECUDA_${library}_INCLUDE ${name}.h)
  find_library(NODECUDA_${library}_LIBRARY ${CMAKE_STATIC_LIBRARY_PREFIX}${name}${CMAKE_STATIC_LIBRARY_SUFFIX})
  mark_as_advanced(NODECUDA_${library}_INCLUDE NODECUDA_${library}_LIBRARY)
  if(NODECUDA_${library}_INCLUDE AND NODECUDA_${library}_LIBRARY)
    set_property(SOURCE ${nodecuda_native}/modules/decompress.cc APPEND PROPERTY
                 COMPILE_DEFINITIONS NODECUDA_WITH_${library})
    target_include_directories(nodecuda_module_reader SYSTEM PRIVATE ${NODECUDA_${library}_INCLUDE})
    target_link_libraries(nodecuda_module_reader PRIVATE ${NODECUDA_${library}_LIBRARY})
  else()
    message(STATUS "lib${name} was not found: fatbins that it compressed will be refused")
  endif()
endforeach()
