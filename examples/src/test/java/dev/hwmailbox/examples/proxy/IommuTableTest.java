// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.Errno;
import org.junit.jupiter.api.Test;

class IommuTableTest {
    private static final int PAGE = Mapping.PAGE;
    private static final int BOTH = Mapping.READ | Mapping.WRITE;

    private final IommuTable table = new IommuTable();

    private int map(long address, long physical, int size, int rights) {
        return table.map(new Mapping(address, physical, size, rights));
    }

    @Test
    void whatIsMappedCanBeUnmappedOnce() {
        assertThat(map(0x1000, 0x8000, 2 * PAGE, Mapping.READ)).isZero();
        assertThat(table.mappings()).hasToString("[0x1000+0x2000 -> 0x8000 read]");

        assertThat(table.unmap(0x1000, PAGE)).as("not in parts").isEqualTo(Errno.ENOENT);
        assertThat(table.unmap(0x2000, PAGE)).isEqualTo(Errno.ENOENT);
        assertThat(table.unmap(0x1000, 2 * PAGE)).isZero();
        assertThat(table.unmap(0x1000, 2 * PAGE)).isEqualTo(Errno.ENOENT);
    }

    @Test
    void mappingsMayTouchButNotOverlap() {
        map(0x10000, 0, 2 * PAGE, BOTH);

        assertThat(map(0x10000, 0x8000, PAGE, BOTH)).isEqualTo(Errno.EBUSY);
        assertThat(map(0x11000, 0x8000, 2 * PAGE, BOTH)).isEqualTo(Errno.EBUSY);
        assertThat(map(0xf000, 0x8000, 4 * PAGE, BOTH)).isEqualTo(Errno.EBUSY);
        assertThat(map(0xf000, 0x8000, PAGE, BOTH)).isZero();
        assertThat(map(0x12000, 0x8000, PAGE, BOTH)).isZero();
    }

    @Test
    void everyFieldOfAMappingIsChecked() {
        assertThat(map(1, 0, PAGE, BOTH)).isEqualTo(Errno.EINVAL);
        assertThat(map(0, 1, PAGE, BOTH)).isEqualTo(Errno.EINVAL);
        assertThat(map(0, 0, 0, BOTH)).isEqualTo(Errno.EINVAL);
        assertThat(map(0, 0, PAGE + 1, BOTH)).isEqualTo(Errno.EINVAL);
        assertThat(map(-PAGE, 0, 2 * PAGE, BOTH)).isEqualTo(Errno.EINVAL);
        assertThat(map(0, -PAGE, 2 * PAGE, BOTH)).isEqualTo(Errno.EINVAL);
        assertThat(map(0, 0, PAGE, 0)).isEqualTo(Errno.EINVAL);
        assertThat(map(0, 0, PAGE, 4 | BOTH)).isEqualTo(Errno.EINVAL);
        assertThat(table.unmap(1, PAGE)).isEqualTo(Errno.EINVAL);
        assertThat(table.unmap(0, 1)).isEqualTo(Errno.EINVAL);

        assertThat(table.mappings()).isEmpty();
        assertThat(table.refused()).hasToString("{ADDRESS=2, PHYSICAL=1, SIZE=5, RIGHTS=2}");
    }

    @Test
    void theLastPageAndTheLargestSizeAreLegal() {
        assertThat(map(-PAGE, -PAGE, PAGE, BOTH)).isZero();
        assertThat(map(0, 0, -PAGE, BOTH)).as("4 GiB less a page").isZero();
        assertThat(map(0xffff_e000L, 0, PAGE, BOTH)).isEqualTo(Errno.EBUSY);
    }

    @Test
    void aFullTableTakesNoMore() {
        for (int i = 0; i < IommuTable.CAPACITY; i++) {
            assertThat(map((long) i * PAGE, 0, PAGE, BOTH)).isZero();
        }

        assertThat(map(-PAGE, 0, PAGE, BOTH)).isEqualTo(Errno.ENOSPC);

        table.unmap(0, PAGE);
        assertThat(map(-PAGE, 0, PAGE, BOTH)).isZero();
    }
}
