# SPDX-License-Identifier: GPL-2.0-or-later
#
# Flags of the native code. The code inside the machine has its own, in image.cmake.
include(CheckCSourceCompiles)

add_compile_options(-Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes
	# Handlers of one table have one signature, needed or not.
	-Wno-unused-parameter
	-fno-strict-aliasing
	-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
if(LG_WERROR)
	add_compile_options(-Werror)
endif()
if(LG_SANITIZE)
	# No -fwrapv here: with it the sanitizer would not see a signed overflow.
	add_compile_options(-fsanitize=${LG_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
	add_link_options(-fsanitize=${LG_SANITIZE})
else()
	add_compile_options(-fwrapv)
endif()
if(LG_FUZZ)
	add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(LG_HARD)
	add_compile_definitions(LG_HARD=1)
endif()
if(LG_CORE_ONLY)
	add_link_options(-static)
else()
	# A position-independent program, and a library that fits in one. Not -fPIC: that would let
	# the linker replace our own functions by others of the same name, and forbid inlining them.
	add_compile_options(-fPIE)
	add_link_options(-pie)
endif()

# Tail-threaded dispatch needs a compiler that promises sibling calls: without that promise the
# stack grows with every instruction of the guest. Everything else gets the trampoline.
check_c_source_compiles("
	int callee(int x);
	int caller(int x);
	int caller(int x) { __attribute__((musttail)) return callee(x); }
	int main(void) { return 0; }
	int callee(int x) { return x ? caller(x - 1) : 0; }"
	LG_HAVE_MUSTTAIL FAIL_REGEX "attribute")
if(LG_TRAMPOLINE OR LG_SANITIZE OR NOT LG_HAVE_MUSTTAIL OR CMAKE_BUILD_TYPE STREQUAL "Debug")
	add_compile_definitions(LG_TRAMPOLINE=1)
	set(LG_DISPATCH trampoline)
else()
	set(LG_DISPATCH tail)
endif()
message(STATUS "lgemu ${PROJECT_VERSION}: preset ${LG_PRESET}, ${CMAKE_C_COMPILER_ID} "
	"${CMAKE_C_COMPILER_VERSION}, ${LG_DISPATCH} dispatch")
