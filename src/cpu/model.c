/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:356
 * The processors one can choose from.  What CPUID offers is executed, and what it does not offer is
 * not; a feature of the original that is not here is simply not offered.
:*/
#include <string.h>

#include "cpu.h"

#define PENTIUM2                                                                                   \
	(CPUID_FPU | CPUID_DE | CPUID_PSE | CPUID_TSC | CPUID_MSR | CPUID_PAE | CPUID_CX8 |        \
	 CPUID_SEP | CPUID_PGE | CPUID_CMOV | CPUID_MMX | CPUID_FXSR)
#define PENTIUM3 (PENTIUM2 | CPUID_SSE)
#define PENTIUM4 (PENTIUM3 | CPUID_SSE2 | CPUID_CLFSH)

/*C:520
 * Family, model and stepping are those of a Deschutes, a Coppermine and a Northwood.  Nobody chose
 * the first one: it is a late Pentium III that has SSE2, too, and no debug extensions.
 */
static const struct cpu_model models[] = {
	{.name = "default", .signature = 0x683, .edx1 = PENTIUM4 & ~CPUID_DE},
	{.name = "pentium2", .signature = 0x652, .edx1 = PENTIUM2},
	{.name = "pentium3", .signature = 0x683, .edx1 = PENTIUM3},
	{.name = "pentium4", .signature = 0xf27, .edx1 = PENTIUM4},
};
/*:*/

const struct cpu_model *cpu_model_find(const char *name)
{
	for (unsigned i = 0; i < ARRAY_LEN(models); i++)
		if (!name || !strcmp(models[i].name, name))
			return &models[i];
	return NULL;
}
