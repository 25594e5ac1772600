/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:557
 * DMA, the way in which Guests of 2.6.23 talked to their devices and to each other.  Before virtio
 * there were two calls: BIND_DMA says "whatever comes for this key may go into these buffers, and
 * interrupt me so", SEND_DMA says "this is for that key".  A key is nothing but an address; who
 * else has the memory at that address is the one who is meant.  If it is memory of the Guest's own,
 * nobody has it but its Launcher; if it is a page that Guests share, the others do.
 *
 * Data between two Guests is copied here, and nobody else ever sees it.
:*/
#include "base/lguest_dma.h"
#include "lg.h"

/*H:211
 * The identity of a key.  Two Guests may have the same page at different addresses; the place in
 * the machine's memory is what both mean.
 */
static bool key_identity(const struct lguest *lg, gpa_t key, hpa_t *identity)
{
	if ((key.v & 3) || !lguest_address_ok(lg, key, 4))
		return false;
	*identity = guest_hpa(lg, key);
	return true;
}

static struct dma_binding *find_binding(struct lguest *lg, hpa_t identity)
{
	struct dma_binding *b, *last = NULL;

	for (b = lg->dma_bound; b < lg->dma_bound + LGUEST_MAX_DMA; b++)
		if (b->irq && b->identity.v == identity.v && (!last || b->age > last->age))
			last = b;
	return last;
}
/*:*/

static uint32_t unbind(struct lguest *lg, hpa_t identity, gpa_t array)
{
	struct dma_binding *b;

	for (b = lg->dma_bound; b < lg->dma_bound + LGUEST_MAX_DMA; b++)
		if (b->irq && b->identity.v == identity.v && b->array.v == array.v) {
			b->irq = 0;
			return 1;
		}
	return 0;
}

/*H:212
 * BIND_DMA.  The last argument is a count and an interrupt in one; interrupt 0 is the clock's, so it
 * is free to mean "no more".  The array is not looked at: it need not even be there yet.
 */
uint32_t guest_bind_dma(struct lguest *lg, gpa_t key, gpa_t array, uint32_t count_irq)
{
	const uint32_t irq = count_irq & 0xff;
	struct dma_binding *b;
	hpa_t identity;

	if (irq >= LGUEST_IRQS)
		return 0;
	if (!key_identity(lg, key, &identity)) {
		kill_guest(lg, "bad dma key %#lx", (unsigned long)key.v);
		return 0;
	}
	if (!irq)
		return unbind(lg, identity, array);
	for (b = lg->dma_bound; b < lg->dma_bound + LGUEST_MAX_DMA; b++)
		if (!b->irq) {
			*b = (struct dma_binding){
				.identity = identity,
				.array = array,
				.count = count_irq >> 8 & 0xffff,
				.age = ++lg->host->dma_bindings,
				.irq = irq,
			};
			return 1;
		}
	return 0;
}
/*:*/

static gpa_t nth_dma(const struct dma_binding *b, uint32_t n)
{
	return GPA(b->array.v + n * (uint32_t)sizeof(struct lguest_dma));
}

/*H:213
 * The first of a binding's structures that is free, counting from "start" and around; "count" if
 * none is.  False if one of them cannot be read.
 */
static bool find_free(struct lguest *lg, const struct dma_binding *b, uint32_t start, uint32_t *n)
{
	le32_t used_len;
	uint32_t i;

	for (i = 0; i < b->count; i++) {
		*n = (start + i) % b->count;
		if (!try_lgread(lg, &used_len, nth_dma(b, *n), sizeof(used_len)))
			return false;
		if (!le32_get(used_len))
			return true;
	}
	*n = b->count;
	return true;
}
/*:*/

/*H:214
 * For the Launcher.  The original gave away a buffer in use when all of them were, and with it what
 * the Guest had not read yet; ours says that there is none, and the Launcher waits.  The one it
 * gets is marked with the interrupt that goes with it, so that nobody else takes it.
 */
enum dma_buffer guest_dma_buffer(struct lguest *lg, gpa_t key, gpa_t *dma, uint32_t *irq)
{
	struct dma_binding *b;
	hpa_t identity;
	uint32_t n;

	if (!key_identity(lg, key, &identity))
		return DMA_UNBOUND;
	b = find_binding(lg, identity);
	if (!b || !b->count)
		return DMA_UNBOUND;
	if (!find_free(lg, b, 0, &n)) {
		kill_guest(lg, "bad registered DMA buffer");
		return DMA_UNBOUND;
	}
	if (n == b->count)
		return DMA_ALL_USED;
	*dma = nth_dma(b, n);
	*irq = b->irq;
	lgwrite_u32(lg, *dma, b->irq);
	return DMA_BUFFER;
}
/*:*/

/*H:215
 * Both lists are checked before a byte moves.  No section may cross a page, which makes each of
 * them one piece of the machine's memory.
 */
