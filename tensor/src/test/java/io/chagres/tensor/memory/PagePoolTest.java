package io.chagres.tensor.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PagePoolTest {
    private final TensorArena arena = Arenas.host("cache", ArenaOptions.of(1 << 12));

    @AfterEach
    void close() {
        arena.close();
    }

    @Test
    void pagesAreTakenInOrderAndComeBack() {
        PagePool pool = new PagePool(arena, 3, 100);
        assertThat(pool.take()).isZero();
        assertThat(pool.take()).isEqualTo(1);
        pool.give(0);
        assertThat(pool.available()).isEqualTo(2);
        assertThat(pool.take()).isZero();
        assertThat(pool.take()).isEqualTo(2);
        assertThat(pool.available()).isZero();
        assertThat(pool.pages()).isEqualTo(3);
        assertThat(pool.pageBytes()).isEqualTo(100);
        assertThat(pool.storage().bytes()).isGreaterThanOrEqualTo(300);
        assertThat(arena.used()).isEqualTo(320);
    }

    @Test
    void anEmptyPoolSaysHowLargeItWas() {
        PagePool pool = new PagePool(arena, 1, 64);
        pool.take();
        assertThatThrownBy(pool::take)
                .isInstanceOf(BudgetExceeded.class)
                .hasMessageContaining("'cache'")
                .hasMessageContaining("1")
                .hasMessageContaining("64");
    }

    @Test
    void aPageIsGivenBackOnce() {
        PagePool pool = new PagePool(arena, 2, 64);
        int page = pool.take();
        pool.give(page);
        assertThatThrownBy(() -> pool.give(page))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("page 0");
        assertThat(pool.available()).isEqualTo(2);
    }

    @Test
    void aPoolHasPages() {
        assertThatThrownBy(() -> new PagePool(arena, 0, 64))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new PagePool(arena, 4, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
