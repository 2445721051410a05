// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GuestAddressSpaceTest {
    private static final int PAGE = GuestAddressSpace.PAGE_SIZE;
    private static final long TOP_PAGE = -PAGE;

    private final GuestAddressSpace space = new GuestAddressSpace();

    private static void refusedWith(int error, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        GunyahException.class, e -> assertThat(e.gunyahError()).isEqualTo(error));
    }

    private static byte[] pattern(int size) {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) (i * 7 + 1);
        }
        return bytes;
    }

    @ParameterizedTest
    @ValueSource(longs = {0, PAGE, 0x7fff_ffff_ffff_f000L, Long.MIN_VALUE, TOP_PAGE - PAGE})
    void writesAndReadsAcrossAdjacentMappingsInAnyOrderOfMapping(long address) {
        space.map(address + PAGE, MemoryExtent.allocate(PAGE));
        space.map(address, MemoryExtent.allocate(PAGE));
        byte[] written = pattern(100);
        byte[] read = new byte[104];

        assertThat(space.write(address + PAGE - 50, written, 0, 100)).isEqualTo(GunyahError.OK);
        assertThat(space.read(address + PAGE - 50, read, 2, 100)).isEqualTo(GunyahError.OK);

        assertThat(read).startsWith(0, 0).endsWith(0, 0).containsSequence(written);
    }

    @Test
    void memoryThatComesBackInPiecesIsOneMappingAgain() {
        MemoryExtent memory = MemoryExtent.allocate(4 * PAGE);
        for (int page : new int[] {2, 0, 3, 1}) {
            space.map((long) page * PAGE, memory.slice(page * PAGE, PAGE));
        }
        assertThat(space.extent(0, 4 * PAGE).size()).isEqualTo(4 * PAGE);
    }

    @Test
    void neighboursOfDifferentMemoryOrInAnotherOrderStayTwoMappings() {
        MemoryExtent memory = MemoryExtent.allocate(2 * PAGE);
        space.map(0, memory.slice(PAGE, PAGE));
        space.map(PAGE, memory.slice(0, PAGE));
        space.map(2 * PAGE, MemoryExtent.allocate(PAGE));
        refusedWith(GunyahError.ADDR_INVALID, () -> space.extent(0, 2 * PAGE));
        refusedWith(GunyahError.ADDR_INVALID, () -> space.extent(PAGE, 2 * PAGE));
    }

    @Test
    void firstFreePlaceIsTheLowestThatIsLargeEnough() {
        assertThat(space.firstFree(PAGE, PAGE)).isEqualTo(PAGE);
        space.map(0, MemoryExtent.allocate(2 * PAGE));
        space.map(3 * PAGE, MemoryExtent.allocate(PAGE));
        assertThat(space.firstFree(PAGE, PAGE)).isEqualTo(2 * PAGE);
        assertThat(space.firstFree(PAGE, 2 * PAGE)).isEqualTo(4 * PAGE);
        assertThat(space.firstFree(5 * PAGE, PAGE)).isEqualTo(5 * PAGE);
        space.map(Long.MIN_VALUE, MemoryExtent.allocate(PAGE));
        assertThat(space.firstFree(3 * PAGE, Long.MAX_VALUE)).isEqualTo(Long.MIN_VALUE + PAGE);
    }

    @Test
    void whereThereIsNoPlaceNothingCanBeMapped() {
        space.map(TOP_PAGE, MemoryExtent.allocate(PAGE));
        long address = space.firstFree(TOP_PAGE, PAGE);
        refusedWith(GunyahError.BUSY, () -> space.map(address, MemoryExtent.allocate(PAGE)));
    }

    @Test
    void faultsWhereNothingIsMapped() {
        space.map(PAGE, MemoryExtent.allocate(PAGE));
        space.map(3 * PAGE, MemoryExtent.allocate(PAGE));
        byte[] buffer = new byte[2 * PAGE];

        assertThat(space.read(0, buffer, 0, 1)).isEqualTo(GunyahError.ADDR_INVALID);
        assertThat(space.read(PAGE - 1, buffer, 0, 2)).isEqualTo(GunyahError.ADDR_INVALID);
        assertThat(space.read(PAGE, buffer, 0, PAGE + 1)).isEqualTo(GunyahError.ADDR_INVALID);
        assertThat(space.write(2 * PAGE, buffer, 0, 1)).isEqualTo(GunyahError.ADDR_INVALID);
        assertThat(space.write(4 * PAGE, buffer, 0, 1)).isEqualTo(GunyahError.ADDR_INVALID);
        assertThat(space.read(PAGE, buffer, 0, PAGE)).isEqualTo(GunyahError.OK);
        assertThat(space.read(0, buffer, 0, 0)).isEqualTo(GunyahError.OK);
    }

    @Test
    void theLastByteOfTheAddressSpaceIsReachableAndTheNextIsAnOverflow() {
        space.map(TOP_PAGE, MemoryExtent.allocate(PAGE));
        space.map(0, MemoryExtent.allocate(PAGE));
        byte[] buffer = new byte[2];

        assertThat(space.write(-1, buffer, 0, 1)).isEqualTo(GunyahError.OK);
        assertThat(space.write(-1, buffer, 0, 2)).isEqualTo(GunyahError.ADDR_OVERFLOW);
        assertThat(space.read(-2, buffer, 0, 2)).isEqualTo(GunyahError.OK);
    }

    @Test
    void answersWithAFaultForARangeOutsideTheArray() {
        space.map(0, MemoryExtent.allocate(PAGE));
        byte[] buffer = new byte[4];

        assertThat(space.read(0, buffer, -1, 1)).isEqualTo(GunyahError.ADDR_INVALID);
        assertThat(space.read(0, buffer, 0, -1)).isEqualTo(GunyahError.ADDR_INVALID);
        assertThat(space.read(0, buffer, 2, 3)).isEqualTo(GunyahError.ADDR_INVALID);
        assertThat(space.write(0, buffer, Integer.MAX_VALUE, Integer.MAX_VALUE)).isEqualTo(GunyahError.ADDR_INVALID);
    }

    @Test
    void refusesToMapOverAMapping() {
        space.map(4 * PAGE, MemoryExtent.allocate(2 * PAGE));

        for (long address : new long[] {3 * PAGE, 4 * PAGE, 5 * PAGE}) {
            refusedWith(GunyahError.BUSY, () -> space.map(address, MemoryExtent.allocate(2 * PAGE)));
        }
        refusedWith(GunyahError.BUSY, () -> space.map(0, MemoryExtent.allocate(16 * PAGE)));
        space.map(2 * PAGE, MemoryExtent.allocate(2 * PAGE));
        space.map(6 * PAGE, MemoryExtent.allocate(PAGE));
    }

    @Test
    void refusesWhatIsNotWholePagesOrWraps() {
        refusedWith(GunyahError.ARGUMENT_ALIGNMENT, () -> space.map(1, MemoryExtent.allocate(PAGE)));
        refusedWith(GunyahError.ARGUMENT_SIZE, () -> space.map(0, MemoryExtent.allocate(PAGE - 1)));
        refusedWith(GunyahError.ARGUMENT_SIZE, () -> space.map(0, MemoryExtent.allocate(0)));
        refusedWith(GunyahError.ADDR_OVERFLOW, () -> space.map(TOP_PAGE, MemoryExtent.allocate(2 * PAGE)));
        refusedWith(GunyahError.ARGUMENT_ALIGNMENT, () -> space.unmap(1, PAGE));
        refusedWith(GunyahError.ARGUMENT_SIZE, () -> space.unmap(0, 0));
        refusedWith(GunyahError.ARGUMENT_SIZE, () -> space.unmap(0, Long.MIN_VALUE));
        refusedWith(GunyahError.ADDR_OVERFLOW, () -> space.unmap(TOP_PAGE, 2 * PAGE));
        refusedWith(GunyahError.ADDR_OVERFLOW, () -> space.extent(-1, 2));
        refusedWith(GunyahError.ARGUMENT_SIZE, () -> space.extent(0, 0));
        assertThatThrownBy(() -> MemoryExtent.allocate(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void unmappingTheMiddleKeepsBothSides() {
        space.map(0, MemoryExtent.allocate(4 * PAGE));
        byte[] written = pattern(4 * PAGE);
        space.write(0, written, 0, written.length);

        space.unmap(PAGE, 2 * PAGE);

        byte[] read = new byte[1];
        assertThat(space.read(PAGE, read, 0, 1)).isEqualTo(GunyahError.ADDR_INVALID);
        assertThat(space.read(3 * PAGE - 1, read, 0, 1)).isEqualTo(GunyahError.ADDR_INVALID);
        assertThat(space.read(PAGE - 1, read, 0, 1)).isEqualTo(GunyahError.OK);
        assertThat(read[0]).isEqualTo(written[PAGE - 1]);
        assertThat(space.read(3 * PAGE, read, 0, 1)).isEqualTo(GunyahError.OK);
        assertThat(read[0]).isEqualTo(written[3 * PAGE]);
    }

    @Test
    void unmapsAcrossMappingsOrNothingAtAll() {
        space.map(0, MemoryExtent.allocate(2 * PAGE));
        space.map(2 * PAGE, MemoryExtent.allocate(2 * PAGE));

        refusedWith(GunyahError.ADDR_INVALID, () -> space.unmap(3 * PAGE, 2 * PAGE));
        assertThat(space.read(3 * PAGE, new byte[1], 0, 1)).isEqualTo(GunyahError.OK);
        space.unmap(PAGE, 2 * PAGE);

        assertThat(space.read(PAGE, new byte[1], 0, 1)).isEqualTo(GunyahError.ADDR_INVALID);
        assertThat(space.read(0, new byte[1], 0, 1)).isEqualTo(GunyahError.OK);
        assertThat(space.read(3 * PAGE, new byte[1], 0, 1)).isEqualTo(GunyahError.OK);
        space.map(PAGE, MemoryExtent.allocate(2 * PAGE));
    }

    @Test
    void memoryLentToAnotherSpaceIsTheSameBytes() {
        space.map(8 * PAGE, MemoryExtent.allocate(4 * PAGE));
        space.write(9 * PAGE, pattern(16), 0, 16);

        MemoryExtent lent = space.extent(9 * PAGE, PAGE);
        space.unmap(9 * PAGE, PAGE);
        var borrower = new GuestAddressSpace();
        borrower.map(0, lent);

        byte[] read = new byte[16];
        assertThat(borrower.read(0, read, 0, 16)).isEqualTo(GunyahError.OK);
        assertThat(read).isEqualTo(pattern(16));
        borrower.write(0, new byte[] {99}, 0, 1);
        borrower.unmap(0, PAGE);
        space.map(9 * PAGE, lent);
        space.read(9 * PAGE, read, 0, 1);
        assertThat(read[0]).isEqualTo((byte) 99);
    }

    @Test
    void anExtentMustLieInOneMapping() {
        space.map(PAGE, MemoryExtent.allocate(PAGE));
        space.map(2 * PAGE, MemoryExtent.allocate(PAGE));

        refusedWith(GunyahError.ADDR_INVALID, () -> space.extent(0, 1));
        refusedWith(GunyahError.ADDR_INVALID, () -> space.extent(PAGE, PAGE + 1));
        refusedWith(GunyahError.ADDR_INVALID, () -> space.extent(3 * PAGE, 1));
        refusedWith(GunyahError.ADDR_INVALID, () -> space.extent(PAGE, 1L << 40));
        assertThat(space.extent(PAGE + 3, PAGE - 3).size()).isEqualTo(PAGE - 3);
    }

    @Test
    void aSliceStaysInside() {
        MemoryExtent extent = MemoryExtent.allocate(PAGE);

        assertThat(extent.slice(PAGE, 0).size()).isZero();
        assertThatThrownBy(() -> extent.slice(1, PAGE)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> extent.slice(-1, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
