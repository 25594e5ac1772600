# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tests. tests/unit/<folder>_<what>_test.c becomes the program <folder>_<what>_test by itself,
# linked with src/<folder> and what that may see; a test named after no folder gets everything.
# Any other folder of tests/ has a CMakeLists.txt of its own, included here when it is there.
# Exit status 77 means skipped.

# lg_test_links(VAR name): the libraries a test of that name is linked with.
function(lg_test_links var name)
	string(REGEX REPLACE "_.*" "" folder ${name})
	if(folder IN_LIST LG_FOLDERS)
		set(${var} lg_${folder} PARENT_SCOPE)
	elseif(TARGET lgemu_library)
		set(${var} lgemu_library PARENT_SCOPE)
	else()
		set(${var} lg_cpu PARENT_SCOPE)
	endif()
endfunction()

# lg_test_program(name source...): an executable that sees every folder (a test may) and is linked
# as its name says. Registering it with add_test is the caller's.
function(lg_test_program name)
	add_executable(${name} ${ARGN})
	lg_test_links(links ${name})
	target_include_directories(${name} PRIVATE ${LG_INCLUDE_ROOTS}/tests ${CMAKE_SOURCE_DIR}/include)
	target_compile_options(${name} PRIVATE -ffile-prefix-map=${LG_INCLUDE_ROOTS}/tests/=src/)
	target_link_libraries(${name} PRIVATE ${links})
endfunction()

set(entries ${LG_FOLDERS})
list(REMOVE_ITEM entries native)
lg_include_root(tests ${entries})

# lg_test_hot(name label command...): test `name` once more, with blocks that are hot from the start
# (tests/prove/rungs.h).
function(lg_test_hot name label)
	add_test(NAME ${name}-hot COMMAND ${ARGN} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
	set_tests_properties(${name}-hot PROPERTIES LABELS ${label} SKIP_RETURN_CODE 77
		ENVIRONMENT "LG_WITHOUT=heat;CK_DEFAULT_TIMEOUT=60")
endfunction()

# --- the book and the layers --------------------------------------------------------------------
if(NOT LG_CORE_ONLY)
	add_test(NAME journey COMMAND ${CMAKE_SOURCE_DIR}/tools/journey --check)
	add_test(NAME journey-tool COMMAND ${CMAKE_SOURCE_DIR}/tests/journey/run)
	add_test(NAME oplint COMMAND ${CMAKE_SOURCE_DIR}/tests/oplint/run)
	add_test(NAME layers COMMAND ${CMAKE_SOURCE_DIR}/tests/layers/run
		${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR} ${CMAKE_C_COMPILER})
	set_tests_properties(journey journey-tool oplint layers PROPERTIES LABELS book)
endif()

# --- units ---------------------------------------------------------------------------------------
if(NOT LG_CORE_ONLY)
	pkg_check_modules(CHECK IMPORTED_TARGET check)
	if(CHECK_FOUND)
		lg_sources(units tests/unit/*_test.c)
		foreach(source ${units})
			get_filename_component(name ${source} NAME_WE)
			lg_test_program(${name} ${source})
			target_link_libraries(${name} PRIVATE PkgConfig::CHECK)
			add_test(NAME unit/${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
			# libcheck gives each case four seconds, which is not much on a busy computer.
			set_tests_properties(unit/${name} PROPERTIES LABELS unit SKIP_RETURN_CODE 77
				ENVIRONMENT CK_DEFAULT_TIMEOUT=60)
			if(name MATCHES "^cpu_(access|event|fpu|heat|run|simd)_")
				lg_test_hot(unit/${name} unit ${name})
			endif()
		endforeach()
	else()
		message(WARNING "libcheck is not here: no unit test is built (./dev test installs it)")
	endif()
endif()

# --- fuzz targets: tests/fuzz/<folder>_<what>_fuzz.c ----------------------------------------------
# In an ordinary build they run their own seeds; preset fuzz gives them a fuzzer.
if(NOT LG_CORE_ONLY)
	lg_sources(fuzzers tests/fuzz/*_fuzz.c)
	foreach(source ${fuzzers})
		get_filename_component(name ${source} NAME_WE)
		lg_test_program(${name} ${source})
		if(LG_FUZZ)
			target_link_options(${name} PRIVATE -fsanitize=fuzzer)
		else()
			target_sources(${name} PRIVATE tests/fuzz/replay.c)
			add_test(NAME fuzz/${name}
				COMMAND ${CMAKE_SOURCE_DIR}/tests/fuzz/seeds $<TARGET_FILE:${name}>)
			set_tests_properties(fuzz/${name} PROPERTIES LABELS fuzz)
		endif()
	endforeach()
endif()

# --- the other folders ---------------------------------------------------------------------------
file(GLOB lists CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/*/CMakeLists.txt)
list(SORT lists)
if(LG_CORE_ONLY)
	list(FILTER lists INCLUDE REGEX "/(vectors|insn)/CMakeLists.txt$")
endif()
foreach(list ${lists})
	get_filename_component(folder ${list} DIRECTORY)
	get_filename_component(name ${folder} NAME)
	add_subdirectory(${folder} tests/${name})
endforeach()
