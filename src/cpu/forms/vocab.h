/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:313
 * The vocabulary: the words in which the forms are written, bound here to decoded operations.
 * Another engine would bind the same words to something else and include the same forms.
:*/
/*C:420
 * The contract of a form:
 *
 *	- it reads all sources before the first write;
 *	- every access that can fault comes before the first architectural write;
 *	- it uses the words below and the functions of sem/, and no state of its own.
 *
 * A handler leaves by NEXT (the instruction is done), by FAULT (nothing was changed, a trap is
 * noted or the instruction must run again alone), by LEAVE or one of the CHAINs (it was the last of
 * its block and EIP is set), by RESUME (likewise, but the world may have changed), or by STOP (likewise, and
 * the run loop must look at it).
 *
 * Words that touch memory come in three kinds.  Kind m knows that the segment is flat and takes what
 * the TLB has at hand; when the TLB has nothing it hands the whole instruction to its twin of kind
 * s, which checks segment and page with care and may call functions (after trying whether the TLB
 * can be told, and then the instruction begins anew).  So the quick handlers call
 * nothing, and the compiler keeps everything in registers.  Kind b is kind m for an address without
 * an index, as most are.
:*/
#define OP(name)                                                                                   \
	static const struct op *op_##name(struct cpu *cpu, const struct op *op,                    \
					  __attribute__((unused)) const struct tlb_half *tlb)
/* A tail call's target, so that the others call nothing. */
#define COLD_OP(name) __attribute__((noinline)) OP(name)
#define UNUSED_OP     (void)op

/* How one handler reaches the next: by tail call, or through the loop in run.c. */
#if LG_TAIL
#define GO(target) __attribute__((musttail)) return (target)
#define DISPATCH(o)                                                                                \
	do {                                                                                       \
		const struct op *o_ = (o);                                                         \
		GO(o_->fn(cpu, o_, tlb));                                                          \
	} while (0)
#else
#define GO(target)  return (target)
#define DISPATCH(o) return (o)
#endif

#define NEXT                                                                                       \
	do {                                                                                       \
		op++;                                                                              \
		GO_NEXT;                                                                           \
	} while (0)
#if LG_TAIL
#define GO_NEXT __attribute__((musttail)) return op->fn(cpu, op, tlb)
#else
#define GO_NEXT return op
#endif

#define FAULT GO(op_fault(cpu, op, tlb))
#define TRAP(x)                                                                                    \
	do {                                                                                       \
		(void)(x);                                                                         \
		FAULT;                                                                             \
	} while (0)
/* A function that may fault: 0, or 1 with the trap noted. */
#define TRY(x)                                                                                     \
	do {                                                                                       \
		if (UNLIKELY(x))                                                                   \
			FAULT;                                                                     \
	} while (0)
#define NEXT_EIP (cpu->s.eip + op->off + op->len)
#define LEAVE	 GO(op_leave(cpu, op, tlb))
#define RESUME	 GO(op_resume(cpu, op, tlb))
/* A system instruction is done: what it changed may concern the run loop. */
#define DONE                                                                                       \
	cpu->s.eip = NEXT_EIP;                                                                     \
	RESUME
#define STOP return NULL
/* Go into block b, if all of it fits into the budget; else fall through. */
#define ENTER(b)                                                                                   \
	do {                                                                                       \
		struct block *e_ = (b);                                                            \
		int64_t budget_ = cpu->budget - e_->n;                                             \
		if (LIKELY(budget_ >= 0)) {                                                        \
			cpu->budget = budget_;                                                     \
			DISPATCH(e_->op);                                                          \
		}                                                                                  \
	} while (0)
/* The same if there is one. */
#define ENTER_IF(b)                                                                                \
	do {                                                                                       \
		struct block *b_ = (b);                                                            \
		if (LIKELY(b_))                                                                    \
			ENTER(b_);                                                                 \
	} while (0)