static unsigned check_list(struct lguest *lg, const struct lguest_dma *dma)
{
	uint32_t addr, len;
	unsigned i;

	for (i = 0; i < LGUEST_MAX_DMA_SECTIONS && le16_get(dma->len[i]); i++) {
		addr = le32_get(dma->addr[i]);
		len = le16_get(dma->len[i]);
		if (len > PAGE_SIZE || (addr & ~PAGE_MASK) + len > PAGE_SIZE ||
		    !lguest_address_ok(lg, GPA(addr), len)) {
			kill_guest(lg, "bad DMA entry: %u@%#lx", len, (unsigned long)addr);
			return 0;
		}
	}
	return i;
}

static hpa_t section(const struct lguest *lg, const struct lguest_dma *dma, unsigned i,
		     uint32_t off)
{
	return guest_hpa(lg, GPA(le32_get(dma->addr[i]) + off));
}

/* One list into the other, until either ends; returns how many bytes that were. */
static uint32_t copy_lists(struct lguest *to, const struct lguest_dma *dst, struct lguest *from,
			   const struct lguest_dma *src)
{
	const unsigned nr_dst = check_list(to, dst), nr_src = check_list(from, src);
	uint32_t d_off = 0, s_off = 0, total = 0, n;
	unsigned d = 0, s = 0;

	if (to->dead || from->dead)
		return 0;
	while (d < nr_dst && s < nr_src) {
		const uint32_t d_left = le16_get(dst->len[d]) - d_off;
		const uint32_t s_left = le16_get(src->len[s]) - s_off;

		n = d_left < s_left ? d_left : s_left;
		/* They may be one and the same page. */
		memmove(port_change(to->host, section(to, dst, d, d_off)),
			port_look(from->host, section(from, src, s, s_off)), n);
		total += n;
		d_off += n, s_off += n;
		if (n == d_left)
			d++, d_off = 0;
		if (n == s_left)
			s++, s_off = 0;
	}
	return total;
}
/*:*/

/* An interrupt from one Guest to another; or its death, which it must learn of, too. */
static void wake(struct lguest *lg)
{
	lg->host->woken |= 1u << lg->id;
}

/*H:216
 * From Guest to Guest.  True if there was room; then the receiver's used_len is the last thing to be
 * written, because with that the buffer is no longer ours.
 */
static bool fill_buffer(struct lguest *from, gpa_t dma, struct lguest *to, struct dma_binding *b)
{
	struct lguest_dma src, dst;
	uint32_t n = 0, total;

	if (!try_lgread(from, &src, dma, sizeof(src))) {
		kill_guest(from, "bad address in sending DMA");
		return true;
	}
	if (!find_free(to, b, b->next, &n) ||
	    (n < b->count && !try_lgread(to, &dst, nth_dma(b, n), sizeof(dst)))) {
		kill_guest(to, "bad address in registered DMA struct");
		return true;
	}
	if (n == b->count)
		return false;
	total = copy_lists(to, &dst, from, &src);
	if (to->dead || from->dead)
		return true;
	lgwrite_u32(from, dma, total);
	if (!total && le16_get(src.len[0]))
		return true;
	lgwrite_u32(to, nth_dma(b, n), total);
	b->next = (n + 1) % b->count;
	set_interrupt(to, b->irq);
	return true;
}

/* Of all other Guests that have bound this key, the one that did so last. */
static struct lguest *find_receiver(struct lguest *from, hpa_t identity,
				    struct dma_binding **binding)
{
	struct lguest *lg, *found = NULL;
	struct dma_binding *b;

	*binding = NULL;
	for (lg = from->host->guests; lg < from->host->guests + DOOR_GUESTS; lg++) {
		if (lg == from || !lg->exists || lg->dead)
			continue;
		b = find_binding(lg, identity);
		if (b && (!*binding || b->age > (*binding)->age)) {
			*binding = b;
			found = lg;
		}
	}
	return found;
}
/*:*/

/*H:217
 * SEND_DMA.  If no other Guest wants it, it is for the Launcher, and the Guest waits until that has
 * taken it.  A receiver without room gets its interrupt all the same, so that it makes some; the
 * caller sees to it that we try again when it has had the time.
 */
void guest_send_dma(struct lguest *lg, gpa_t key, gpa_t dma)
{
	struct dma_binding *b = NULL;
	struct lguest *to = NULL;
	hpa_t identity;

	if (!key_identity(lg, key, &identity)) {
		kill_guest(lg, "bad sending DMA key");
		return;
	}
	if (guest_page_shared(lg, key.v >> PAGE_SHIFT))
		to = find_receiver(lg, identity, &b);
	if (!to) {
		lg->dma_pending = true;
		lg->dma[0] = dma.v;
		lg->dma[1] = key.v;
		return;
	}
	if (!fill_buffer(lg, dma, to, b)) {
		lg->dma_full = true;
		set_interrupt(to, b->irq);
	}
	wake(to);
}
/*:*/
