/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:923 guests/shared/puppy/ext2.c: A small ext2: it reads any file up to the double-indirect blocks
 * and rewrites files that fit into the one block they already have. It allocates nothing, so it
 * cannot break the disk's book-keeping, and e2fsck finds nothing to say about its writes. :*/
#include "puppy.h"
#include "../../lib/block.h"

/*M:910 Puppy's ext2 creates no files and enlarges none beyond their first block. An allocator (one
 * bitmap, two counters, a directory entry) would be a good afternoon's exercise. :*/

#define EXT2_MAGIC	       0xef53
#define EXT2_ROOT_INODE	       2
#define EXT2_INCOMPAT_FILETYPE 0x0002 /* the only one we know */
#define EXT2_RO_COMPAT_KNOWN   0x0003 /* sparse superblocks, large files */
#define EXT2_MODE_TYPE	       0xf000
#define EXT2_MODE_DIR	       0x4000
#define EXT2_MODE_FILE	       0x8000
#define BLOCK_MAX	       4096

/* On the disk, cut after the last field we need. */
struct ext2_super {
	u32 inodes_count, blocks_count, reserved_blocks, free_blocks, free_inodes;
	u32 first_data_block, log_block_size, log_frag_size;
	u32 blocks_per_group, frags_per_group, inodes_per_group;
	u32 mtime, wtime;
	u16 mount_count, max_mount_count, magic, state, errors, minor_rev;
	u32 last_check, check_interval, creator_os, rev_level;
	u16 def_resuid, def_resgid;
	u32 first_inode;
	u16 inode_size, group_number;
	u32 compat, incompat, ro_compat;
};

struct ext2_inode {
	u16 mode, uid;
	u32 size, atime, ctime, mtime, dtime;
	u16 gid, links;
	u32 sectors, flags, osd1;
	u32 block[15];
};

struct ext2_dir {
	u32 inode;
	u16 rec_len;
	u8 name_len, type;
	char name[];
};

/* A write-back cache: sync, or the need for a buffer, brings changes to the disk. */
struct buffer {
	u32 block;
	int valid, dirty;
	u32 last_use;
	u8 data[BLOCK_MAX];
};

static struct buffer buffers[16];
static struct ext2_super super;
static u32 block_bytes, use_clock;
static int read_only;

static int write_back(struct buffer *b)
{
	u64 sector = (u64)b->block * (block_bytes / SECTOR_BYTES);

	if (!b->valid || !b->dirty)
		return 0;
	if (block_write(sector, b->data, block_bytes) < 0)
		return -1;
	b->dirty = 0;
	return 0;
}

/* The buffer that holds this block, or NULL if the disk failed. Valid until the next call but a
 * few. */
static struct buffer *get_block(u32 block)
{
	struct buffer *b, *oldest = buffers;

	for (b = buffers; b < buffers + ARRAY_SIZE(buffers); b++) {
		if (b->valid && b->block == block) {
			b->last_use = ++use_clock;
			return b;
		}
		if (b->last_use < oldest->last_use)
			oldest = b;
	}
	if (block >= super.blocks_count || write_back(oldest) < 0)
		return NULL;
	oldest->valid = 0;
	if (block_read((u64)block * (block_bytes / SECTOR_BYTES), oldest->data, block_bytes) < 0)
		return NULL;
	oldest->valid = 1;
	oldest->block = block;
	oldest->last_use = ++use_clock;
	return oldest;
}

int ext2_mount(void)
{
	static u8 sectors[2 * SECTOR_BYTES];

	if (block_sectors < 8 || block_read(2, sectors, sizeof(sectors)) < 0)
		return -1;
	memcpy(&super, sectors, sizeof(super));
	if (super.magic != EXT2_MAGIC || super.log_block_size > 2)
		return -1;
	if (super.rev_level == 0)
		super.inode_size = 128;
	else if (super.incompat & ~(u32)EXT2_INCOMPAT_FILETYPE)
		return -1;
	read_only = super.rev_level && (super.ro_compat & ~(u32)EXT2_RO_COMPAT_KNOWN);
	if (super.inode_size < 128 || !super.inodes_per_group || !super.blocks_per_group)
		return -1;
	block_bytes = 1024u << super.log_block_size;
	return 0;
}

/* Finds the buffer and the place in it of an inode. */
static struct ext2_inode *get_inode(u32 number, struct buffer **holder)
{
	u32 group = (number - 1) / super.inodes_per_group;
	u32 index = (number - 1) % super.inodes_per_group;
	u32 per_block = block_bytes / 32, at;
	struct buffer *b;
	u32 table;

	if (!number || number > super.inodes_count)
		return NULL;
	b = get_block(super.first_data_block + 1 + group / per_block);
	if (!b)
		return NULL;
	table = *(u32 *)(b->data + 32 * (group % per_block) + 8);
	at = index * super.inode_size;
	b = get_block(table + at / block_bytes);
	if (!b)
		return NULL;
	if (holder)
		*holder = b;
	return (struct ext2_inode *)(b->data + at % block_bytes);
}

static u32 entry_of(u32 table_block, u32 index)
{
	struct buffer *b = table_block ? get_block(table_block) : NULL;

	return b ? ((u32 *)b->data)[index] : 0;
}