/* EIP is set; follow the link number `slot` of the block's end, which is behind op. */
#define CHAIN(slot)                                                                                \
	do {                                                                                       \
		op++;                                                                              \
		ENTER(op->link[slot]);                                                             \
		GO(op_leave_##slot(cpu, op, tlb));                                                 \
	} while (0)
/* A jump must land within the CS limit. */
#define CHECK_TARGET(t)                                                                            \
	do {                                                                                       \
		if (UNLIKELY(!(cpu->mode & MODE_CODE_FLAT) && (t) > cpu->s.seg[CS].limit))         \
			TRAP(trap_gp(cpu, 0));                                                     \
	} while (0)

/* EIP is set, by a direct jump to another page. */
#define CHAIN_AWAY                                                                                 \
	do {                                                                                       \
		op++;                                                                              \
		struct block *to_ = op->link[1];                                                   \
		if (block_was_here(cpu, tlb, to_))                                                 \
			ENTER(to_);                                                                \
		GO(op_look_away(cpu, op, tlb));                                                    \
	} while (0)
/* EIP and the stack are set by a call; and by a return. */
#define CALLED cpu->called[cpu->calls++] = op + 1
#define CHAIN_RETURN                                                                               \
	do {                                                                                       \
		struct block *to_ = cpu->called[--cpu->calls]->link[0];                            \
		if (block_was_here(cpu, tlb, to_))                                                 \
			ENTER(to_);                                                                \
		GO(op_look_return(cpu, op, tlb));                                                  \
	} while (0)

#define FLAGS cpu->s.fl

/* Registers, by byte offset into struct cpu. */
#define RD(bits, at)	rd##bits(cpu, at)
#define WR(bits, at, v) wr##bits(cpu, at, v)
#define DEF_REG(bits)                                                                              \
	static inline uint##bits##_t rd##bits(const struct cpu *cpu, unsigned at)                  \
	{                                                                                          \
		uint##bits##_t v;                                                                  \
		__builtin_memcpy(&v, (const char *)cpu + at, sizeof(v));                           \
		return v;                                                                          \
	}                                                                                          \
	static inline void wr##bits(struct cpu *cpu, unsigned at, uint##bits##_t v)                \
	{                                                                                          \
		__builtin_memcpy((char *)cpu + at, &v, sizeof(v));                                 \
	}
DEF_REG(8)
DEF_REG(16)
DEF_REG(32)

/* Emulated memory is little-endian. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define TO_LE8(v)  (v)
#define TO_LE16(v) __builtin_bswap16(v)
#define TO_LE32(v) __builtin_bswap32(v)
#define TO_LE64(v) __builtin_bswap64(v)
#else
#define TO_LE8(v)  (v)
#define TO_LE16(v) (v)
#define TO_LE32(v) (v)
#define TO_LE64(v) (v)
#endif
#define DEF_HOST(bits)                                                                             \
	static inline uint##bits##_t host_ld##bits(const uint8_t *p)                               \
	{                                                                                          \
		uint##bits##_t v;                                                                  \
		__builtin_memcpy(&v, p, sizeof(v));                                                \
		return TO_LE##bits(v);                                                             \
	}                                                                                          \
	static inline void host_st##bits(uint8_t *p, uint##bits##_t v)                             \
	{                                                                                          \
		v = TO_LE##bits(v);                                                                \
		__builtin_memcpy(p, &v, sizeof(v));                                                \
	}
DEF_HOST(8)
DEF_HOST(16)
DEF_HOST(32)
DEF_HOST(64)

/* The address, computed once: the compiler is not to find another sum for its last byte. */
static inline uint32_t opaque(uint32_t v)
{
	__asm__("" : "+r"(v));
	return v;
}
/* The same for an offset: it is not to be widened once more when it is used. */
static inline size_t opaque_size(size_t v)
{
	__asm__("" : "+r"(v));
	return v;
}
/* Where the operand of so many bytes at `lin` is in the host's memory, if the TLB allows the access there;
 * else `miss`, which does not come back. */
#define AT_HAND(at, lin, bytes, access, miss)                                                      \
	uint8_t *at;                                                                               \
	do {                                                                                       \
		const struct tlb_entry *entry_ = tlb_at(tlb, lin);                                 \
		size_t offset_ = opaque_size(tlb_offset(lin, entry_->access));                     \
		if (UNLIKELY(!tlb_hit(offset_, bytes))) {                                          \
			miss;                                                                      \
		}                                                                                  \
		at = entry_->page + offset_;                                                       \
	} while (0)

/* Effective address in 32-bit address size, and in any. */
#define EA32 (rd32(cpu, op->base) + (rd32(cpu, op->index) << op->scale) + op->disp)
static inline uint32_t ea_any(const struct cpu *cpu, const struct op *op)
{
	if (op->flags & OPF_AD16) {
		uint32_t b = op->base == REG_AT(REG_ZERO) ? 0 : rd16(cpu, op->base);
		uint32_t i = op->index == REG_AT(REG_ZERO) ? 0 : rd16(cpu, op->index);

		return (b + i + op->disp) & 0xffff;
	}
	return EA32;
}

/* How far a shift by an immediate goes, in handlers that are only for those that go anywhere. */
static inline unsigned shift_count(const struct op *op)
{
	if (!(op->imm & 31))
		__builtin_unreachable();
	return op->imm;
}

/* Hand the instruction to its careful twin. */
#define CAREFUL GO(interp_handler(op->row, !!(op->flags & OPF_32), KIND_ANY)(cpu, op, tlb))
/* The TLB does not know the operand's page: tell it and begin anew, or be careful.  A tail call, so that
 * handlers still call nothing, and one that takes nothing along, which keeps them short.  (Where `lin`
 * is not the operand's address but the stack's, say, another page is looked up in vain, and then the
 * instruction goes the careful way.) */
#define REFILL(what) GO(op_refill_##what(cpu, op, tlb))

/*
 * ADDR_k(bits, write): compute the operand's linear address into `lin`.
 * LOAD_k(bits, v): v = memory.  STORE_k(bits, v): memory = v.
 * LOADW_k(bits, v): v = memory that STORE_k will then write: a fault is a write fault.
 */
#define ADDR_m(bits, write) uint32_t lin = opaque(EA32)
#define ADDR_b(bits, write) uint32_t lin = opaque(rd32(cpu, op->base) + op->disp)
#define ADDR_s(bits, write)                                                                        \
	uint32_t lin;                                                                              \
	TRY(seg_check(cpu, op->seg, ea_any(cpu, op), (bits) / 8, write, &lin))
#define LOAD_m(bits, v)                                                                            \
	uint##bits##_t v;                                                                          \
	do {                                                                                       \
		AT_HAND(at_, lin, (bits) / 8, read, REFILL(read));                                 \
		v = host_ld##bits(at_);                                                            \
	} while (0)
#define LOAD_s(bits, v)                                                                            \
	uint##bits##_t v;                                                                          \
	TRY(acc_ld##bits(cpu, lin, &v))
#define LOADW_m(bits, v)                                                                           \
	AT_HAND(hp_, lin, (bits) / 8, write, REFILL(write));                                       \
	uint##bits##_t v = host_ld##bits(hp_)
#define LOADW_s(bits, v)                                                                           \
	uint##bits##_t v;                                                                          \
	TRY((bits) > 8 && acc_align(cpu, lin, (bits) / 8));                                        \
	TRY(acc_probe_write(cpu, lin, (bits) / 8));                                                \
	TRY(acc_ld##bits(cpu, lin, &v))
#define STOREW_m(bits, v) host_st##bits(hp_, v)
#define STOREW_s(bits, v) TRY(acc_st##bits(cpu, lin, v))
#define STORE_m(bits, v)                                                                           \
	do {                                                                                       \
		AT_HAND(at_, lin, (bits) / 8, write, REFILL(write));                               \
		host_st##bits(at_, v);                                                             \
	} while (0)
/* The second access of an instruction must not evict the first from the TLB and begin anew: the two
 * would do so for ever. */
#define STORE_second(bits, v)                                                                      \
	do {                                                                                       \
		AT_HAND(at_, lin, (bits) / 8, write, CAREFUL);                                     \
		host_st##bits(at_, v);                                                             \
	} while (0)
#define STORE_s(bits, v) TRY(acc_st##bits(cpu, lin, v))
#define LOAD_b		 LOAD_m
#define LOADW_b		 LOADW_m
#define STOREW_b	 STOREW_m
#define STORE_b		 STORE_m
