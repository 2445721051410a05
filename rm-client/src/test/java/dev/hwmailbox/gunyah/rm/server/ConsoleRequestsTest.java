// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static dev.hwmailbox.gunyah.rm.server.RmTestBed.HOST;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Consoles: what one side writes, the other is told, if both are there. */
final class ConsoleRequestsTest {
    private static final int OPEN = RmTestBed.VM_CONSOLE_OPEN;
    private static final int CLOSE = 0x56000082;
    private static final int WRITE = RmTestBed.VM_CONSOLE_WRITE;
    private static final int FLUSH = 0x56000084;
    private static final int CHARS = 0x56100080;

    private static final int DENIED = 3;
    private static final int MSG_INVALID = 4;
    private static final int ARGUMENT_INVALID = 6;
    private static final int OWN = 0;

    private final RmTestBed bed = new RmTestBed();
    private final byte[] tree = TestTree.minimal().console().blob();
    private final int guest = bed.boot(0, tree);

    @Test
    void whatAGuestWritesItsOwnerIsToldWithTheGuestsNumber() {
        openBoth();
        assertThat(write(bed.guest(guest), OWN, "login: ")).isZero();
        assertThat(texts(bed.notifications())).containsExactly(guest + " login: ");
    }

    @Test
    void whatAnOwnerWritesTheGuestIsToldWithoutANumber() {
        openBoth();
        assertThat(write(bed.hostEnd, guest, "root")).isZero();
        assertThat(texts(bed.told(guest))).containsExactly("0 root");
    }

    @Test
    void aGuestMayNameItselfByNumber() {
        bed.ok(OPEN, guest);
        bed.okAs(guest, OPEN, guest);
        bed.notifications();
        assertThat(write(bed.guest(guest), guest, "hello")).isZero();
        assertThat(texts(bed.notifications())).containsExactly(guest + " hello");
    }

    @Test
    void whatNobodyListensToIsLost() {
        bed.notifications();
        bed.okAs(guest, OPEN, OWN);
        assertThat(write(bed.guest(guest), OWN, "anybody?")).isZero();
        bed.ok(OPEN, guest);
        bed.okAs(guest, CLOSE, OWN);
        assertThat(write(bed.hostEnd, guest, "anybody?")).isZero();

        assertThat(bed.notifications()).isEmpty();
        assertThat(bed.told(guest)).isEmpty();
    }

    @Test
    void writingAndFlushingNeedTheOwnSideOpen() {
        bed.ok(OPEN, guest);
        assertThat(write(bed.guest(guest), OWN, "x")).isEqualTo(DENIED);
        assertThat(bed.callAs(guest, FLUSH, OWN).error()).isEqualTo(DENIED);
        bed.ok(FLUSH, guest);
        bed.ok(CLOSE, guest);
        assertThat(write(bed.hostEnd, guest, "x")).isEqualTo(DENIED);
        assertThat(bed.call(FLUSH, guest).error()).isEqualTo(DENIED);
    }

    @Test
    void openingAndClosingTwiceIsNoError() {
        for (int request : new int[] {OPEN, OPEN, CLOSE, CLOSE}) {
            bed.ok(request, guest);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {OPEN, CLOSE, FLUSH, WRITE})
    void aConsoleIsForItsVmAndItsOwner(int request) {
        int other = bed.boot(1, tree);
        int without = bed.boot(2, TestTree.minimal().blob());

        assertThat(bed.callAs(other, request, guest).error()).isEqualTo(DENIED);
        assertThat(bed.callAs(other, request, HOST).error()).isEqualTo(ARGUMENT_INVALID);
        assertThat(bed.callAs(without, request, OWN).error()).isEqualTo(ARGUMENT_INVALID);
        for (int unknown : new int[] {without, OWN, HOST, 255, 99}) {
            assertThat(bed.call(request, unknown).error()).as("VM %d", unknown).isEqualTo(ARGUMENT_INVALID);
        }
    }

    @Test
    void aConsoleEndsWithTheLifeOfItsVm() {
        openBoth();
        bed.reset(guest);
        assertThat(write(bed.hostEnd, guest, "x")).as("between two lives").isEqualTo(ARGUMENT_INVALID);

        bed.ok(RmTestBed.MEM_RECLAIM, 0, 0);
        bed.prepare(guest, 0, tree);
        bed.ok(RmTestBed.VM_INIT, guest);
        bed.ok(RmTestBed.VM_START, guest);
        assertThat(write(bed.hostEnd, guest, "x")).as("next life").isEqualTo(DENIED);
    }

    @Test
    void manyBytesTravelAsOne() {
        openBoth();
        String text = "0123456789".repeat(150);
        assertThat(write(bed.guest(guest), OWN, text)).isZero();
        assertThat(texts(bed.notifications())).containsExactly(guest + " " + text);
    }

    @Test
    void aLengthThatIsNotThatOfTheBytesIsRefused() {
        openBoth();
        for (byte[] payload :
                List.of(new byte[0], new byte[2], new byte[] {0, 0, 2, 0, 'x'}, new byte[] {0, 0, 0, 0, 'x'})) {
            assertThat(bed.call(bed.guest(guest), WRITE, payload).error()).isEqualTo(MSG_INVALID);
        }
        assertThat(bed.notifications()).isEmpty();
    }

    private void openBoth() {
        bed.ok(OPEN, guest);
        bed.okAs(guest, OPEN, OWN);
        bed.notifications();
    }

    private int write(RawGuest writer, int vmid, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        byte[] payload = ByteBuffer.allocate(4 + bytes.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort((short) vmid)
                .putShort((short) bytes.length)
                .put(bytes)
                .array();
        return bed.call(writer, WRITE, payload).error();
    }

    private static List<String> texts(List<RawGuest.Message> notifications) {
        return notifications.stream()
                .map(message -> {
                    assertThat(message.id()).isEqualTo(CHARS);
                    ByteBuffer content = ByteBuffer.wrap(message.content()).order(ByteOrder.LITTLE_ENDIAN);
                    int from = content.getShort();
                    assertThat(content.getShort()).isEqualTo((short) content.remaining());
                    return from
                            + " "
                            + StandardCharsets.US_ASCII.decode(content).toString();
                })
                .toList();
    }
}
