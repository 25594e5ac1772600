/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:395
 * Transcendentals: being written.
:*/
#include "f80_int.h"

bool f80_sincos(struct f80_env *e, struct f80 a, struct f80 *sin, struct f80 *cos)
{
	(void)e;
	if (sin)
		*sin = a;
	if (cos)
		*cos = a;
	return true;
}

bool f80_tan(struct f80_env *e, struct f80 a, struct f80 *tan)
{
	(void)e;
	*tan = a;
	return true;
}

struct f80 f80_atan2(struct f80_env *e, struct f80 y, struct f80 x)
{
	(void)e;
	(void)x;
	return y;
}

struct f80 f80_2xm1(struct f80_env *e, struct f80 a)
{
	(void)e;
	return a;
}

struct f80 f80_yl2x(struct f80_env *e, struct f80 x, struct f80 y)
{
	(void)e;
	(void)x;
	return y;
}

struct f80 f80_yl2xp1(struct f80_env *e, struct f80 x, struct f80 y)
{
	(void)e;
	(void)x;
	return y;
}
