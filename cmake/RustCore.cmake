# Makes the target ergodic_core: libergodic.a, built by cargo, with its header. Cargo itself knows when there is nothing
# to do, so it is asked at every build. Its folder is that of `cargo test`, which saves compiling everything twice.
find_program(CARGO_EXECUTABLE cargo REQUIRED)
set(default_target_dir ${PROJECT_SOURCE_DIR}/target)
if(DEFINED ENV{CARGO_TARGET_DIR})
  set(default_target_dir $ENV{CARGO_TARGET_DIR})
endif()
set(ERGODIC_CARGO_TARGET_DIR ${default_target_dir} CACHE PATH "Cargo's build folder")
set(ergodic_static_library ${ERGODIC_CARGO_TARGET_DIR}/release/libergodic.a)

add_custom_target(cargo_build
  COMMAND ${CARGO_EXECUTABLE} build --release --locked --lib --target-dir ${ERGODIC_CARGO_TARGET_DIR}
  WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
  BYPRODUCTS ${ergodic_static_library}
  USES_TERMINAL
  COMMENT "Building the Rust core")

# What the Rust standard library needs besides libc.
find_package(Threads REQUIRED)
set(ergodic_native_libraries Threads::Threads ${CMAKE_DL_LIBS} m)

add_library(ergodic_core STATIC IMPORTED)
set_target_properties(ergodic_core PROPERTIES
  IMPORTED_LOCATION ${ergodic_static_library}
  INTERFACE_INCLUDE_DIRECTORIES ${PROJECT_SOURCE_DIR}/include
  INTERFACE_LINK_LIBRARIES "${ergodic_native_libraries}")
add_dependencies(ergodic_core cargo_build)
