# What makes an exploit of a memory error harder, and the two rules a Node addon lives by: export
# nothing but the entry points, and never be unloaded (threads of ours may outlive an environment).
add_compile_options(-ffunction-sections -fdata-sections)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  add_compile_options(-Wno-restrict)  # warns of "x" + std::to_string(y): GCC bug 105329
endif()
add_link_options(
  -Wl,--gc-sections -Wl,--exclude-libs,ALL
  -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,nodelete
  "$<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,MODULE_LIBRARY>:-Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/exports.map>")
set_property(DIRECTORY APPEND PROPERTY LINK_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/exports.map)

if(NODECUDA_SANITIZE)
  # With the shared C++ library, which the sanitizers intercept, and no FORTIFY, which they replace.
  add_compile_options(-fsanitize=${NODECUDA_SANITIZE} -fno-sanitize-recover=undefined
                      -fno-omit-frame-pointer -g1)
  set(CMAKE_C_FLAGS_RELEASE -O1)  # twice as fast to compile; and assert() stays on
  set(CMAKE_CXX_FLAGS_RELEASE -O1)
  add_link_options(-fsanitize=${NODECUDA_SANITIZE})
  return()
endif()

add_compile_options(-fstack-protector-strong -fstack-clash-protection)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  add_compile_options(-fcf-protection=full)
  # The linker says of a binary what all its parts say of themselves, and cudart and crti.o say
  # nothing. They are fit for a shadow stack all the same (they return only to where they were called
  # from), and not for indirect branch tracking (they have no endbr64): nor is the binary.
  add_link_options(-Wl,-z,shstk)
endif()
add_compile_definitions(_GLIBCXX_ASSERTIONS)
if(CMAKE_BUILD_TYPE STREQUAL "Release")  # FORTIFY needs the optimizer
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
add_link_options(-static-libstdc++ -static-libgcc)
