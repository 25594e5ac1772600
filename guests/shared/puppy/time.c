/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:918 guests/shared/puppy/time.c: What time it is, and waking up in time. The time-stamp counter
 * is the clock if the Host has given its frequency, else the stamp in lguest_data; the clock event
 * is armed only when somebody is waiting for it. :*/
#include "puppy.h"

#define NS_PER_MS 1000000u
#define TICK_NS	  (10 * NS_PER_MS) /* 100 Hz, while processes compete */
#define FAR_NS	  2000000000u	   /* one event reaches this far; then we arm again */

u32 timer_sets;

static u64 boot_tsc;
static u32 boot_sec, boot_nsec;
static u64 armed_for; /* 0 = not armed */

void time_init(void)
{
	boot_tsc = rdtsc();
	boot_sec = lguest_data.time_sec;
	boot_nsec = lguest_data.time_nsec;
	irq_unmask(LGUEST_IRQ_TIMER);
}

/* The stamp is two words without a lock; the Host writes them only while we do not run, so an
 * unchanged second means that both halves belong together. */
static u64 stamp_ns(void)
{
	u32 sec, nsec;

	do {
		sec = lguest_data.time_sec;
		nsec = lguest_data.time_nsec;
	} while (sec != lguest_data.time_sec);
	return (u64)(sec - boot_sec) * 1000000000u + nsec - boot_nsec;
}

/*G:360 Nanoseconds since boot. Ticks are split into milliseconds and a remainder first: multiplied
 * by a million at once they would overflow 64 bits after a few hours. */
u64 now_ns(void)
{
	u32 khz = lguest_data.tsc_khz, rest;
	u64 ms;

	if (!khz)
		return stamp_ns();
	ms = div_u64(rdtsc() - boot_tsc, khz, &rest);
	return ms * NS_PER_MS + div_u64((u64)rest * NS_PER_MS, khz, NULL);
}

u64 wall_seconds(void)
{
	return boot_sec + div_u64(boot_nsec + now_ns(), 1000000000u, NULL);
}

void timer_at(u64 when_ns)
{
	u64 now = now_ns();
	u64 delta = when_ns > now ? when_ns - now : 1;

	/* The call takes 32 bits; whoever sleeps longer is looked at again in between. */
	delta = max(min(delta, (u64)FAR_NS), 1000u);
	armed_for = now + delta;
	timer_sets++;
	hcall(LHCALL_SET_CLOCKEVENT, (u32)delta, 0, 0, 0);
}

/* Tickless: a tick is needed when several tasks want the CPU, an alarm when somebody sleeps with
 * one. Otherwise the event is cancelled and an idle puppy costs nothing. */
void timer_program(void)
{
	u64 now = now_ns(), want = 0;
	int i;

	if (runnable_count() > 1)
		want = now + TICK_NS;
	for (i = 0; i < TASKS_MAX; i++)
		if (tasks[i].state == SLEEPING && tasks[i].wake_at &&
		    (!want || tasks[i].wake_at < want))
			want = tasks[i].wake_at;
	if (want && !(armed_for > now && armed_for <= want))
		timer_at(want);
	if (!want && armed_for) {
		armed_for = 0;
		hcall(LHCALL_SET_CLOCKEVENT, 0, 0, 0, 0);
	}
}

void timer_interrupt(void)
{
	timer_irqs++;
	armed_for = 0;
	wake_sleepers(now_ns());
	/* Whoever schedules next decides whether there has to be another one. */
	need_schedule = 1;
}
/*:*/