/* Which block of the disk holds block n of the file; 0 is a hole. */
static u32 block_of_file(const struct ext2_inode *inode, u32 n)
{
	u32 per_block = block_bytes / 4;

	if (n < 12)
		return inode->block[n];
	n -= 12;
	if (n < per_block)
		return entry_of(inode->block[12], n);
	n -= per_block;
	if (n < per_block * per_block)
		return entry_of(entry_of(inode->block[13], n / per_block), n % per_block);
	return 0;
}

static int read_inode(const struct ext2_inode *inode, u32 at, void *to, u32 bytes)
{
	u32 done, piece;

	if (at >= inode->size)
		return 0;
	bytes = min(bytes, inode->size - at);
	for (done = 0; done < bytes; done += piece) {
		u32 offset = (at + done) % block_bytes;
		u32 block = block_of_file(inode, (at + done) / block_bytes);
		struct buffer *b = block ? get_block(block) : NULL;

		piece = min(block_bytes - offset, bytes - done);
		if (block && !b)
			return FS_IO;
		if (b)
			memcpy((u8 *)to + done, b->data + offset, piece);
		else
			memset((u8 *)to + done, 0, piece);
	}
	return (int)bytes;
}

/* Reads the entry at *at into *d and the name, and moves *at on. 1 = got one, 0 = end. */
static int next_entry(const struct ext2_inode *dir, u32 *at, struct ext2_dir *d, char *name)
{
	int n = read_inode(dir, *at, d, sizeof(*d));

	if (n < 0)
		return n;
	if (n < (int)sizeof(*d) || d->rec_len < sizeof(*d))
		return 0;
	n = read_inode(dir, *at + sizeof(*d), name, min((u32)d->name_len, FS_NAME_MAX - 1u));
	if (n < 0)
		return n;
	name[n] = '\0';
	*at += d->rec_len;
	return 1;
}

/*G:470 A path is walked from the root, one name at a time. The inode is copied: the buffer it came
 * from may be needed for something else before we are done. Returns its number or an error. */
static int walk(const char *path, struct ext2_inode *inode)
{
	char name[FS_NAME_MAX], wanted[FS_NAME_MAX];
	u32 number = EXT2_ROOT_INODE, n, at;
	struct ext2_inode *found;
	struct ext2_dir d;
	int more;

	for (;;) {
		found = get_inode(number, NULL);
		if (!found)
			return FS_IO;
		*inode = *found;
		while (*path == '/')
			path++;
		if (!*path)
			return (int)number;
		if ((inode->mode & EXT2_MODE_TYPE) != EXT2_MODE_DIR)
			return FS_NOT_DIR;
		for (n = 0; *path && *path != '/'; path++)
			if (n < FS_NAME_MAX - 1)
				wanted[n++] = *path;
		wanted[n] = '\0';
		for (at = 0; (more = next_entry(inode, &at, &d, name)) > 0;)
			if (d.inode && !strcmp(name, wanted))
				break;
		if (more <= 0)
			return more ? more : FS_NOT_FOUND;
		number = d.inode;
	}
}
/*:*/

static int ext2_list(const char *path, int index, struct fs_entry *entry)
{
	struct ext2_inode dir, *inode;
	struct ext2_dir d;
	u32 at = 0;
	int n = walk(path, &dir);

	if (n < 0)
		return n;
	if ((dir.mode & EXT2_MODE_TYPE) != EXT2_MODE_DIR)
		return FS_NOT_DIR;
	while ((n = next_entry(&dir, &at, &d, entry->name)) > 0) {
		/* "." and ".." tell nobody anything. */
		if (!d.inode || !strcmp(entry->name, ".") || !strcmp(entry->name, "..") || index--)
			continue;
		inode = get_inode(d.inode, NULL);
		if (!inode)
			return FS_IO;
		entry->bytes = inode->size;
		entry->is_dir = (inode->mode & EXT2_MODE_TYPE) == EXT2_MODE_DIR;
		return 1;
	}
	return n;
}

static int walk_to_file(const char *path, struct ext2_inode *inode)
{
	int number = walk(path, inode);

	if (number > 0 && (inode->mode & EXT2_MODE_TYPE) != EXT2_MODE_FILE)
		return FS_IS_DIR;
	return number;
}

static int ext2_read(const char *path, u32 at, char *to, u32 bytes)
{
	struct ext2_inode inode;
	int number = walk_to_file(path, &inode);

	return number < 0 ? number : read_inode(&inode, at, to, bytes);
}

/* Only within the block the file has: no allocation, no truncation of blocks. */
static int ext2_write(const char *path, const char *from, u32 bytes)
{
	struct ext2_inode copy, *inode;
	struct buffer *data, *holder;
	int number = walk_to_file(path, &copy);

	if (number < 0)
		return number;
	if (read_only)
		return FS_IO;
	if (!copy.block[0] || copy.size > block_bytes || bytes > block_bytes || !bytes)
		return FS_TOO_BIG;
	data = get_block(copy.block[0]);
	if (!data)
		return FS_IO;
	memset(data->data, 0, block_bytes);
	memcpy(data->data, from, bytes);
	data->dirty = 1;
	inode = get_inode((u32)number, &holder);
	if (!inode)
		return FS_IO;
	inode->size = bytes;
	inode->mtime = inode->ctime = (u32)wall_seconds();
	holder->dirty = 1;
	return (int)bytes;
}

static int ext2_sync(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(buffers); i++)
		if (write_back(&buffers[i]) < 0)
			return FS_IO;
	return block_flush() < 0 ? FS_IO : 0;
}

const struct fs ext2fs = {"ext2", ext2_list, ext2_read, ext2_write, ext2_sync};
