# SPDX-License-Identifier: GPL-2.0-or-later
#
# What runs inside the machine: freestanding i386 programs, compiled by clang and linked by ld.lld
# on every host. Their flags are the same in all presets, so that two builds of lgemu execute the
# same instructions.
#
#   lg_image(NAME SCRIPT x.ld SOURCES a.c b.S [ARCHIVE c.c ...] [INCLUDES dir...] [FLAGS -D...])
#
# makes build/<preset>/image/NAME.elf, with debug information, and sets LG_IMAGE_NAME to a copy
# without (it keeps its symbols). ARCHIVE files are linked only where something asks for them.
# Without a script or sources, LG_IMAGE_NAME is empty. The target is image_NAME.

set(LG_IMAGE_FLAGS --target=i386-unknown-none-elf -march=i686 -std=gnu11
	-ffreestanding -nostdlibinc -fno-pic -fno-stack-protector -fno-asynchronous-unwind-tables
	-mno-sse -mno-mmx -msoft-float -fno-strict-aliasing -fwrapv -fno-common
	-O2 -g -Wall -Wextra -Wno-unused-parameter
	-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
if(LG_WERROR)
	list(APPEND LG_IMAGE_FLAGS -Werror)
endif()
# The Host runs at each exit of a Guest, so every instruction of it counts: it is compiled as one piece,
# arguments and small structures travel in registers, and nothing is done for the sake of a processor's
# fetching (which is said to the linker, since that is what makes the code).
set(LG_HOST_FLAGS -flto -mregparm=3 -freg-struct-return -fomit-frame-pointer)
set(LG_IMAGE_LDFLAGS -m elf_i386 -static --build-id=none -z noexecstack -z max-page-size=4096
	-mllvm -align-loops=1)

function(lg_image name)
	cmake_parse_arguments(A "" "SCRIPT" "SOURCES;ARCHIVE;INCLUDES;FLAGS" ${ARGN})
	set(LG_IMAGE_${name} "" PARENT_SCOPE)
	get_filename_component(script "${A_SCRIPT}" ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
	if(NOT A_SOURCES OR NOT EXISTS ${script})
		return()
	endif()
	find_program(LG_CLANG NAMES clang clang-14 clang-15 clang-16 clang-17 clang-18 REQUIRED)
	find_program(LG_LLD NAMES ld.lld ld.lld-14 ld.lld-15 ld.lld-16 ld.lld-17 ld.lld-18 REQUIRED)

	set(dir ${CMAKE_BINARY_DIR}/image)
	list(TRANSFORM A_INCLUDES PREPEND -I)
	foreach(kind SOURCES ARCHIVE)
		set(${kind} "")
		foreach(source ${A_${kind}})
			get_filename_component(source ${source} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
			file(RELATIVE_PATH relative ${CMAKE_SOURCE_DIR} ${source})
			set(object ${dir}/${name}/${relative}.o)
			get_filename_component(parent ${object} DIRECTORY)
			file(MAKE_DIRECTORY ${parent})
			add_custom_command(OUTPUT ${object}
				COMMAND ${LG_CLANG} ${LG_IMAGE_FLAGS} ${A_FLAGS} ${A_INCLUDES}
					-MD -MF ${object}.d -c ${source} -o ${object}
				DEPENDS ${source} DEPFILE ${object}.d
				COMMENT "${name}: ${relative}" VERBATIM)
			list(APPEND ${kind} ${object})
		endforeach()
	endforeach()
	if(ARCHIVE)
		set(archive --start-lib ${ARCHIVE} --end-lib)
	endif()
	add_custom_command(OUTPUT ${dir}/${name}.elf ${dir}/${name}.small.elf
		COMMAND ${LG_LLD} ${LG_IMAGE_LDFLAGS} -T ${script} ${SOURCES} ${archive} -o ${dir}/${name}.elf
		COMMAND ${LG_LLD} ${LG_IMAGE_LDFLAGS} --strip-debug -T ${script} ${SOURCES} ${archive}
			-o ${dir}/${name}.small.elf
		DEPENDS ${SOURCES} ${ARCHIVE} ${script}
		COMMENT "${name}: linking" VERBATIM)
	add_custom_target(image_${name} ALL DEPENDS ${dir}/${name}.elf ${dir}/${name}.small.elf)
	set(LG_IMAGE_${name} ${dir}/${name}.small.elf PARENT_SCOPE)
endfunction()

# lg_embed(target symbol file): the file's bytes as `const unsigned char symbol[]` and their number
# as `const uint32_t symbol_size`; without a file, none and 0.
function(lg_embed target symbol file)
	set(LG_SYMBOL ${symbol})
	set(LG_INCBIN "")
	if(file)
		set(LG_INCBIN ".incbin \"${file}\"")
	endif()
	set(stub ${CMAKE_BINARY_DIR}/embed/${symbol}.S)
	configure_file(${CMAKE_SOURCE_DIR}/cmake/embed.S.in ${stub} @ONLY)
	target_sources(${target} PRIVATE ${stub})
	if(file)
		set_source_files_properties(${stub} PROPERTIES OBJECT_DEPENDS ${file})
	endif()
endfunction()
