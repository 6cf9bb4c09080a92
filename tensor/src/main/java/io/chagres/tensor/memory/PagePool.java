package io.chagres.tensor.memory;

/// Fixed-size pages of one storage with a free list, for KV caches. Page numbers, not addresses, go
/// into block tables; how the bytes of a page lie in the storage is its user's choice.
///
/// Used by one thread at a time, like the arena it lives in.
public final class PagePool {
    private final Storage storage;
    private final long pageBytes;
    private final int[] free;
    private final boolean[] taken;
    private int available;

    /// Takes `pages` pages of `pageBytes` bytes from the arena at once.
    public PagePool(TensorArena arena, int pages, long pageBytes) {
        if (pages < 1 || pageBytes < 1) {
            throw new IllegalArgumentException(
                    "page pool needs pages and bytes, got " + pages + " × " + pageBytes);
        }
        this.storage = arena.allocate(Math.multiplyExact(pages, pageBytes), "page pool");
        this.pageBytes = pageBytes;
        this.free = new int[pages];
        this.taken = new boolean[pages];
        for (int i = 0; i < pages; i++) {
            free[i] = pages - 1 - i;
        }
        available = pages;
    }

    /// The storage that holds all pages.
    public Storage storage() {
        return storage;
    }

    /// Bytes of one page.
    public long pageBytes() {
        return pageBytes;
    }

    /// Number of pages in all.
    public int pages() {
        return free.length;
    }

    /// Number of pages not taken.
    public int available() {
        return available;
    }

    /// Takes a page.
    ///
    /// @throws BudgetExceeded when none is left
    public int take() {
        if (available == 0) {
            throw new BudgetExceeded(
                    "page pool of arena '"
                            + storage.arena().name()
                            + "' has no page left (all "
                            + free.length
                            + " of "
                            + pageBytes
                            + " bytes are taken)");
        }
        int page = free[--available];
        taken[page] = true;
        return page;
    }

    /// Gives a page back.
    public void give(int page) {
        if (!taken[page]) {
            throw new IllegalStateException("page " + page + " is not taken");
        }
        taken[page] = false;
        free[available++] = page;
    }
}
