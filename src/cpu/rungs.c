/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:358
 * The rungs of the ladder by name, for whoever wants to do without some.
:*/
#include <errno.h>
#include <string.h>

#include "block.h"
#include "cpu.h"

static const struct cpu_rung_text rungs[] = {
#define R(id, name, what) {name, what},
	CPU_RUNGS(R)
#undef R
};

const struct cpu_rung_text *cpu_rung_text(unsigned rung)
{
	return rung < ARRAY_LEN(rungs) ? &rungs[rung] : NULL;
}

/* "fuse,link" */
int cpu_rungs_parse(const char *list, uint32_t *without)
{
	*without = 0;
	while (*list) {
		size_t len = strcspn(list, ",");
		unsigned i;

		for (i = 0; i < ARRAY_LEN(rungs); i++)
			if (strlen(rungs[i].name) == len && !strncmp(rungs[i].name, list, len))
				break;
		if (i == ARRAY_LEN(rungs))
			return -EINVAL;
		*without |= 1u << i;
		list += len + (list[len] == ',');
	}
	return 0;
}

void cpu_do_without(struct cpu *cpu, uint32_t without)
{
	cpu->without = without;
	cpu_drop_caches(cpu);
}
